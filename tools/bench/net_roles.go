// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const gib = 1 << 30 // bytes

// rate runs iperf3 and prints how long one GiB took, or would have.
//
//	rate ADDRESS [OPTION-OF-IPERF3...]
func rate(args []string) error {
	if len(args) == 0 {
		return errors.New("rate: wrong arguments")
	}
	out, err := iperf(append([]string{"-J", "-c"}, args...))
	if err != nil {
		return err
	}
	var report struct {
		Error string
		End   struct {
			Received sums `json:"sum_received"`
			Sum      sums // of UDP
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return fmt.Errorf("iperf3: %w", err)
	}
	got := report.End.Received
	if got.Bytes == 0 {
		got = report.End.Sum
		got.Bytes *= 1 - got.Lost/100
	}
	if report.Error != "" || got.Bytes == 0 {
		return fmt.Errorf("iperf3 has moved nothing: %s", report.Error)
	}
	_, err = fmt.Println(time.Duration(got.Seconds * gib / got.Bytes * 1e9).Nanoseconds())
	return err
}

// sums is what iperf3 says at the end.
type sums struct {
	Bytes, Seconds float64
	Lost           float64 `json:"lost_percent"`
}

// iperf waits for the server, which may not be there yet, or busy with its last client.
func iperf(args []string) (out []byte, err error) {
	for range 20 {
		if out, err = exec.Command("iperf3", args...).Output(); err == nil {
			return out, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, fmt.Errorf("iperf3: %w: %s", err, out)
}

// ping prints the mean round trip of 200 requests.
//
//	ping ADDRESS [COMMAND-IN-FRONT...]
func ping(args []string) error {
	if len(args) == 0 {
		return errors.New("ping: wrong arguments")
	}
	argv := append(args[1:], "ping", "-n", "-q", "-c", "200", "-i", "0.002", args[0])
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ping: %w: %s", err, out)
	}
	_, line, _ := strings.Cut(string(out), "min/avg/max/mdev = ")
	f := strings.Split(line, "/")
	if len(f) < 2 {
		return fmt.Errorf("ping: no times in %s", out)
	}
	ms, err := strconv.ParseFloat(f[1], 64)
	if err != nil {
		return err
	}
	_, err = fmt.Println(time.Duration(ms * 1e6).Nanoseconds())
	return err
}

// idle opens or accepts connections, makes a file when they are there, and keeps them until the file is removed.
//
//	idle [HOST]:PORT COUNT FILE
func idle(args []string) error {
	if len(args) != 3 {
		return errors.New("idle: wrong arguments")
	}
	count, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	made := func() error { return os.WriteFile(args[2], nil, 0o644) }
	one := func() (net.Conn, error) { return net.Dial("tcp", args[0]) }
	if strings.HasPrefix(args[0], ":") {
		l, err := net.Listen("tcp4", args[0])
		if err != nil {
			return err
		}
		if err := made(); err != nil {
			return err
		}
		made, one = func() error { return nil }, l.Accept
	}
	conns := make([]net.Conn, 0, count)
	for range count {
		c, err := one()
		if err != nil {
			return err
		}
		conns = append(conns, c)
	}
	if err := made(); err != nil {
		return err
	}
	for {
		time.Sleep(100 * time.Millisecond)
		if _, err := os.Stat(args[2]); errors.Is(err, fs.ErrNotExist) {
			for _, c := range conns {
				c.Close()
			}
			return nil
		}
	}
}
