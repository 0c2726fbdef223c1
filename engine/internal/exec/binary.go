// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"path/filepath"
	"sync"
)

// Binary is a copy that is held. It stays in place until Release, which must come
// when the exec is over and not before: the kernel opens the copy and, by its
// path, the loader. A running program needs it no longer.
type Binary struct {
	cache *Cache
	entry *entry
	name  string
	once  sync.Once
}

// Dirfd is a descriptor in umvu of the directory that holds the copy, not O_PATH
// so that it can be installed in a guest. It is valid until Release.
func (b *Binary) Dirfd() int { return b.entry.fd }

// Name is the copy's name in that directory.
func (b *Binary) Name() string { return b.name }

// Path is the copy's absolute path on the host.
func (b *Binary) Path() string { return filepath.Join(b.entry.dir, b.name) }

// Release gives the copy up. It may be called more than once.
func (b *Binary) Release() { b.once.Do(func() { b.cache.release(b.entry) }) }
