// SPDX-License-Identifier: Apache-2.0

package plug

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"sync"
)

// Plugin opens connections of one kind.
type Plugin interface {
	// Open makes the connection that req describes. ctx bounds only the
	// opening, not the life of the Conn.
	Open(ctx context.Context, req *Request) (Conn, error)
}

// Func is a Plugin that is just its Open method.
type Func func(ctx context.Context, req *Request) (Conn, error)

// Open calls f.
func (f Func) Open(ctx context.Context, req *Request) (Conn, error) { return f(ctx, req) }

// Settings are what the caller of an Open may say besides the locator. The
// zero value is the default.
type Settings struct {
	// Description tells a switch who is connected; the user, the process and
	// an ssh client are added to it.
	Description string
	// Group owns the sockets made for the connection: a name or a number.
	// An option in the locator has precedence, as for the following.
	Group string
	// Mode gives the permissions of these sockets; 0 leaves the choice to
	// the plugin.
	Mode uint32
	// Port is the port of the switch; 0 means any.
	Port int
}

// Request is what a plugin is asked to open.
type Request struct {
	Locator
	Settings
	// Registry opens nested locators.
	Registry *Registry
}

// Nested opens the network that a nesting plugin works upon, with the same
// settings.
func (r *Request) Nested(ctx context.Context, vnl string) (Conn, error) {
	return r.Registry.Open(ctx, vnl, r.Settings)
}

// Error makes an OpError about the request.
func (r *Request) Error(addr, what string, err error) error {
	return &OpError{Plugin: r.Plugin, Addr: addr, What: what, Err: err}
}

// Registry knows plugins by name. The zero value is empty and ready; all
// methods are safe for concurrent use.
type Registry struct {
	mu      sync.RWMutex
	plugins map[string]Plugin
}

// Register makes p the plugin called name. A name can be taken only once.
func (r *Registry) Register(name string, p Plugin) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch _, taken := r.plugins[name]; {
	case !validName(name):
		return fmt.Errorf("%q cannot name a plugin", name)
	case p == nil:
		return fmt.Errorf("plugin %s is nil", name)
	case taken:
		return fmt.Errorf("plugin %s is registered already", name)
	}
	if r.plugins == nil {
		r.plugins = map[string]Plugin{}
	}
	r.plugins[name] = p
	return nil
}

// Names returns the names of the plugins in alphabetical order.
func (r *Registry) Names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	names := make([]string, 0, len(r.plugins))
	for name := range r.plugins {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Open resolves vnl (see [Resolve]) and has its plugin open it.
func (r *Registry) Open(ctx context.Context, vnl string, s Settings) (Conn, error) {
	loc, err := Resolve(vnl)
	if err != nil {
		return nil, err
	}
	r.mu.RLock()
	p, ok := r.plugins[loc.Plugin]
	r.mu.RUnlock()
	if !ok {
		return nil, &OpError{Plugin: loc.Plugin, Err: fmt.Errorf("%w (there are %s)", ErrUnknownPlugin, strings.Join(r.Names(), ", "))}
	}
	return p.Open(ctx, &Request{Locator: loc, Settings: s, Registry: r})
}
