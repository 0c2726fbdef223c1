// SPDX-License-Identifier: Apache-2.0

package libvdeplug

import (
	"context"

	"vuos.dev/libvdeplug/plug"
	"vuos.dev/libvdeplug/plugins"
)

// Names of package plug that every user of a connection needs.
type (
	// Conn is a plug in a virtual Ethernet network.
	Conn = plug.Conn
	// Carrier is implemented by a Conn that notices when the other end comes
	// and goes.
	Carrier = plug.Carrier
	// Registry knows plugins by name.
	Registry = plug.Registry
)

// Errors of a Conn.
var (
	// ErrNoCarrier says that nobody is at the other end for now.
	ErrNoCarrier = plug.ErrNoCarrier
	// ErrUnknownPlugin says that a locator names a plugin that is not there.
	ErrUnknownPlugin = plug.ErrUnknownPlugin
)

// Option says something about a connection that its locator does not.
type Option func(*config)

type config struct {
	plug.Settings
	registry *plug.Registry
}

// WithRegistry has plugins looked up in r instead of the default set.
func WithRegistry(r *Registry) Option { return func(c *config) { c.registry = r } }

// WithDescription tells a switch what the connection is for.
func WithDescription(text string) Option { return func(c *config) { c.Description = text } }

// WithGroup has the group, given by name or number, own the sockets made for
// the connection.
func WithGroup(name string) Option { return func(c *config) { c.Group = name } }

// WithMode gives the sockets made for the connection these permissions.
func WithMode(mode uint32) Option { return func(c *config) { c.Mode = mode } }

// WithPort asks a switch for this port, from 1 on.
func WithPort(port int) Option { return func(c *config) { c.Port = port } }

// Open connects to the network that vnl names. The empty locator means the
// user's standard network, a path the switch there, and a path to a file the
// locator in its first line.
func Open(vnl string, opts ...Option) (Conn, error) {
	return OpenContext(context.Background(), vnl, opts...)
}

// OpenContext is Open, which ctx can end before the connection is made.
func OpenContext(ctx context.Context, vnl string, opts ...Option) (Conn, error) {
	var c config
	for _, o := range opts {
		o(&c)
	}
	if c.registry == nil {
		c.registry = plugins.Default()
	}
	return c.registry.Open(ctx, vnl, c.Settings)
}

// Buffers makes n receive buffers and their sizes for a Recv of c.
func Buffers(c Conn, n int) (bufs [][]byte, sizes []int) { return plug.Buffers(c, n) }
