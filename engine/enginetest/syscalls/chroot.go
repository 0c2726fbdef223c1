// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"

	"golang.org/x/sys/unix"
)

var chrootCases = []Case{
	{"chroot/paths", Root, chrootPaths},
	{"chroot/outside-cwd", Root, chrootOutside},
	{"chroot/mounts", Root, chrootMounts},
	{"chroot/errors", Root, chrootErrors},
	{"chroot/as-user", User, chrootUser},
}

// The directory becomes `/`: absolute paths, links and `..` end there. The process runs
// this case only, so the root need not be put back.
func chrootPaths(t *T) {
	d := t.Mkdir("d")
	f := t.Stat(t.File("d/f", "abc"))
	t.Mkdir("d/e")
	t.Symlink("/f", "d/e/abs")
	t.Symlink("../../../../f", "d/up")
	keep := t.Open("/", unix.O_PATH, 0)
	t.Do(unix.SYS_CHROOT, d)
	t.Do(unix.SYS_CHDIR, "/")
	for _, p := range []string{"/f", "f", "/../f", "../../f", "/e/abs", "/up", "e/../../f"} {
		t.SameInode(t.Stat(p), f)
	}
	same(t, "cwd", cwd(t), "/")
	var st unix.Stat_t
	t.Fails(unix.ENOENT, unix.SYS_STAT, d, &st)
	t.Fails(unix.ENOENT, unix.SYS_STAT, "/proc/self", &st)
	t.Do(unix.SYS_CHDIR, "/e")
	same(t, "cwd", cwd(t), "/e")
	t.forked(0, call(unix.SYS_MKDIR, "/made", 0o755), call(unix.SYS_CHDIR, "/made"))
	t.Do(unix.SYS_NEWFSTATAT, keep, d[1:]+"/made", &st, 0)
	t.Do(unix.SYS_FCHDIR, keep)
	t.Do(unix.SYS_CHROOT, ".")
	t.Stat(d)
}

// A current directory outside the root is reachable by relative paths, and getcwd says
// so with the prefix "(unreachable)".
func chrootOutside(t *T) {
	t.Mkdir("d")
	t.File("f", "abc")
	t.enter(t.Dir)
	t.Do(unix.SYS_CHROOT, "d")
	t.Holds("f", "abc")
	t.Missing("d/../f") // `..` ends at the root, also when it is reached from outside
	same(t, "cwd", cwd(t)[:13], "(unreachable)")
	t.Do(unix.SYS_CHDIR, "d")
	same(t, "cwd", cwd(t), "/")
	t.SameInode(t.Stat(".."), t.Stat("/"))
}

// /proc/PID/mounts and mountinfo list what is mounted below the root of that process, nothing here.
func chrootMounts(t *T) {
	proc := t.Open("/proc", unix.O_PATH, 0)
	pid := unix.Getpid()
	t.Do(unix.SYS_CHROOT, t.Mkdir("d"))
	for _, name := range []string{"self/mounts", "self/mountinfo", "mounts", fmt.Sprintf("%d/mounts", pid)} {
		fd := t.Do(unix.SYS_OPENAT, proc, name, unix.O_RDONLY, 0)
		same(t, name, t.Read(fd, 1<<16), "")
	}
}

func chrootErrors(t *T) {
	t.Fails(unix.ENOENT, unix.SYS_CHROOT, t.Path("no"))
	t.Fails(unix.ENOENT, unix.SYS_CHROOT, "")
	t.Fails(unix.ENOTDIR, unix.SYS_CHROOT, t.File("f", ""))
	t.Fails(unix.EFAULT, unix.SYS_CHROOT, nil)
}

func chrootUser(t *T) {
	t.Fails(unix.EPERM, unix.SYS_CHROOT, t.Dir)
	t.Fails(unix.ENOENT, unix.SYS_CHROOT, t.Path("no"))
}
