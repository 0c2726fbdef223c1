// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// modules are those that can be loaded and those that are.
type modules struct {
	s      *Supervisor
	known  []*engine.Module
	ending sync.WaitGroup // file systems that have not ended

	mu     sync.RWMutex
	loaded []*instance
}

// instance is a loaded module.
type instance struct {
	mod       *engine.Module
	inst      engine.Instance
	permanent bool
	users     atomic.Int64 // mounts
}

func (m *modules) init(s *Supervisor, known []*engine.Module) { m.s, m.known = s, known }

// any tells whether a module is loaded.
func (m *modules) any() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.loaded) > 0
}

// find is the module with a name: built in, or a plugin in the module directory.
func (m *modules) find(name string) (*engine.Module, error) {
	for _, k := range m.known {
		if k.Name == name {
			return k, nil
		}
	}
	return openPlugin(name)
}

// insmod loads a module. Errors: ENOENT if there is none of that name, EEXIST if it is
// loaded already, or what the module says.
func (m *modules) insmod(c *call, name string, permanent bool) error {
	mod, err := m.find(name)
	if err != nil {
		if !errors.Is(err, unix.ENOENT) { // what the error number does not tell: plugins are particular
			m.s.log.Logf(engine.LogWarning, "%v", err)
		}
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.loaded {
		if l.mod.Name == mod.Name {
			m.s.log.Logf(engine.LogInfo, "module %s already loaded", mod.Name)
			return unix.EEXIST
		}
	}
	h := &moduleHost{s: m.s, tag: mod.Tag, view: c.task().View}
	inst, err := load(mod, h)
	if err != nil {
		m.s.log.Logf(engine.LogInfo, "loading of module %s failed: %v", name, err)
		return err
	}
	m.s.log.AddTag(mod.Tag, mod.TagName)
	m.loaded = append(m.loaded, &instance{mod: mod, inst: inst, permanent: permanent})
	return nil
}

func load(mod *engine.Module, h engine.Host) (inst engine.Instance, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v: %w", p, unix.EIO)
		}
	}()
	return mod.Load(h)
}

// rmmod unloads a module. Errors: ENOENT if it is not loaded, EBUSY if it is in use or permanent.
func (m *modules) rmmod(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.loaded, func(l *instance) bool { return l.mod.Name == name })
	if i < 0 {
		m.s.log.Logf(engine.LogInfo, "module %s is not loaded", name)
		return unix.ENOENT
	}
	l := m.loaded[i]
	if l.permanent || l.users.Load() > 0 {
		return unix.EBUSY
	}
	if err := l.inst.Unload(); err != nil {
		return err
	}
	m.loaded = slices.Delete(m.loaded, i, i+1)
	return nil
}

// list is the text of vu_lsmod.
func (m *modules) list() string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var b strings.Builder
	for _, l := range m.loaded {
		fmt.Fprintf(&b, "%s: %s\n", l.mod.Name, l.mod.Description)
	}
	return b.String()
}

// mounter is the loaded module that serves a file system type.
func (m *modules) mounter(fstype string) (engine.Mounter, *instance) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, l := range m.loaded {
		if mt, ok := l.inst.(engine.Mounter); ok && mt.MountsType(fstype) {
			return mt, l
		}
	}
	return nil, nil
}

// umounted tells whether a loaded module says that there is nothing left to unmount.
func (m *modules) umounted(c *call, path string) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, l := range m.loaded {
		if u, ok := l.inst.(engine.Umounter); ok && u.Umounted(c, path) {
			return true
		}
	}
	return false
}

// endAll waits for the file systems to end and unloads all modules.
func (m *modules) endAll() {
	m.ending.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range slices.Backward(m.loaded) {
		m.s.guard(l.mod.Name+": unload", func() { _ = l.inst.Unload() })
	}
	m.loaded = nil
}

// guard runs module code outside a guest's call; a panic is a line in the log.
func (s *Supervisor) guard(what string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Logf(engine.LogErr, "%s: panic: %v\n%s", what, p, debug.Stack())
		}
	}()
	f()
}
