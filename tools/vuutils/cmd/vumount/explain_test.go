// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/tools/vuutils/vutest"
)

func TestExplain(t *testing.T) {
	const (
		args = "-t vufuseext2 /img /mnt"
		call = `mount "/img" "/mnt" "vufuseext2" 0x8000 ""`
	)
	// sys is a view where /img and /mnt exist and one call fails.
	sys := func(call string, errno unix.Errno) vutest.Fake {
		return vutest.Fake{
			List:   "vudev: vu virtual devices\n",
			Modes:  map[string]uint32{"/img": unix.S_IFREG, "/mnt": unix.S_IFDIR, "/file": unix.S_IFREG},
			Errors: map[string]error{call: errno},
		}
	}
	withMessage := sys(call, unix.EINVAL)
	withMessage.Message = "/img: not an ext2 image"
	withModule := sys(call, unix.ENODEV)
	withModule.List = "vufuse: x\n"
	outside := sys(call, unix.ENODEV)
	outside.Outside = true
	denied := sys(call, unix.EPERM)
	denied.List = "vufuse: x\n"
	ext9 := `mount "/img" "/mnt" "ext9" 0x8000 ""`
	simple := func(name, args, call string, errno unix.Errno, message string) vutest.Case {
		return vutest.Case{Name: name, Args: args, System: sys(call, errno), Calls: call, Err: "vumount: " + message + "\n", Status: 1}
	}
	vutest.Check(t, runFake, []vutest.Case{
		{Name: "module's message", Args: args, System: withMessage, Calls: call, Err: "vumount: /img: not an ext2 image\n", Status: 1},
		simple("module missing", args, call, unix.ENODEV,
			"unknown file system type 'vufuseext2' (is the module loaded? vu_insmod vufuse)"),
		simple("module missing, not root", args, call, unix.EPERM,
			"unknown file system type 'vufuseext2' (is the module loaded? vu_insmod vufuse)"),
		{Name: "submodule missing", Args: args, System: withModule, Calls: call, Status: 1,
			Err: "vumount: unknown file system type 'vufuseext2' (the module vufuse has no such type)\n"},
		{Name: "outside", Args: args, System: outside, Calls: call, Status: 1,
			Err: "vumount: unknown file system type 'vufuseext2' (it is one of VUOS, for use under umvu)\n"},
		{Name: "module refuses", Args: args, System: denied, Calls: call, Status: 1,
			Err: "vumount: mounting /img (type vufuseext2) on /mnt: Operation not permitted\n"},
		simple("unknown type", "-t ext9 /img /mnt", ext9, unix.ENODEV, "unknown file system type 'ext9'"),
		simple("real type, not root", "-t ext9 /img /mnt", ext9, unix.EPERM,
			"no loaded module serves the type 'ext9', and the kernel mounts it for root only: Operation not permitted"),
		simple("no target", "-t x /img /no", `mount "/img" "/no" "x" 0x8000 ""`, unix.ENOENT,
			"mount point /no: No such file or directory"),
		simple("no source", "-t x no.img /mnt", `mount "no.img" "/mnt" "x" 0x8000 ""`, unix.ENOENT,
			"source no.img: No such file or directory"),
		simple("no source, EFAULT", "-t x no.img /mnt", `mount "no.img" "/mnt" "x" 0x8000 ""`, unix.EFAULT,
			"source no.img: No such file or directory"),
		simple("no source, EINVAL", "-t x ./no.img /mnt", `mount "./no.img" "/mnt" "x" 0x8000 ""`, unix.EINVAL,
			"source ./no.img: No such file or directory"),
		simple("a locator", "-t x vde:// /mnt", `mount "vde://" "/mnt" "x" 0x8000 ""`, unix.ENOENT,
			"mounting vde:// (type x) on /mnt: No such file or directory"),
		simple("target no directory", "-t x tmpfs /file", `mount "tmpfs" "/file" "x" 0x8000 ""`, unix.ENOTDIR,
			"mount point /file: Not a directory"),
		simple("source out of reach", args, call, unix.EACCES, "source /img: Permission denied"),
		simple("broken image", args, call, unix.EIO, "/img cannot be read as type vufuseext2: Input/output error"),
		simple("option", "-t x -o foo,bar=1 /img /mnt", `mount "/img" "/mnt" "x" 0x8000 "foo,bar=1"`, unix.EINVAL,
			"bad option in 'foo,bar=1', or /img is not valid for type x"),
		simple("image", args, call, unix.EINVAL, "/img is not valid for type vufuseext2: Invalid argument"),
		simple("no type", "/img /mnt", `mount "/img" "/mnt" "" 0x8000 ""`, unix.EINVAL, "a type is needed (-t)"),
		simple("empty type", "/img /mnt", `mount "/img" "/mnt" "" 0x8000 ""`, unix.ENODEV, "a type is needed (-t)"),
		simple("no block device", "-t ext4 /img /mnt", `mount "/img" "/mnt" "ext4" 0x8000 ""`, unix.ENOTBLK, "/img is not a block device"),
		simple("move", "-M /img /mnt", `mount "/img" "/mnt" "" 0xa000 ""`, unix.EINVAL, "/img is not a mount that can be moved to /mnt"),
		simple("remount", "-o remount /mnt", `mount "none" "/mnt" "" 0x8020 ""`, unix.EINVAL,
			"/mnt is not a mount point, or cannot be remounted with these options"),
		simple("propagation", "-o private /mnt", `mount "none" "/mnt" "" 0x48000 ""`, unix.EINVAL, "/mnt is not a mount point"),
		simple("busy", args, call, unix.EBUSY, "/img is in use, or something is mounted on /mnt already"),
		simple("write-protected", args, call, unix.EROFS, "/img is write-protected: mount it read-only (-r)"),
		simple("anything else", args, call, unix.ENOMEM, "mounting /img (type vufuseext2) on /mnt: Cannot allocate memory"),
	})
}

func TestModuleFor(t *testing.T) {
	for fstype, want := range map[string]string{
		"vufs": "vufs", "vufuseext2": "vufuse", "vufuse": "vufuse", "vudevpartx": "vudev", "vunetvdestack": "vunet",
		"vumisctime": "vumisc", "vubinfmt": "vubinfmt", "unrealsock": "unrealsock", "fuse.sshfs": "fuse", "fuseblk": "", "ext4": "",
	} {
		if got := moduleFor(fstype); got != want {
			t.Errorf("%s: module %q, want %q", fstype, got, want)
		}
	}
}
