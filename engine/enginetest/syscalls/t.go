// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// FileSystem says what kind of file system the scratch directory is on, as far as the
// kernel's own behaviour differs.
type FileSystem string

const (
	// Generic is any file system that behaves as the kernel's own: tmpfs, ext4, xfs.
	Generic FileSystem = "generic"
	// FUSE relaxes what a kernel FUSE mount legitimately does in another way: block
	// counts, fractions of a second in time stamps, lookup and open as two steps, poll on
	// files, RWF_NOAPPEND, names of attributes, what is known of a removed directory.
	FUSE FileSystem = "fuse"
)

// Exit codes of a process that runs one case.
const (
	exitPass = 0
	exitFail = 1
	exitSkip = 77
)

// T is the state of one running case. Its methods may be used by several goroutines,
// except those that end the case (see [T.Fatalf]), which belong to the case's own.
type T struct {
	Dir string // the scratch directory of this case, empty at start, absolute
	FS  FileSystem

	mu       sync.Mutex
	out      io.Writer
	failed   bool
	skipped  bool
	cleanups []func()
}

// ended is what T panics with to end a case.
type ended struct{}

// Errorf records a failure, with the source line of the case, and lets the case go on.
func (t *T) Errorf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = true
	fmt.Fprintf(t.out, "%s: %s\n", caseLine(), fmt.Sprintf(format, args...))
}

// Fatalf records a failure and ends the case.
func (t *T) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	panic(ended{})
}

// Skipf ends the case as skipped. The message is the proof that it cannot be run here.
func (t *T) Skipf(format string, args ...any) {
	t.mu.Lock()
	t.skipped = true
	fmt.Fprintf(t.out, format+"\n", args...)
	t.mu.Unlock()
	panic(ended{})
}

// Check records a failure when cond does not hold.
func (t *T) Check(cond bool, format string, args ...any) {
	if !cond {
		t.Errorf(format, args...)
	}
}

// Cleanup has f called when the case is over, last registered first.
func (t *T) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

// Path is the absolute path of a name in the scratch directory.
func (t *T) Path(name string) string { return t.Dir + "/" + name }

// IsRoot tells whether the case runs with effective user id 0.
func (t *T) IsRoot() bool { return os.Geteuid() == 0 }

// runCase runs c in this process and returns the exit code that tells the outcome.
func runCase(c Case, t *T) (code int) {
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(ended); !ok {
				t.Errorf("panic: %v", v)
			}
		}
		for _, f := range slices.Backward(t.cleanups) {
			f()
		}
		switch {
		case t.failed:
			code = exitFail
		case t.skipped:
			code = exitSkip
		default:
			code = exitPass
		}
	}()
	c.Run(t)
	return exitPass
}

// caseLine names the innermost source line that belongs to a case: the first caller
// outside the files that hold the suite's own machinery.
func caseLine() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		base := filepath.Base(f.File)
		if !slices.Contains(machinery, base) && !strings.HasPrefix(f.Function, "runtime.") {
			return fmt.Sprintf("%s:%d", base, f.Line)
		}
		if !more {
			return "?"
		}
	}
}

// machinery lists the files whose lines say nothing about what a case was doing.
var machinery = []string{"t.go", "check.go", "fixture.go", "arguments_unsafe.go", "children.go",
	"thread.go", "forked.go", "program.go"}
