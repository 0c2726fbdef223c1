// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
)

// image is a disk in memory.
type image []byte

func (m image) ReadAt(p []byte, off int64) (int, error) { return bytes.NewReader(m).ReadAt(p, off) }

func (m image) WriteAt(p []byte, off int64) (int, error) { return copy(m[off:], p), nil }

// put writes entry i of the boot record at sector.
func (m image) put(sector int64, i int, typ byte, start, length uint32) {
	b := m[sector*SectorSize:]
	e := b[446+16*i:]
	e[4] = typ
	binary.LittleEndian.PutUint32(e[8:], start)
	binary.LittleEndian.PutUint32(e[12:], length)
	b[510], b[511] = 0x55, 0xaa
}

const sectors = 4096

func newImage() image { return make(image, sectors*SectorSize) }

func TestNoTable(t *testing.T) {
	_, err := Read(newImage(), sectors*SectorSize)
	var sig *SignatureError
	if !errors.As(err, &sig) || err.Error() != "Bad MBR signature 0 0" {
		t.Fatalf("got %v", err)
	}
}

func TestLogical(t *testing.T) {
	m := newImage()
	m.put(0, 0, 0x83, 8, 100)
	m.put(0, 1, 0x05, 1000, 3000)
	m.put(1000, 0, 0x83, 10, 50)
	m.put(1000, 1, 0x05, 500, 100)
	m.put(1500, 0, 0x82, 10, 90000) // cut at the end of the disk
	got, err := Read(m, int64(len(m)))
	if err != nil {
		t.Fatal(err)
	}
	want := []Partition{
		{Number: 1, Start: 8 * SectorSize, Length: 100 * SectorSize},
		{Number: 2, Start: 1000 * SectorSize, Length: 2 * SectorSize},
		{Number: 5, Start: 1010 * SectorSize, Length: 50 * SectorSize},
		{Number: 6, Start: 1510 * SectorSize, Length: (sectors - 1510) * SectorSize},
	}
	if !slices.Equal(got.Partitions, want) {
		t.Errorf("got %+v, want %+v", got.Partitions, want)
	}
	if !slices.Equal(got.Sectors, []int64{1000 * SectorSize, 1500 * SectorSize}) {
		t.Errorf("sectors %v", got.Sectors)
	}
}

func TestLoop(t *testing.T) {
	m := newImage()
	m.put(0, 0, 0x0f, 1000, 3000)
	m.put(1000, 1, 0x05, 500, 100)
	m.put(1500, 1, 0x05, 500, 100)
	if _, err := Read(m, int64(len(m))); !errors.Is(err, errLoop) {
		t.Fatalf("got %v", err)
	}
}

func TestGPTBackup(t *testing.T) {
	for _, damaged := range []int{-1, SectorSize + 60, 2 * SectorSize} {
		m := newImage()
		if err := WriteGPT(m, int64(len(m))); err != nil {
			t.Fatal(err)
		}
		if damaged >= 0 {
			m[damaged] ^= 1
		}
		if got, err := Read(m, int64(len(m))); err != nil || len(got.Partitions) != 0 {
			t.Errorf("damaged at %d: %+v, %v", damaged, got, err)
		}
		m[len(m)-SectorSize]++
		if _, err := Read(m, int64(len(m))); (err != nil) != (damaged >= 0) {
			t.Errorf("damaged at %d and in the backup: %v", damaged, err)
		}
	}
}

// FuzzRead checks that whatever is found lies within the disk and has a number of its own.
func FuzzRead(f *testing.F) {
	m := newImage()
	m.put(0, 1, 0x05, 3, 30)
	m.put(3, 0, 0x83, 1, 5)
	f.Add([]byte(m[:64*SectorSize]))
	g := make(image, 128*SectorSize)
	if err := WriteGPT(g, int64(len(g))); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(g))
	f.Fuzz(func(t *testing.T, b []byte) {
		size := int64(len(b)) / SectorSize * SectorSize
		got, _ := Read(image(b), size)
		seen := map[int]bool{}
		for _, p := range got.Partitions {
			if p.Number < 1 || p.Number > Max || seen[p.Number] || p.Start < 0 || p.Length <= 0 || p.Length > size-p.Start {
				t.Fatalf("%+v on a disk of %d bytes", p, size)
			}
			seen[p.Number] = true
		}
	})
}
