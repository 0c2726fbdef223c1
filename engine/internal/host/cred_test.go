// SPDX-License-Identifier: Apache-2.0

package host

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/guest"
)

// mine is the identity of the test process.
func mine(t *testing.T) *engine.Cred {
	t.Helper()
	st, err := guest.ReadStatus(unix.Gettid())
	if err != nil {
		t.Fatal(err)
	}
	return &st.Cred
}

// plain is an identity without capabilities.
func plain(id uint32, groups ...uint32) *engine.Cred {
	return &engine.Cred{IDs: engine.SameIDs(id, id), Groups: groups}
}

func TestAsOneself(t *testing.T) {
	own, errDone := mine(t), errors.New("done")
	if err := As(own, own, func() error { return errDone }); err != errDone {
		t.Errorf("the result is %v", err)
	}
}

// needRoot leaves a test to the run as root: others cannot be anybody else.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can take on another identity")
	}
}

func TestAsOther(t *testing.T) {
	needRoot(t)
	own := mine(t)
	dir := t.TempDir()
	for p := dir; len(p) > 1; p = filepath.Dir(p) { // the way there must be open to all
		if st, err := os.Stat(p); err == nil && st.Mode()&0o5 != 0o5 {
			if err := os.Chmod(p, st.Mode()|0o5); err != nil {
				t.Fatal(err)
			}
		}
	}
	secret, ours, public := filepath.Join(dir, "secret"), filepath.Join(dir, "ours"), filepath.Join(dir, "public")
	for path, mode := range map[string]os.FileMode{secret: 0o600, ours: 0o640} {
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chown(ours, 0, 4321), os.Mkdir(public, 0o777), os.Chmod(public, 0o777)); err != nil {
		t.Fatal(err)
	}
	open := func(path string) func() error {
		return func() error {
			fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err == nil {
				unix.Close(fd)
			}
			return err
		}
	}
	for _, x := range []struct {
		name string
		who  *engine.Cred
		path string
		want error
	}{
		{"no capability", plain(65534), secret, unix.EACCES},
		{"wrong group", plain(65534, 1, 2), ours, unix.EACCES},
		{"supplementary group", plain(65534, 1, 4321), ours, nil},
		{"root without capabilities", plain(0), secret, nil},
		{"capability of its own", &engine.Cred{IDs: engine.IDs{FSUID: 65534, FSGID: 65534}, CapEff: 1 << unix.CAP_DAC_OVERRIDE}, secret, nil},
	} {
		if err := As(own, x.who, open(x.path)); err != x.want {
			t.Errorf("%s: %v, want %v", x.name, err, x.want)
		}
		if err := open(secret)(); err != nil {
			t.Fatalf("%s: umvu itself after it: %v", x.name, err)
		}
	}
	made := filepath.Join(public, "made")
	if err := As(own, plain(65533), func() error { return unix.Mkdir(made, 0o700) }); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(made, &st); err != nil || st.Uid != 65533 || st.Gid != 65533 {
		t.Errorf("what it made belongs to %d:%d, %v", st.Uid, st.Gid, err)
	}
}

// The identity is that of one thread: other goroutines keep theirs, and no thread is left with another's.
func TestAsConcurrently(t *testing.T) {
	needRoot(t)
	own := mine(t)
	var wg sync.WaitGroup
	for i := range uint32(8) {
		wg.Go(func() {
			want := plain(1000+i, 2000+i)
			if i%2 == 0 {
				want = own
			}
			for range 200 {
				err := As(own, want, func() error {
					runtime.LockOSThread() // between asking for its number and its status
					defer runtime.UnlockOSThread()
					st, err := guest.ReadStatus(unix.Gettid())
					if err == nil && !same(&st.Cred, want) {
						t.Errorf("identity %+v instead of %+v", st.Cred, *want)
					}
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		tid, err := strconv.Atoi(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if st, err := guest.ReadStatus(tid); err == nil && !same(&st.Cred, own) {
			t.Errorf("thread %d is left with %+v", tid, st.Cred)
		}
	}
}
