// SPDX-License-Identifier: Apache-2.0

// Netlinkprobe configures a link with the libraries vishvananda/netlink and mdlayher/netlink, and prints what they say.
//
// Usage: netlinkprobe LINK
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: netlinkprobe LINK")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "netlinkprobe:", err)
		os.Exit(1)
	}
}

func run(name string, w io.Writer) error {
	p, err := newProbe(name, w)
	if err != nil {
		return err
	}
	p.links()
	p.addresses()
	p.routes()
	p.neighbours()
	p.rules()
	p.told()
	return messages(p.link.Attrs().Index, w)
}
