// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/enginetest"
)

func BenchmarkCachedReadAt(b *testing.B) {
	for _, size := range []int{1, 4096, 128 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s, c := newStore(b), enginetest.NewCall()
			n := &fakeNode{data: pattern(1 << 20)}
			o, fd := open(b, s, n, unix.O_RDONLY)
			defer unix.Close(fd)
			p := make([]byte, size)
			o.ReadAt(c, make([]byte, 1<<20), 0)
			b.ReportAllocs()
			i, before := 0, cpuTime()
			for b.Loop() {
				if k, err := o.ReadAt(c, p, int64(i%7*4096)); k != size || err != nil {
					b.Fatal(k, err)
				}
				i++
			}
			b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime tells what a call costs on a machine that is busy with other things as well.
func cpuTime() int64 {
	var r unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &r)
	return r.Utime.Nano() + r.Stime.Nano()
}

func BenchmarkCachedRead(b *testing.B) {
	s, c := newStore(b), enginetest.NewCall()
	n := &fakeNode{data: pattern(1 << 20)}
	o, fd := open(b, s, n, unix.O_RDONLY)
	defer unix.Close(fd)
	p := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if k, err := o.Read(c, -1, p); k == 0 || err != nil {
			o.Seek(c, -1, 0, unix.SEEK_SET)
		}
	}
}

func BenchmarkWriteAt(b *testing.B) {
	s, c := newStore(b), enginetest.NewCall()
	n := &fakeNode{data: pattern(1 << 20)}
	o, fd := open(b, s, n, unix.O_RDWR)
	defer unix.Close(fd)
	p := pattern(4096)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		o.WriteAt(c, p, int64(i%256*4096))
		i++
	}
}

func BenchmarkOpenClose(b *testing.B) {
	for _, warm := range []bool{false, true} {
		b.Run(fmt.Sprintf("warm=%v", warm), func(b *testing.B) {
			s, c := newStore(b), enginetest.NewCall()
			n := &fakeNode{data: pattern(4096)}
			if warm {
				o, fd := open(b, s, n, unix.O_RDONLY)
				o.ReadAt(c, make([]byte, 10), 0)
				defer unix.Close(fd)
			}
			b.ReportAllocs()
			for b.Loop() {
				_, fd, err := s.Open(c, Spec{Node: n, File: &fakeFile{n}})
				if err != nil {
					b.Fatal(err)
				}
				unix.Close(fd)
				s.Drain(c)
			}
		})
	}
}

func BenchmarkByLink(b *testing.B) {
	s := newStore(b)
	n := &fakeNode{data: pattern(10)}
	_, fd := open(b, s, n, unix.O_RDONLY)
	defer unix.Close(fd)
	var buf [256]byte
	k, _ := unix.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd), buf[:])
	b.ReportAllocs()
	for b.Loop() {
		if s.ByLinkBytes(buf[:k]) == nil {
			b.Fatal("not found")
		}
	}
}

// A file system that takes 20 us per request and 1 us per 4 KiB.
func BenchmarkCold(b *testing.B) {
	for _, how := range []string{"sequential", "random", "strided"} {
		b.Run(how, func(b *testing.B) {
			s, c := newStore(b), enginetest.NewCall()
			n := &fakeNode{data: pattern(4 << 20)[:4<<20-5000]}
			n.onRead = func() {
				for t := time.Now(); time.Since(t) < 40*time.Microsecond; {
				}
			}
			o, fd := open(b, s, n, unix.O_RDONLY)
			defer unix.Close(fd)
			p := make([]byte, 4096)
			off := int64(0)
			r := rand.New(rand.NewPCG(1, 1))
			i := 0
			for b.Loop() {
				switch how {
				case "sequential":
					off += 4096
				case "random":
					off = r.Int64N(900) * 4096
				case "strided":
					off += 64 << 10
				}
				if off >= int64(len(n.data)) {
					off = 0
				}
				if i++; i%900 == 0 {
					s.Pages(n).Invalidate(0, -1)
				}
				o.ReadAt(c, p, off)
			}
			b.ReportMetric(float64(n.reads.Load())/float64(b.N), "requests/op")
		})
	}
}
