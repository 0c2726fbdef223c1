// SPDX-License-Identifier: Apache-2.0

// Netprobe is a server that sends back what it receives, and a client of it with many connections at a time, in Go.
//
// Usage: netprobe ADDRESS CONNECTIONS
package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// bytesEach is what goes over each connection, in each direction.
const bytesEach = 50_000

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "netprobe:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: netprobe ADDRESS CONNECTIONS")
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", args[0])
	if err != nil {
		return err
	}
	defer l.Close()
	go serve(l)
	var good atomic.Int32
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := exchange(l.Addr().String(), byte(i)); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return
			}
			good.Add(1)
		})
	}
	wg.Wait()
	fmt.Println(good.Load(), "connections")
	return deadline(l.Addr().String())
}

func serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_, _ = io.Copy(c, c) // splices; the client sees what failed
		}()
	}
}

// exchange sends from one goroutine and receives in another.
func exchange(addr string, fill byte) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	want := bytes.Repeat([]byte{fill}, bytesEach)
	go func() {
		_, _ = c.Write(want)
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("%d bytes of %d came back", len(got), len(want))
	}
	return err
}

// deadline has a read time out.
func deadline(addr string) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		return err
	}
	_, err = c.Read(make([]byte, 1))
	if e, ok := err.(net.Error); !ok || !e.Timeout() {
		return fmt.Errorf("read: %w", err)
	}
	fmt.Println("time-out")
	return nil
}
