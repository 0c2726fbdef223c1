// SPDX-License-Identifier: Apache-2.0

package fork

import (
	"encoding/binary"
	"io"
	"os"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/inherited"
)

// Program is what a child is to become. Its limits, and the rest that a process inherits, are those that this process was
// started with.
type Program struct {
	Path      string
	Args, Env []string
	Dir       string      // working directory; "": that of the thread that starts it
	Files     []int       // descriptors of this process that become 0, 1, ...; or Null, or Closed
	High      map[int]int // descriptors of this process behind those of Files, by the number that they get
	Umask     int
	Session   bool              // a session of its own
	Ignored   inherited.Signals // the others have their default
	Blocked   inherited.Signals
}

// What Files may have in the place of a descriptor.
const (
	Closed = -1 // only behind all that are Null
	Null   = -2 // /dev/null, opened by the child
)

// Started is a child under way.
type Started struct {
	PID  int
	told *os.File
}

// Start makes the child, of the calling goroutine's thread. It does not wait until the program is executed.
func (p *Program) Start() (*Started, error) {
	told, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	s := &steps{}
	files, copies, err := p.files(s, w)
	defer func() {
		for _, fd := range copies {
			unix.Close(fd)
		}
	}()
	if err == nil {
		err = p.steps(s, files)
	}
	pid := 0
	if err == nil {
		pid, err = s.start()
	}
	if err != nil {
		told.Close()
		return nil, err
	}
	return &Started{pid, told}, nil
}

// Wait waits until the program is executed, or could not be: the error is that of what failed. Then the child has
// ended, and is to be waited for as any other.
func (s *Started) Wait() error {
	defer s.told.Close()
	var b [4]byte
	switch _, err := io.ReadFull(s.told, b[:]); err {
	case nil:
		return unix.Errno(binary.LittleEndian.Uint32(b[:]))
	case io.EOF:
		return nil
	default:
		return err
	}
}

// files has the descriptors, and before them that of the pipe, at numbers that the child does not give to another one before they
// have served: those that are in the way are copied. A descriptor that keeps its number is not.
func (p *Program) files(s *steps, told *os.File) (files, copies []int, err error) {
	for i, fd := range append([]int{int(told.Fd())}, p.Files...) {
		if to := i - 1; fd >= 0 && fd < len(p.Files) && fd != to {
			if fd, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, len(p.Files)); err != nil {
				return nil, copies, err
			}
			copies = append(copies, fd)
		}
		files = append(files, fd)
	}
	s.to = uintptr(files[0])
	return files, copies, nil
}

func (p *Program) steps(s *steps, files []int) error {
	s.signals(p.Ignored)
	if p.Session {
		s.add(unix.SYS_SETSID)
	}
	limit, err := inherited.NoFile()
	if err != nil {
		return err
	}
	for to := range p.High { // a hard limit below it lets dup3 fail
		limit.Cur = max(limit.Cur, min(uint64(to)+1, limit.Max))
	}
	s.add(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, point(s, &limit), 0)
	s.add(unix.SYS_UMASK, uintptr(p.Umask))
	null, err := s.text(os.DevNull)
	if err != nil {
		return err
	}
	for to, fd := range files[1:] {
		switch {
		case fd < 0:
			s.add(unix.SYS_CLOSE, uintptr(to)).may = true
			if fd == Null { // it gets the lowest number
				s.add(unix.SYS_OPEN, null, unix.O_RDWR)
			}
		case fd == to:
			s.add(unix.SYS_FCNTL, uintptr(fd), unix.F_SETFD, 0)
		default:
			s.add(unix.SYS_DUP3, uintptr(fd), uintptr(to), 0)
		}
	}
	for to, fd := range p.High {
		if fd == to {
			s.add(unix.SYS_FCNTL, uintptr(fd), unix.F_SETFD, 0)
		} else {
			s.add(unix.SYS_DUP3, uintptr(fd), uintptr(to), 0)
		}
	}
	if p.Dir != "" {
		dir, err := s.text(p.Dir)
		if err != nil {
			return err
		}
		s.add(unix.SYS_CHDIR, dir)
	}
	blocked := uint64(p.Blocked)
	s.add(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, point(s, &blocked), 0, maskSize)
	path, err := s.text(p.Path)
	if err != nil {
		return err
	}
	argv, err := s.texts(p.Args)
	if err != nil {
		return err
	}
	envv, err := s.texts(p.Env)
	if err != nil {
		return err
	}
	s.add(unix.SYS_EXECVE, path, argv, envv)
	return nil
}
