// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const usage = `usage: vufuseext2 [-h] [-o option[,option...]] IMAGE MOUNTPOINT

Serves the ext2, ext3 or ext4 file system in IMAGE at MOUNTPOINT: a directory,
or /dev/fd/N for an open FUSE channel.

options:
  ro               read-only (the default)
  rw+              read-write; the same as rw,force
  force            with rw: really read-write
  offset=BYTES     where in IMAGE the file system begins
  relatime, noatime, strictatime
                   when access times change
  silent           no message about falling back to read-only
  debug            log all requests
  allow_other, default_permissions, nodev, ...
                   as for any FUSE mount, see fusermount3(1)
`

func main() {
	err := run(os.Args[1:], os.Stdout, os.Stderr)
	if err == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "vufuseext2: %v\n", err)
	var u usageError
	if errors.As(err, &u) {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	os.Exit(1)
}

// usageError is a command line that makes no sense.
type usageError string

func (e usageError) Error() string { return string(e) }

// run is the program; it returns when the file system is no longer served and all is written.
func run(args []string, stdout, stderr io.Writer) error {
	o, operands, help, err := parseArgs(args)
	if help {
		_, err := io.WriteString(stdout, usage)
		return err
	}
	if err != nil {
		return err
	}
	if len(operands) != 2 {
		return usageError("an image and a mount point are needed")
	}
	return serve(operands[0], operands[1], o, stderr)
}

// parseArgs separates options, which may stand anywhere, from operands.
func parseArgs(args []string) (o options, operands []string, help bool, err error) {
	o.rw = true // as mount(8): read-write unless told otherwise, but see options.write
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "-h" || arg == "--help":
			return o, nil, true, nil
		case arg == "-v" || arg == "-f" || arg == "-s": // mount(8) and FUSE habits
		case arg == "-r":
			err = o.parse("ro")
		case arg == "-w":
			err = o.parse("rw")
		case arg == "-d":
			err = o.parse("debug")
		case arg == "-o":
			if i++; i == len(args) {
				return o, nil, false, usageError("-o: needs options")
			}
			err = o.parse(args[i])
		case strings.HasPrefix(arg, "-o"):
			err = o.parse(arg[2:])
		case arg == "--":
			operands = append(operands, args[i+1:]...)
			i = len(args)
		case strings.HasPrefix(arg, "-"):
			return o, nil, false, usageError(arg + ": unknown option")
		default:
			operands = append(operands, arg)
		}
		if err != nil {
			return o, nil, false, err
		}
	}
	return o, operands, false, nil
}
