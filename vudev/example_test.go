// SPDX-License-Identifier: Apache-2.0

package vudev_test

import (
	"fmt"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
)

// pattern is a device that repeats one byte and takes whatever is written.
type pattern byte

func (b pattern) ReadAt(_ engine.Call, p []byte, _ int64) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

func (pattern) WriteAt(_ engine.Call, p []byte, _ int64) (int, error) { return len(p), nil }
func (pattern) Close(engine.Call)                                     {}

// With this submodule, `vumount -t vudevpattern -o byte=x none /dev/xs` makes a device of endless x's.
func Example() {
	submodule := vudev.Submodule{
		Name: "pattern",
		Type: unix.S_IFCHR,
		Open: func(_ engine.Call, r *vudev.Request) (vudev.Device, error) {
			text, _ := r.Options.Text("byte")
			if len(text) != 1 {
				return nil, &engine.MountError{Err: unix.EINVAL, Message: "vudevpattern: option byte=: one character is needed"}
			}
			return pattern(text[0]), nil
		},
	}
	module := vudev.New(submodule)
	fmt.Println(module.Name)
	// Output: vudev
}
