// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// parallel is how many READs of one call are under way at once.
const parallel = 4

// ReadAt implements [engine.FileReader]. A long read becomes several requests, at once if the server takes them so
// (FUSE_ASYNC_READ). With direct I/O nothing is asked for that lies behind a short answer: what is read may be used
// up by it (fs/fuse/file.c:fuse_direct_io()).
func (f *file) ReadAt(c engine.Call, p []byte, off int64) (int, error) {
	if err := f.usable(); err != nil || len(p) == 0 {
		return 0, err
	}
	defer f.n.accessed()
	most := f.n.fs.agreed.Load().maxRead
	if len(p) > most && f.n.fs.has(proto.AsyncRead) && !f.direct() {
		return f.readParallel(c, p, off)
	}
	done := 0
	for done < len(p) {
		part := p[done:min(done+most, len(p))]
		n, err := f.read(c, part, off+int64(done))
		done += n
		if err != nil && done == 0 {
			return 0, err
		}
		if err != nil || n < len(part) {
			break
		}
	}
	return done, nil
}

// direct tells whether data goes past the page cache.
func (f *file) direct() bool { return f.open&proto.OpenDirectIO != 0 }

// read sends one READ and waits.
func (f *file) read(c engine.Call, p []byte, off int64) (int, error) {
	r := f.readRequest(c, p, off)
	if err := f.n.fs.do(c, r); err != nil {
		return 0, err
	}
	return r.N, nil
}

func (f *file) readRequest(c engine.Call, p []byte, off int64) *Request {
	in := &proto.ReadIn{Fh: f.fh, Offset: uint64(off), Size: uint32(len(p)), Flags: f.flags}
	if f.direct() {
		in.ReadFlags, in.LockOwner = proto.ReadLockOwner, f.n.owner(c.PID())
	}
	return &Request{Op: proto.Read, Node: f.n.id, In: in, Buf: p}
}

// readParallel sends the READs of a long read, a few at a time. The result is what was read before
// the first error or the end of the file.
func (f *file) readParallel(c engine.Call, p []byte, off int64) (done int, err error) {
	most := f.n.fs.agreed.Load().maxRead
	type piece struct {
		*Request
		wait func() error
	}
	var under []piece // way, in order
	for sent, ended := 0, false; ; {
		for !ended && sent < len(p) && len(under) < parallel {
			r := f.readRequest(c, p[sent:min(sent+most, len(p))], off+int64(sent))
			f.n.fs.from(c, r)
			under = append(under, piece{r, f.n.fs.t.Send(c, r)})
			sent += len(r.Buf)
		}
		if len(under) == 0 {
			break
		}
		q := under[0]
		under = under[1:]
		if e := q.wait(); !ended {
			done += q.N
			if e != nil && done == 0 {
				err = e
			}
			ended = e != nil || q.N < len(q.Buf)
		}
	}
	return done, err
}

// WriteAt implements [engine.FileWriter]. Writes to one file go one after the other, unless the
// server takes direct writes in parallel.
func (f *file) WriteAt(c engine.Call, p []byte, off int64) (int, error) {
	if err := f.usable(); err != nil {
		return 0, err
	}
	if err := f.dropSetIDs(c); err != nil {
		return 0, err
	}
	if f.writesInParallel(off + int64(len(p))) {
		rlock(c, &f.n.ioMu)
		defer f.n.ioMu.RUnlock()
	} else {
		lock(c, &f.n.ioMu)
		defer f.n.ioMu.Unlock()
	}
	return f.writeAll(c, p, off)
}

// Append implements [engine.FileAppender].
func (f *file) Append(c engine.Call, p []byte) (n int, off int64, err error) {
	if err := f.usable(); err != nil {
		return 0, 0, err
	}
	if err := f.dropSetIDs(c); err != nil {
		return 0, 0, err
	}
	lock(c, &f.n.ioMu)
	defer f.n.ioMu.Unlock()
	a, err := f.n.fresh(c, unix.STATX_SIZE)
	if err != nil {
		return 0, 0, err
	}
	off = int64(a.Size)
	n, err = f.writeAll(c, p, off)
	return n, off, err
}

// writeAll writes in as many requests as it takes, with ioMu held.
func (f *file) writeAll(c engine.Call, p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		part := p[done:min(done+f.n.fs.agreed.Load().maxWrite, len(p))]
		n, err := f.write(c, part, off+int64(done))
		done += n
		if err != nil && done == 0 {
			return 0, err
		}
		if err != nil || n < len(part) {
			break
		}
	}
	return done, nil
}

func (f *file) writesInParallel(end int64) bool {
	const both = proto.OpenDirectIO | proto.OpenParallelWrites
	if f.open&both != both || f.flags&unix.O_APPEND != 0 {
		return false
	}
	f.n.mu.Lock()
	defer f.n.mu.Unlock()
	return uint64(end) <= f.n.attr.Size
}

// write sends one WRITE. A short one is an error for the page cache (fs/fuse/file.c:
// fuse_send_write_pages), but not for direct I/O.
func (f *file) write(c engine.Call, p []byte, off int64) (int, error) {
	in := &proto.WriteIn{Fh: f.fh, Offset: uint64(off), Size: uint32(len(p)), Flags: f.flags}
	if f.direct() {
		in.WriteFlags, in.LockOwner = proto.WriteLockOwner, f.n.owner(c.PID())
	}
	if f.n.fs.has(proto.HandleKillprivV2) && !c.Cred().HasCap(unix.CAP_FSETID) {
		in.WriteFlags |= proto.WriteKillSuidgid
	}
	var out proto.WriteOut
	err := f.n.fs.do(c, &Request{Op: proto.Write, Node: f.n.id, In: in, Data: p, Out: &out})
	if err != nil {
		return 0, err
	}
	n := int(out.Size)
	if n > len(p) {
		return 0, unix.EIO
	}
	f.n.wrote(off + int64(n))
	if n < len(p) && !f.direct() {
		return n, unix.EIO
	}
	return n, nil
}

// dropSetIDs takes away the set-id bits before the file changes, unless the server does that
// (fs/inode.c:file_remove_privs).
func (f *file) dropSetIDs(c engine.Call) error {
	if f.n.fs.killsPriv() || c.Cred().HasCap(unix.CAP_FSETID) {
		return nil
	}
	f.n.mu.Lock()
	mode := f.n.attr.Mode
	f.n.mu.Unlock()
	bits := setIDs(mode)
	if bits == 0 || f.n.typ != unix.S_IFREG {
		return nil
	}
	return f.n.setattr(c, &engine.SetAttr{Valid: engine.AttrMode, Mode: mode &^ bits & 0o7777}, f)
}
