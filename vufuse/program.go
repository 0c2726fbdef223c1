// SPDX-License-Identifier: Apache-2.0

package vufuse

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/submod"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/wire"
)

// channel is the descriptor that a program finds its channel on.
const channel = "/dev/fd/3"

// grace is how long a program may go on after its channel is closed, to bring its data to the disk.
const grace = 5 * time.Minute

// lastWords is how long a program that closed its channel may take to exit.
const lastWords = 10 * time.Second

// mountProgram starts the program of a type and mounts what it serves.
func (m mounter) mountProgram(c engine.Call, r *engine.MountRequest, o *Options) (engine.FileSystem, error) {
	path := findProgram(c, r.Type)
	if path == "" {
		return nil, submod.Unknown(r.Type)
	}
	c.Block()
	ours, theirs, err := wire.Pair()
	if err != nil {
		return nil, err
	}
	conn, err := wire.New(ours)
	if err != nil {
		unix.Close(ours)
		unix.Close(theirs)
		return nil, err
	}
	said := &tail{}
	proc, err := m.host.Spawn(c, &engine.Program{
		Path: path, Args: programArgs(r, source(c, r.Source), o), Env: os.Environ(),
		Files: []int{-1, -1, -1, theirs}, Stderr: said,
	})
	unix.Close(theirs)
	if err != nil {
		conn.Abort()
		return nil, describe(err, r)
	}
	f, err := m.attach(c, r, conn, o)
	if err != nil {
		return nil, m.failed(r, proc, said, err)
	}
	return &served{FS: f, proc: proc, host: m.host, name: r.Type}, nil
}

// programArgs is the command line of libfuse's mount helper, mount.fuse3(8).
func programArgs(r *engine.MountRequest, source string, o *Options) []string {
	opts := o.all
	for _, f := range flagNames {
		if r.Flags&f.flag != 0 && !hasOption(opts, f.name) {
			opts = strings.TrimPrefix(opts+","+f.name, ",")
		}
	}
	args := []string{r.Type}
	if opts != "" {
		args = append(args, "-o", opts)
	}
	return append(args, source, channel)
}

// source is the path of a file that the caller names relative to where it stands, as the program
// stands elsewhere. What is no file may mean something to the program and stays as it is.
func source(c engine.Call, name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	if _, path, err := c.View().Lookup(c, name, true); err == nil {
		return path
	}
	return name
}

// flagNames are the mount flags as options.
var flagNames = []struct {
	flag uintptr
	name string
}{
	{unix.MS_RDONLY, "ro"}, {unix.MS_NOSUID, "nosuid"}, {unix.MS_NODEV, "nodev"}, {unix.MS_NOEXEC, "noexec"},
	{unix.MS_SYNCHRONOUS, "sync"}, {unix.MS_DIRSYNC, "dirsync"}, {unix.MS_NOATIME, "noatime"},
}

func hasOption(opts, name string) bool {
	for _, s := range strings.Split(opts, ",") {
		if s == name {
			return true
		}
	}
	return false
}

// findProgram looks for a program in $VU_MODULE_PATH, beside umvu, in the module directory, and
// in $PATH. A path is not the name of a program.
func findProgram(c engine.Call, name string) string {
	if strings.ContainsRune(name, '/') {
		return ""
	}
	dirs := filepath.SplitList(os.Getenv("VU_MODULE_PATH"))
	if exe, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Dir(exe))
	}
	dirs = append(dirs, "/usr/lib/vu/modules")
	dirs = append(dirs, filepath.SplitList(os.Getenv("PATH"))...)
	for _, dir := range dirs {
		if path := filepath.Join(dir, name); dir != "" && executable(c, path) {
			return path
		}
	}
	return ""
}

// executable tells whether path is a program, in the view if there is one.
func executable(c engine.Call, path string) bool {
	v := c.View()
	if v == nil {
		fi, err := os.Stat(path)
		return err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0
	}
	n, _, err := v.Lookup(c, path, true)
	if err != nil || n.Type() != unix.S_IFREG {
		return false
	}
	var st unix.Statx_t
	return n.Stat(c, &st) == nil && st.Mode&0o111 != 0
}

// served is a file system that a program serves.
type served struct {
	*client.FS
	proc engine.Process
	host engine.Host
	name string
}

var (
	_ engine.FileSystemShower   = (*served)(nil)
	_ engine.FileSystemStatfser = (*served)(nil)
	_ engine.FileSystemSyncer   = (*served)(nil)
	_ engine.FileSystemAborter  = (*served)(nil)
)

// Unmount implements [engine.FileSystem]. All is on the disk when the program has exited.
func (s *served) Unmount(c engine.Call) error {
	err := s.FS.Unmount(c)
	select {
	case <-s.proc.Done():
	case <-time.After(grace):
		s.host.Logf(engine.LogWarning, "%s: process %d does not end, killed", s.name, s.proc.PID())
		s.proc.Signal(int(unix.SIGKILL))
		<-s.proc.Done()
	}
	return err
}
