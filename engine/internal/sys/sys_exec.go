// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/exec"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/view"
)

func sysExecve(c *call) reply { return c.exec(unix.AT_FDCWD, c.n.Args[0], follow) }

func sysExecveat(c *call) reply {
	if p := c.s.rewrites.returned(c); p != nil {
		if err := p.Arm(); err != nil {
			return c.result(err)
		}
		return native
	}
	flags := c.fd(4)
	if flags&^(unix.AT_SYMLINK_NOFOLLOW|unix.AT_EMPTY_PATH|atExecveCheck) != 0 {
		return native // EINVAL
	}
	w := atFlags(flags)
	if flags&atExecveCheck != 0 {
		w |= checkOnly
	}
	return c.exec(c.fd(0), c.n.Args[1], w)
}

// atExecveCheck is AT_EXECVE_CHECK (Linux 6.14): would it be allowed?
const atExecveCheck = 0x10000

// exec runs a program. Where the kernel finds the same binary and the same interpreters, it
// does; otherwise the call is rewritten, see package exec.
func (c *call) exec(dirfd int, path uint64, w want) reply {
	p, err := c.mem().String(c.path[:], path)
	if err != nil {
		return native
	}
	if c.s.mounts.Load() == 0 && c.s.files.Live() == 0 && c.s.tasks.Only() {
		return c.execHost(dirfd, p)
	}
	t, err := c.findPath(dirfd, p, w)
	if err != nil {
		return c.result(err)
	}
	pr := program{c: c, head: string(p), byFD: -1}
	if t.native {
		if !c.mayHaveVirtualParts() {
			return c.execHost(dirfd, p)
		}
		if len(p) == 0 {
			return native
		}
		st, err := c.start(dirfd, p)
		if err != nil || st.pos.IsZero() {
			return native
		}
		if t, err = c.walk(start{pos: st.pos}, string(p), w); err != nil {
			return native
		}
		pr.onHost = true
	}
	if dirfd != unix.AT_FDCWD && (len(p) == 0 || p[0] != '/') {
		pr.byFD = dirfd
		pr.head = strings.TrimSuffix("/dev/fd/"+strconv.Itoa(dirfd)+"/"+string(p), "/")
	}
	switch err := pr.load(t, 0); {
	case err != nil:
		return c.result(err)
	case pr.onHost:
		return native
	case w&checkOnly != 0:
		return ok(0)
	}
	return pr.run()
}

// mayHaveVirtualParts tells whether the interpreter of a binary of the host may be virtual.
func (c *call) mayHaveVirtualParts() bool {
	return !c.task().View.Mounts().Empty() || !c.task().Root.IsZero()
}

// execHost leaves a binary of the host to the kernel, unless its system calls would
// pass by the filter.
func (c *call) execHost(dirfd int, p []byte) reply {
	if len(p) == 0 {
		return native
	}
	path := string(p)
	if path[0] != '/' {
		base := "/proc/" + strconv.Itoa(c.TID()) + "/cwd/"
		if dirfd != unix.AT_FDCWD {
			base = "/proc/" + strconv.Itoa(c.TID()) + "/fd/" + strconv.Itoa(dirfd) + "/"
		}
		path = base + path
	} else if c.s.foreign.Load() {
		path = "/proc/" + strconv.Itoa(c.TID()) + "/root" + path
	}
	if host.ForeignBinary(path) {
		c.log(engine.LogWarning, "%s: not a binary for x86-64: its system calls cannot be seen", p)
		return fail(unix.ENOEXEC)
	}
	return native
}

// program is what an execve is going to run.
type program struct {
	c      *call
	head   string   // path of the file as it is to appear in the argument list
	byFD   int      // descriptor in that path, or -1
	args   []string // what takes the place of argv[0], for a script
	onHost bool     // all parts are the host's and found by the kernel as well
	binary target
	image  exec.Image
	interp *target // the loader, if it is virtual
}

// load finds the binary behind any number of scripts, and its loader.
func (p *program) load(t target, depth int) error {
	if depth > exec.MaxScripts {
		return unix.ELOOP
	}
	if err := p.mayRun(t); err != nil {
		return err
	}
	r, closeFile, err := p.open(t)
	if err != nil {
		if p.onHost {
			return nil // the kernel may run what cannot be read
		}
		return err
	}
	defer closeFile()
	img, err := exec.Probe(r)
	if err != nil {
		return p.format(err)
	}
	if img.Kind == exec.ELF {
		p.binary, p.image = t, img
		return p.loader(img)
	}
	if p.byFD >= 0 && guest.CloseOnExec(p.c.TID(), p.byFD) {
		return unix.ENOENT // fs/binfmt_script.c: BINPRM_FLAGS_PATH_INACCESSIBLE
	}
	head := p.args
	if head == nil {
		head = []string{p.head}
	}
	p.args = img.Head(head)
	next, virtual, err := p.find(img.Interp)
	if err != nil {
		return err
	}
	if virtual {
		p.onHost = false
	}
	return p.load(next, depth+1)
}

// format turns what is wrong with a file into the call's error. The kernel may know formats of its own
// (binfmt_misc) for files of the host.
func (p *program) format(err error) error {
	var fe *exec.FormatError
	if errors.As(err, &fe) && fe.Compat {
		p.c.log(engine.LogWarning, "%s: %v: its system calls cannot be seen", p.head, err)
		return unix.ENOEXEC
	}
	if p.onHost {
		return nil
	}
	return err
}

func (p *program) loader(img exec.Image) error {
	if !img.Dynamic {
		return nil
	}
	t, virtual, err := p.find(img.Interp)
	if err != nil {
		return err
	}
	if virtual {
		p.onHost = false
		p.interp = &t
	}
	return nil
}

// find resolves the path of an interpreter, which is relative to the caller's working
// directory.
func (p *program) find(path string) (t target, virtual bool, err error) {
	if path == "" {
		return t, false, unix.EACCES
	}
	if t, err = p.c.findPath(unix.AT_FDCWD, []byte(path), follow); err != nil || !t.native {
		return t, true, err
	}
	st, err := p.c.start(unix.AT_FDCWD, []byte(path))
	if err != nil || st.pos.IsZero() {
		return t, false, unix.ENOENT
	}
	t, err = p.c.walk(start{pos: st.pos}, path, follow)
	return t, false, err
}

// mayRun is what fs/exec.c:do_open_execat() checks.
func (p *program) mayRun(t target) error {
	if t.Node == nil {
		return unix.ENOENT
	}
	switch t.Node.Type() {
	case unix.S_IFREG:
	case unix.S_IFLNK:
		return unix.ELOOP
	default:
		return unix.EACCES
	}
	return permitted(p.c, t, unix.X_OK)
}

// open opens a file for reading, whatever the caller may do: it is run, not read.
func (p *program) open(t target) (io.ReaderAt, func(), error) {
	op, ok := t.Node.(engine.NodeOpener)
	if !ok {
		return nil, nil, unix.EACCES
	}
	who := p.c.asOwn()
	f, err := op.Open(who, unix.O_RDONLY)
	if err != nil {
		return nil, nil, err
	}
	r, ok := f.(engine.FileReader)
	switch {
	case !ok:
		err = unix.EACCES
	case p.c.written(t.Node, f):
		err = unix.ETXTBSY
	}
	if err != nil {
		f.Release(who)
		return nil, nil, err
	}
	return fileReader{who, r}, func() { f.Release(who) }, nil
}

// fileReader reads a module's file.
type fileReader struct {
	c engine.Call
	f engine.FileReader
}

func (r fileReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.f.ReadAt(r.c, p, off)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// run copies what is virtual and rewrites the call.
func (p *program) run() reply {
	c := p.c
	c.Block()
	var held []*exec.Binary
	release := func() {
		for _, b := range held {
			b.Release()
		}
	}
	loader := ""
	if p.interp != nil {
		b, err := p.copy(*p.interp, view.Base(p.interp.Path), "")
		if err != nil {
			return c.result(err)
		}
		held = append(held, b)
		loader = b.Path()
	}
	b, err := p.copy(p.binary, p.comm(), loader)
	if err != nil {
		release()
		return c.result(err)
	}
	held = append(held, b)
	c.s.programs.add(b.Path(), p.openedAt())
	dirfd, err := c.installZone(b.Dirfd(), true, otherZone)
	if err == errHardLimit {
		dirfd, err = c.s.listener.AddLowest(c.n.ID, b.Dirfd(), true)
	}
	if err != nil {
		release()
		return c.result(err)
	}
	return c.rewrite(exec.Target{Dirfd: dirfd, Name: b.Name(), Head: p.args}, release)
}

// openedAt is what is kept of the binary while it runs.
func (p *program) openedAt() *openedAt {
	t := p.binary
	if f := cmp.Or(t.file, t.through); f != nil {
		return openedOf(f)
	}
	at, err := p.c.hold(t.Pos)
	if err != nil {
		at = t.Pos
	}
	return &openedAt{pos: at, dir: t.dir, name: t.name}
}

// comm is the name that the process gets: that of the path that was to be run, which may be a symbolic link or a script, and
// that of the file where only a descriptor was given.
func (p *program) comm() string {
	if f := p.binary.file; f != nil {
		return cmp.Or(openedOf(f).dentry().name, view.Base(p.binary.Path))
	}
	return view.Base(p.head)
}

// copy makes a copy of a binary that the kernel can execute.
func (p *program) copy(t target, name, loader string) (*exec.Binary, error) {
	var st unix.Statx_t
	if err := t.Node.Stat(p.c, &st); err != nil {
		return nil, err
	}
	r, closeFile, err := p.open(t)
	if err != nil {
		return nil, err
	}
	defer closeFile()
	id, err := p.c.programID(t.Node)
	if err != nil {
		return nil, err
	}
	return p.c.s.execs.Copy(context.Background(), exec.Source{
		ID: id, Size: int64(st.Size), Mtime: nano(st.Mtime), Ctime: nano(st.Ctime),
		Name: name, Content: r, Interp: loader,
	})
}

func nano(t unix.StatxTimestamp) int64 { return t.Sec*1e9 + int64(t.Nsec) }
