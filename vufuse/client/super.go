// SPDX-License-Identifier: Apache-2.0

package client

import (
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// How long an unmount waits for a server that does not let go: one that we started brings its data to the disk then and
// is ended afterwards, for another one there is no need to.
const (
	patience          = 5 * time.Minute
	untrustedPatience = 2 * time.Second
)

// magic is FUSE_SUPER_MAGIC (statfs(2)).
const magic = 0x65735546

// Statfs implements [engine.FileSystemStatfser].
func (fs *FS) Statfs(c engine.Call, _ engine.Node, st *unix.Statfs_t) error {
	*st = unix.Statfs_t{Type: magic}
	if !fs.allowed(c) {
		return nil
	}
	var out proto.StatfsOut
	if err := fs.do(c, &Request{Op: proto.Statfs, Node: proto.RootID, Out: &out}); err != nil {
		return err
	}
	st.Blocks, st.Bfree, st.Bavail, st.Files, st.Ffree = out.Blocks, out.Bfree, out.Bavail, out.Files, out.Ffree
	st.Bsize, st.Frsize, st.Namelen = int64(out.Bsize), int64(out.Frsize), int64(out.Namelen)
	return nil
}

// Syncfs implements [engine.FileSystemSyncer]. As in the kernel, who calls sync(2) is not at the mercy of anybody's
// server (fs/fuse/inode.c:fuse_sync_fs).
func (fs *FS) Syncfs(c engine.Call) error {
	if fs.opt.Untrusted {
		return nil
	}
	return fs.optional(c, &Request{Op: proto.Syncfs, Node: proto.RootID, In: &proto.SyncfsIn{}}, nil)
}

// ShowOptions implements [engine.FileSystemShower].
func (fs *FS) ShowOptions() string {
	if fs.opt.Show == nil {
		return ""
	}
	return fs.opt.Show(fs.judges())
}

// Dev implements [engine.FileSystemDevicer].
func (fs *FS) Dev() uint64 { return fs.dev }

// Abort implements [engine.FileSystemAborter].
func (fs *FS) Abort() { fs.t.Abort() }

// Unmount implements [engine.FileSystem]: what is under way ends, the server is told to let go of
// everything (DESTROY), and when this returns it has closed its end.
func (fs *FS) Unmount(c engine.Call) error {
	c.Block()
	if !fs.answered() {
		fs.t.Abort()
		<-fs.ready
	}
	late := make(chan struct{})
	wait := patience
	if fs.opt.Untrusted {
		wait = untrustedPatience
	}
	timer := time.AfterFunc(wait, func() {
		close(late)
		fs.t.Abort()
	})
	defer timer.Stop()
	fs.background.Wait()
	if !fs.opt.Untrusted {
		fs.forgetAll()
	}
	fs.forgets.stop()
	err := fs.force(c, &Request{Op: proto.Destroy, Node: proto.RootID})
	fs.t.Close(late)
	fs.host.FreeDev(fs.dev)
	switch err {
	case unix.ENOSYS, unix.ENOTCONN, unix.ECONNABORTED:
		return nil // it is gone anyway
	}
	return err
}

// forgetAll gives all lookups back, for a file system that closes something then. The kernel does not
// (fs/fuse/inode.c:fuse_evict_inode()), and a server with several threads may be letting go of everything at the time.
func (fs *FS) forgetAll() {
	fs.names.clear()
	fs.imu.Lock()
	var all []*ref
	for _, i := range fs.table {
		if i.ref.id != proto.RootID {
			all = append(all, i.ref)
		}
	}
	fs.imu.Unlock()
	for _, r := range all {
		if k := r.count.Swap(0); k > 0 {
			fs.forgets.add(r.id, k)
		}
	}
}

// MaxWrite is the most data in one WRITE, in bytes.
func (fs *FS) MaxWrite() int { return fs.agreed.Load().maxWrite }
