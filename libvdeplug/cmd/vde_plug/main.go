// SPDX-License-Identifier: Apache-2.0

// Vde_plug is a cable between two virtual networks, or between one and a byte
// stream; see vde_plug(1).
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	// A reader that has gone is an error of the write, not a signal: there are
	// sockets to be removed.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	err := run(ctx, os.Args, os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "vde_plug: %v\n", err)
		os.Exit(1)
	}
}
