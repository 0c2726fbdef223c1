// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// transfer makes COUNT system calls of one kind, and prints how long they took and a checksum of what was read. The open
// is not timed.
//
//	io KIND FILE FD SIZE COUNT
//
// KIND is one of [ioKinds], FD the number that the descriptor is to have, or - for the one that open gives.
func transfer(args []string) error {
	if len(args) != 5 {
		return errors.New("io: wrong arguments")
	}
	size, err1 := strconv.Atoi(args[3])
	count, err2 := strconv.Atoi(args[4])
	kind, known := ioKinds[args[0]]
	if errors.Join(err1, err2) != nil || !known || size <= 0 {
		return errors.New("io: wrong arguments")
	}
	fd, err := openAs(args[1], args[2], kind.flags)
	if err != nil {
		return fmt.Errorf("io: %s: %w", args[1], err)
	}
	took, sum, err := kind.repeat(fd, size, count)
	if err != nil {
		return fmt.Errorf("io: %s %s: %w", args[0], args[1], err)
	}
	_, err = fmt.Printf("%d\n%d %08x\n", took.Nanoseconds(), count, sum)
	return err
}

// openAs opens a file under a given number.
func openAs(path, number string, flags int) (int, error) {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o644)
	if err != nil || number == "-" {
		return fd, err
	}
	n, err := strconv.Atoi(number)
	if err != nil || n == fd {
		return fd, err
	}
	if n == 1 || n == 2 {
		return -1, errors.New("descriptors 1 and 2 are for the result")
	}
	return n, unix.Dup2(fd, n)
}

// ioKind is a kind of transfer.
type ioKind struct {
	flags  int
	random bool // at random multiples of the size, of which there are as many as the file has
	sums   bool // what is read counts
	do     func(fd int, buf []byte, off int64) (int, error)
}

func ofFile(f func(int, []byte) (int, error)) func(int, []byte, int64) (int, error) {
	return func(fd int, buf []byte, _ int64) (int, error) { return f(fd, buf) }
}

var ioKinds = map[string]ioKind{
	"read":        {flags: unix.O_RDONLY, sums: true, do: ofFile(unix.Read)}, // from the beginning to the end
	"write":       {flags: unix.O_WRONLY | unix.O_CREAT, do: ofFile(unix.Write)},
	"pread":       {flags: unix.O_RDONLY, do: unix.Pread}, // at 0, over and over
	"randomread":  {flags: unix.O_RDONLY, random: true, sums: true, do: unix.Pread},
	"randomwrite": {flags: unix.O_WRONLY, random: true, do: unix.Pwrite},
}

func (k *ioKind) repeat(fd, size, count int) (took time.Duration, sum uint32, err error) {
	buf := make([]byte, size)
	blocks := int64(1)
	if k.random {
		end, err := unix.Seek(fd, 0, unix.SEEK_END)
		if err != nil {
			return 0, 0, err
		}
		blocks = end / int64(size)
	}
	if k.flags&unix.O_ACCMODE == unix.O_WRONLY {
		for i := range buf {
			buf[i] = byte(i)
		}
	}
	places := rand.New(rand.NewPCG(1, 2))
	begin := time.Now()
	for range count {
		var off int64
		if k.random {
			off = places.Int64N(blocks) * int64(size)
		}
		n, err := k.do(fd, buf, off)
		if err == nil && n != size {
			err = fmt.Errorf("%d of %d bytes", n, size)
		}
		if err != nil {
			return 0, 0, err
		}
		if k.sums { // the head of each block: to sum up all would hide what is measured
			sum = crc32.Update(sum, crc32.IEEETable, buf[:min(size, 64)])
		}
	}
	return time.Since(begin), sum, nil
}
