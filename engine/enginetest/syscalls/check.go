// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Do makes a system call that must succeed and returns its result; otherwise the case
// ends. Arguments are as for [sys].
func (t *T) Do(nr uintptr, args ...any) int {
	r, err := sys(nr, args...)
	if err != nil {
		t.Fatalf("%s: %v, want success", callName(nr), errName(err))
	}
	return r
}

// Returns makes a system call that must succeed with the result want.
func (t *T) Returns(want int, nr uintptr, args ...any) {
	r, err := sys(nr, args...)
	switch {
	case err != nil:
		t.Errorf("%s: %v, want %d", callName(nr), errName(err), want)
	case r != want:
		t.Errorf("%s: returned %d, want %d", callName(nr), r, want)
	}
}

// Fails makes a system call that must fail with want.
func (t *T) Fails(want unix.Errno, nr uintptr, args ...any) {
	r, err := sys(nr, args...)
	t.failedWith([]unix.Errno{want}, nr, r, err)
}

// FailsAny makes a system call that must fail with one of want: for errors where file
// systems of the kernel disagree with each other.
func (t *T) FailsAny(want []unix.Errno, nr uintptr, args ...any) {
	r, err := sys(nr, args...)
	t.failedWith(want, nr, r, err)
}

func (t *T) failedWith(want []unix.Errno, nr uintptr, r int, err error) {
	if err == nil {
		t.Errorf("%s: succeeded with %d, want %v", callName(nr), r, errNames(want))
		return
	}
	for _, w := range want {
		if errors.Is(err, w) {
			return
		}
	}
	t.Errorf("%s: %v, want %v", callName(nr), errName(err), errNames(want))
}

// NoError ends the case when err is not nil.
func (t *T) NoError(err error, doing string) {
	if err != nil {
		t.Fatalf("%s: %v", doing, errName(err))
	}
}

// Probe makes a system call that tells whether a capability is there: with one of the
// absent errors the case is skipped, with any other error it fails.
func (t *T) Probe(absent []unix.Errno, nr uintptr, args ...any) int {
	r, err := sys(nr, args...)
	for _, a := range absent {
		if errors.Is(err, a) {
			t.Skipf("%s: %v", callName(nr), errName(err))
		}
	}
	if err != nil {
		t.Fatalf("%s: %v, want success", callName(nr), errName(err))
	}
	return r
}

// same records a failure when got is not want.
func same[V comparable](t *T, what string, got, want V) {
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// errName is the symbolic name of an errno, or the error's text.
func errName(err error) string {
	var e unix.Errno
	if errors.As(err, &e) {
		if n := unix.ErrnoName(e); n != "" {
			return n
		}
	}
	return err.Error()
}

func errNames(list []unix.Errno) string {
	s := ""
	for i, e := range list {
		if i > 0 {
			s += " or "
		}
		s += errName(e)
	}
	return s
}
