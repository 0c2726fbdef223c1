// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// mapPages maps pages of the test's own memory, of which the last one cannot be touched. The address is
// that of the first page.
func mapPages(t *testing.T, n int) (mem []byte, addr uint64) {
	t.Helper()
	mem, err := unix.Mmap(-1, 0, (n+1)*pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(mem) })
	if err := unix.Mprotect(mem[n*pageSize:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return mem[:n*pageSize], addressOf(mem)
}

var own = Memory(os.Getpid())

func TestReadWrite(t *testing.T) {
	mem, addr := mapPages(t, 3)
	for _, off := range []int{0, 1, pageSize - 1, pageSize, 2*pageSize - 3} {
		for _, n := range []int{0, 1, 4, pageSize, pageSize + 2} {
			text := bytes.Repeat([]byte{byte(off), byte(n), 7}, n)[:n]
			if k, err := own.WriteAt(text, addr+uint64(off)); k != n || err != nil {
				t.Fatalf("write %d at %d: %d, %v", n, off, k, err)
			}
			if !bytes.Equal(mem[off:off+n], text) {
				t.Fatalf("write %d at %d: other bytes", n, off)
			}
			got := make([]byte, n)
			if k, err := own.ReadAt(got, addr+uint64(off)); k != n || err != nil || !bytes.Equal(got, text) {
				t.Fatalf("read %d at %d: %d, %v", n, off, k, err)
			}
		}
	}
}

// What lies before a bad address is copied, as the kernel does.
func TestBadAddress(t *testing.T) {
	mem, addr := mapPages(t, 1)
	end := addr + pageSize
	b := make([]byte, 100)
	for i := range mem {
		mem[i] = 'x'
	}
	for _, before := range []int{0, 1, 60, 99} {
		if n, err := own.ReadAt(b, end-uint64(before)); n != before || err != unix.EFAULT {
			t.Errorf("read %d bytes before the end: %d, %v", before, n, err)
		}
		if n, err := own.WriteAt(b, end-uint64(before)); n != before || err != unix.EFAULT {
			t.Errorf("write %d bytes before the end: %d, %v", before, n, err)
		}
	}
	for _, bad := range []uint64{0, 1, 4095, end, 1 << 47, 1 << 63, 1<<64 - 1, 1<<64 - 50} {
		if n, err := own.ReadAt(b, bad); n != 0 || err != unix.EFAULT {
			t.Errorf("read %#x: %d, %v", bad, n, err)
		}
		if n, err := own.WriteAt(b, bad); n != 0 || err != unix.EFAULT {
			t.Errorf("write %#x: %d, %v", bad, n, err)
		}
		if s, err := own.String(b, bad); s != nil || err != unix.EFAULT {
			t.Errorf("string %#x: %q, %v", bad, s, err)
		}
	}
}

func TestReadOnlyMemory(t *testing.T) {
	mem, addr := mapPages(t, 2)
	if err := unix.Mprotect(mem[pageSize:], unix.PROT_READ); err != nil {
		t.Fatal(err)
	}
	if n, err := own.WriteAt(make([]byte, 20), addr+pageSize-5); n != 5 || err != unix.EFAULT {
		t.Errorf("%d, %v", n, err)
	}
}

func TestString(t *testing.T) {
	mem, addr := mapPages(t, 3)
	buf := make([]byte, PathMax)
	for _, n := range []int{0, 1, 255, 256, 257, pageSize - 1, PathMax - 1} {
		for _, off := range []int{0, pageSize - 1, pageSize + 7} {
			text := strings.Repeat("p", n)
			copy(mem[off:], text+"\x00")
			if got, err := own.String(buf, addr+uint64(off)); string(got) != text || err != nil {
				t.Errorf("%d bytes at %d: %d bytes, %v", n, off, len(got), err)
			}
		}
	}
	for i := range mem {
		mem[i] = 'p'
	}
	if _, err := own.String(buf, addr); err != unix.ENAMETOOLONG {
		t.Errorf("no NUL within PATH_MAX: %v", err)
	}
	end := addr + uint64(len(mem))
	if _, err := own.String(buf, end-10); err != unix.EFAULT {
		t.Errorf("no NUL before a bad address: %v", err)
	}
	mem[len(mem)-1] = 0
	if got, err := own.String(buf, end-10); string(got) != "ppppppppp" || err != nil {
		t.Errorf("NUL just before a bad address: %q, %v", got, err)
	}
	if _, err := own.String(buf[:5], end-10); err != unix.ENAMETOOLONG {
		t.Errorf("longer than the room for it: %v", err)
	}
}

// ended is the number of a process that has ended.
func ended(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

func TestMemoryOfTheDead(t *testing.T) {
	_, addr := mapPages(t, 1)
	m := Memory(ended(t))
	if n, err := m.ReadAt(make([]byte, 8), addr); n != 0 || err != unix.ESRCH {
		t.Errorf("read: %d, %v", n, err)
	}
	if n, err := m.WriteAt(make([]byte, 8), addr); n != 0 || err != unix.ESRCH {
		t.Errorf("write: %d, %v", n, err)
	}
}
