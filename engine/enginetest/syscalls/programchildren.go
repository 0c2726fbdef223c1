// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// childShow prints its arguments, environment and name.
func childShow([]string) error {
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		return err
	}
	exe, err := os.Readlink(self)
	if err != nil {
		return err
	}
	fmt.Printf("args=%q env=%q comm=%q exe=%q", os.Args, os.Environ(), strings.TrimSpace(string(comm)), exe)
	return nil
}

// shown is what childShow prints.
func shown(args []string, comm, exe string) string {
	return fmt.Sprintf("args=%q env=%q comm=%q exe=%q", args, environment, comm, exe)
}

// childWait prints a byte and waits for the end of its standard input.
func childWait([]string) error {
	fmt.Print("x")
	_, err := os.Stdin.Read(make([]byte, 1))
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// childAreOpen prints of each descriptor whether it is open.
func childAreOpen(args []string) error {
	for _, a := range args {
		fd, err := strconv.Atoi(a)
		if err != nil {
			return err
		}
		fmt.Print(isOpen(fd), " ")
	}
	return nil
}

// childPid prints the process id.
func childPid([]string) error {
	_, err := fmt.Print(os.Getpid())
	return err
}
