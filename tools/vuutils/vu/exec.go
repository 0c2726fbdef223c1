// SPDX-License-Identifier: Apache-2.0

package vu

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Environ returns the environment.
func (System) Environ() []string { return os.Environ() }

// Exec replaces the process by a program, searched in PATH as execvp(3) does.
// It returns only if that fails.
func (System) Exec(name string, argv, env []string) error {
	if strings.Contains(name, "/") {
		return execFile(name, argv, env)
	}
	if name == "" {
		return unix.ENOENT
	}
	path, ok := os.LookupEnv("PATH")
	if !ok {
		path = "/bin:/usr/bin"
	}
	result := error(unix.ENOENT)
	for dir := range strings.SplitSeq(path, ":") {
		if dir == "" {
			dir = "."
		}
		switch err := execFile(dir+"/"+name, argv, env); err {
		case unix.EACCES:
			result = err
		case unix.ENOENT, unix.ENOTDIR, unix.ESTALE, unix.ENODEV, unix.ETIMEDOUT:
		default:
			return err
		}
	}
	return result
}

// execFile runs a program, or a script without #! with the shell.
func execFile(path string, argv, env []string) error {
	err := unix.Exec(path, argv, env)
	if err != unix.ENOEXEC {
		return err
	}
	script := append([]string{"sh", path}, argv[1:]...)
	return unix.Exec("/bin/sh", script, env)
}

// ExecStatus is the exit status for a program that could not be run: as in a
// shell, 127 if it is not there and 126 otherwise.
func ExecStatus(err error) int {
	if err == unix.ENOENT {
		return 127
	}
	return 126
}
