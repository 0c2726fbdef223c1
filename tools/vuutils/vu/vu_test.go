// SPDX-License-Identifier: Apache-2.0

package vu

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/abi"
)

// The kernel has no negative system calls.
func TestOutsideView(t *testing.T) {
	var s System
	if s.InView() {
		t.Skip("these tests run in a view")
	}
	_, lsmodErr := s.Lsmod()
	_, infoErr := s.Info()
	_, tagsErr := s.GetDebugTags(false)
	_, nameErr := s.DebugTagName('a')
	for name, err := range map[string]error{
		"insmod": s.Insmod("x", true), "rmmod": s.Rmmod("x"), "lsmod": lsmodErr,
		"info": infoErr, "setname": s.SetName("x"), "gettags": tagsErr, "tagname": nameErr,
		"addtags": s.AddDebugTags("a", true), "deltags": s.DelDebugTags("a", false),
		"colour": s.SetDebugColor("a:r"), "stack": s.SetDefaultStack("/", 0),
	} {
		if err != unix.ENOSYS {
			t.Errorf("%s: %v, want ENOSYS", name, err)
		}
	}
	if s.Supports("/", unix.AF_INET) {
		t.Error("/ supports sockets")
	}
	if m := s.MountError(); m != "" {
		t.Errorf("message %q", m)
	}
}

func TestNULInside(t *testing.T) {
	if err := (System{}).Insmod("a\x00b", false); err != unix.EINVAL {
		t.Errorf("%v, want EINVAL", err)
	}
}

func TestDecodeInfo(t *testing.T) {
	var raw abi.Info
	copy(raw.Sysname[:], "Linux")
	copy(raw.Serverid[:], "42")
	copy(raw.Name[:], strings.Repeat("n", abi.UTSLen)) // without a final NUL
	got := decodeInfo(&raw)
	want := Info{Sysname: "Linux", ServerID: "42", Name: strings.Repeat("n", abi.UTSLen)}
	if got != want {
		t.Errorf("%+v", got)
	}
}

// Texts from strerror(3) of glibc.
func TestStrerror(t *testing.T) {
	for err, want := range map[error]string{
		unix.EPERM:        "Operation not permitted",
		unix.ENOENT:       "No such file or directory",
		unix.EIO:          "Input/output error",
		unix.EBUSY:        "Device or resource busy",
		unix.EINVAL:       "Invalid argument",
		unix.ENOSYS:       "Function not implemented",
		unix.EOPNOTSUPP:   "Operation not supported",
		unix.EAFNOSUPPORT: "Address family not supported by protocol",
		unix.Errno(4000):  "Unknown error 4000",
		fs.ErrNotExist:    "file does not exist",

		&fs.PathError{Op: "open", Path: "/x", Err: unix.EACCES}: "Permission denied",
	} {
		if got := Strerror(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

const passwd = "broken\n:x:1:1::/:/bin/sh\nann:x:1001:100:Ann:/home/ann:/bin/zsh\nneg:x:-1:0::/:\nann:x:5:5::/:/\nlast:x:7:8::/l:"

func TestFindAccount(t *testing.T) {
	a := findAccount([]byte(passwd), "ann")
	if a == nil || a.UID != 1001 || a.GID != 100 || a.Home != "/home/ann" || a.Shell != "/bin/zsh" {
		t.Errorf("%+v", a)
	}
	a.Groups = findGroups([]byte("x:x:27:bob,ann\ny:x:28:annie\nz:x:100:ann\nbad:x:-1:ann\nshort:x\nw:x:29:ann"), a)
	if want := []int{100, 27, 29}; !slices.Equal(a.Groups, want) {
		t.Errorf("groups %v, want %v", a.Groups, want)
	}
	if a := findAccount([]byte(passwd), "last"); a == nil || a.Shell != "" {
		t.Errorf("%+v", a)
	}
	for _, name := range []string{"", "neg", "broken", "bob"} {
		if a := findAccount([]byte(passwd), name); a != nil {
			t.Errorf("%q is %+v", name, a)
		}
	}
}

func TestLookupUser(t *testing.T) {
	var s System
	if a, err := s.LookupUser("root"); err != nil || a.UID != 0 || a.Groups[0] != a.GID {
		t.Errorf("root: %+v, %v", a, err)
	}
	if _, err := s.LookupUser("no-such-user"); err != unix.ENOENT {
		t.Errorf("%v, want ENOENT", err)
	}
}

func FuzzAccounts(f *testing.F) {
	f.Add([]byte(passwd), "ann")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		if a := findAccount(data, name); a != nil && (a.UID < 0 || a.GID < 0 || a.Name == "") {
			t.Errorf("%+v", a)
		}
		findGroups(data, &Account{Name: name})
	})
}

func ExampleSystem_InView() {
	if (System{}).InView() {
		fmt.Println("in a view")
		return
	}
	fmt.Println("on the host")
}
