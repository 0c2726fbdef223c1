// SPDX-License-Identifier: Apache-2.0

package vunet

import "vuos.dev/engine"

// FileSystem is a mounted stack.
type FileSystem struct {
	stack engine.Stack
	shown string
	close func()
}

var (
	_ engine.FileSystem        = (*FileSystem)(nil)
	_ engine.FileSystemLister  = (*FileSystem)(nil)
	_ engine.FileSystemBusier  = (*FileSystem)(nil)
	_ engine.FileSystemAborter = (*FileSystem)(nil)
	_ engine.FileSystemShower  = (*FileSystem)(nil)
)

// NewFileSystem makes the file system whose root is a stack. shown are its options in
// /proc/mounts; end, which may be nil, is called at unmount. A stack that also has the
// methods Busy and Abort is asked for them.
func NewFileSystem(s engine.Stack, shown string, end func()) *FileSystem {
	return &FileSystem{stack: s, shown: shown, close: end}
}

// Root implements [engine.FileSystem].
func (f *FileSystem) Root() engine.Node { return f.stack }

// Unmount implements [engine.FileSystem].
func (f *FileSystem) Unmount(c engine.Call) error {
	if f.close != nil {
		c.Block()
		f.close()
	}
	return nil
}

// Listed implements [engine.FileSystemLister]: a stack shows in its directory.
func (*FileSystem) Listed() bool { return true }

// ShowOptions implements [engine.FileSystemShower].
func (f *FileSystem) ShowOptions() string { return f.shown }

// Busy implements [engine.FileSystemBusier]: while sockets are open.
func (f *FileSystem) Busy() bool {
	b, ok := f.stack.(interface{ Busy() bool })
	return ok && b.Busy()
}

// Abort implements [engine.FileSystemAborter]: open sockets are reset.
func (f *FileSystem) Abort() {
	if a, ok := f.stack.(interface{ Abort() }); ok {
		a.Abort()
	}
}
