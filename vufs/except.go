// SPDX-License-Identifier: Apache-2.0

package vufs

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// excepting is a bind of which some subtrees stay what they were at the mount point.
type excepting struct {
	engine.BoundFileSystem
	root *patched
}

// Root implements engine.FileSystem.
func (e *excepting) Root() engine.Node { return e.root }

// patch makes the root: the source with the paths below it as the mount point has them now.
func patch(c engine.Call, source engine.Node, r *engine.MountRequest, paths []string) (*patched, error) {
	if source.Type() != unix.S_IFDIR {
		return nil, &engine.MountError{Err: unix.EINVAL, Message: "vufs: except: " + r.Source + " is not a directory"}
	}
	root := &patched{Node: source, except: map[string]engine.Node{}, below: map[string]*patched{}}
	for _, p := range paths {
		n, _, err := c.View().Lookup(c, r.Target+"/"+p, false)
		if err != nil && !errors.Is(err, unix.ENOENT) {
			errno, _ := engine.Errno(err)
			return nil, &engine.MountError{Err: err, Message: "vufs: except=/" + p + ": " + errno.Error()}
		}
		dir := root
		names := strings.Split(p, "/")
		for _, name := range names[:len(names)-1] {
			next := dir.below[name]
			if next == nil {
				next = &patched{except: map[string]engine.Node{}, below: map[string]*patched{}}
				dir.below[name] = next
			}
			dir = next
		}
		dir.except[names[len(names)-1]] = n
	}
	return root, nil
}

// patched is a directory of the source in which, or below which, some names are the target's own.
// Everything else that it can do is the source's; what it does not say is not changed through it.
type patched struct {
	engine.Node
	except map[string]engine.Node // nil: there is nothing of that name
	below  map[string]*patched
}

var (
	_ engine.NodeWalker    = (*patched)(nil)
	_ engine.NodeUnwrapper = (*patched)(nil)
)

// Unwrap implements engine.NodeUnwrapper.
func (p *patched) Unwrap(engine.Call) (engine.Node, error) { return p.Node, nil }

// Walk implements engine.NodeWalker.
func (p *patched) Walk(c engine.Call, names []string) ([]engine.Node, error) {
	if n, ok := p.except[names[0]]; ok {
		if n == nil {
			return nil, unix.ENOENT
		}
		return onward(c, n, names[1:])
	}
	w, ok := p.Node.(engine.NodeWalker)
	if !ok {
		return nil, unix.ENOENT
	}
	next, special := p.below[names[0]]
	if !special {
		return w.Walk(c, names)
	}
	nodes, err := w.Walk(c, names[:1])
	if err != nil || len(nodes) == 0 {
		return nil, err
	}
	if nodes[0].Type() != unix.S_IFDIR {
		return nodes, nil
	}
	return onward(c, &patched{Node: nodes[0], except: next.except, below: next.below}, names[1:])
}

// onward is n and what is found below it.
func onward(c engine.Call, n engine.Node, names []string) ([]engine.Node, error) {
	nodes := []engine.Node{n}
	if len(names) == 0 || n.Type() == unix.S_IFLNK {
		return nodes, nil
	}
	w, ok := n.(engine.NodeWalker)
	if !ok || n.Type() != unix.S_IFDIR {
		return nodes, unix.ENOTDIR
	}
	more, err := w.Walk(c, names)
	return append(nodes, more...), err
}
