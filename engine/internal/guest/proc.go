// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// FDLink is the text of /proc/TID/fd/N in buf: what kind of object descriptor fd of thread
// tid is. EBADF if it is not open. It does not allocate.
func FDLink(tid, fd int, buf []byte) ([]byte, error) {
	var path [48]byte
	p := appendFDPath(path[:0], tid, fd)
	n, e := readlinkRaw(append(p, 0), buf)
	if e != 0 {
		if e == unix.ENOENT {
			e = unix.EBADF
		}
		return nil, e
	}
	return buf[:n], nil
}

func appendFDPath(p []byte, tid, fd int) []byte {
	p = append(p, "/proc/"...)
	p = strconv.AppendInt(p, int64(tid), 10)
	p = append(p, "/fd/"...)
	return strconv.AppendInt(p, int64(fd), 10)
}

// FDOpen tells whether descriptor fd of thread tid is open.
func FDOpen(tid, fd int) bool {
	// A comparison with itself costs a third of reading its link.
	switch _, _, e := unix.RawSyscall6(unix.SYS_KCMP, uintptr(tid), uintptr(tid), kcmpFile, uintptr(fd), uintptr(fd), 0); e {
	case 0:
		return true
	case unix.EBADF:
		return false
	}
	// Some kernels and some containers are without kcmp.
	var b [8]byte
	_, err := FDLink(tid, fd, b[:])
	return err == nil
}

const kcmpFile = 0 // KCMP_FILE of linux/kcmp.h

// CloseOnExec tells whether descriptor fd of thread tid is closed by execve.
func CloseOnExec(tid, fd int) bool {
	b, err := FDInfo(tid, fd, nil)
	if err != nil {
		return false
	}
	flags, err := strconv.ParseUint(string(field(b, "flags:")), 8, 64)
	return err == nil && flags&unix.O_CLOEXEC != 0
}

// PidfdPID is the thread that descriptor fd of thread tid, a pidfd, refers to; ok is false if that is none, or if what it
// refers to has ended.
func PidfdPID(tid, fd int) (pid int, ok bool) {
	b, err := FDInfo(tid, fd, nil)
	if err != nil {
		return 0, false
	}
	pid, err = strconv.Atoi(string(field(b, "Pid:")))
	return pid, err == nil && pid > 0
}

// FDInfo is what the kernel tells of descriptor fd of thread tid, proc_pid_fdinfo(5), in buf or, if that is too short, in memory of its
// own.
func FDInfo(tid, fd int, buf []byte) ([]byte, error) {
	var path [48]byte
	p := append(path[:0], "/proc/"...)
	p = strconv.AppendInt(p, int64(tid), 10)
	p = append(p, "/fdinfo/"...)
	info, err := unix.Open(string(strconv.AppendInt(p, int64(fd), 10)), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(info)
	b := buf[:0]
	for {
		n, err := unix.Read(info, b[len(b):cap(b)])
		if err != nil {
			return nil, err
		}
		b = b[:len(b)+n]
		if len(b) < cap(b) { // a file of one record: what did not fill the buffer was all
			return b, nil
		}
		b = slices.Grow(b, max(cap(b), 512))
	}
}

// FDPosition is the offset and the status flags in what [FDInfo] returned.
func FDPosition(info []byte) (pos int64, flags int, ok bool) {
	line, rest, _ := bytes.Cut(info, []byte("\n"))
	text, ok := bytes.CutPrefix(line, []byte("pos:\t"))
	pos, err1 := strconv.ParseInt(string(text), 10, 64)
	line, _, _ = bytes.Cut(rest, []byte("\n"))
	text, ok2 := bytes.CutPrefix(line, []byte("flags:\t"))
	fl, err2 := strconv.ParseInt(string(text), 8, 32)
	return pos, int(fl), ok && ok2 && err1 == nil && err2 == nil
}

// FDInode is the inode that descriptor fd of thread tid is an open file of.
func FDInode(tid, fd int) (dev, ino uint64, err error) {
	var st unix.Stat_t
	var path [48]byte
	err = unix.Stat(string(appendFDPath(path[:0], tid, fd)), &st)
	return st.Dev, st.Ino, err
}

// FDCount is how many descriptors thread tid has open, or 0 before Linux 6.2.
func FDCount(tid int) int {
	var st unix.Stat_t
	if unix.Stat("/proc/"+strconv.Itoa(tid)+"/fd", &st) != nil {
		return 0
	}
	return int(st.Size)
}

// Take makes a descriptor of umvu's for the open file that is descriptor fd of thread tid.
func Take(tid, fd int) (int, error) {
	pidfd, err := unix.PidfdOpen(tid, unix.PIDFD_THREAD)
	if err != nil {
		// A thread that is no leader needs PIDFD_THREAD, Linux 6.9.
		if pidfd, err = unix.PidfdOpen(TGID(tid), 0); err != nil {
			return -1, err
		}
	}
	defer unix.Close(pidfd)
	return unix.PidfdGetfd(pidfd, fd, 0)
}

// Link reads /proc/TID/name, which is one of cwd, root and exe.
func Link(tid int, name string) (string, error) {
	return os.Readlink("/proc/" + strconv.Itoa(tid) + "/" + name)
}

// TGID is the process of a thread, or tid itself if that cannot be read.
func TGID(tid int) int {
	bp, err := readProc(tid, "status")
	if err != nil {
		return tid
	}
	defer procBufs.Put(bp)
	if n, err := strconv.Atoi(string(field(*bp, "Tgid:"))); err == nil {
		return n
	}
	return tid
}

// field is the text behind a key of /proc/PID/status or fdinfo.
func field(status []byte, key string) []byte {
	i := bytes.Index(status, []byte("\n"+key))
	if i < 0 {
		return nil
	}
	line := status[i+1+len(key):]
	if j := bytes.IndexByte(line, '\n'); j >= 0 {
		line = line[:j]
	}
	return bytes.TrimSpace(line)
}

// FDs are the open descriptors of thread tid.
func FDs(tid int) []int {
	dir, err := os.Open("/proc/" + strconv.Itoa(tid) + "/fd")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil
	}
	out := make([]int, 0, len(names))
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil {
			out = append(out, n)
		}
	}
	return out
}
