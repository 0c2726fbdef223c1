// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/enginetest"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
	"vuos.dev/vufuse/wire"
)

// TestUnmountedIsCollected checks that nothing holds a file system with cached names after its unmount.
func TestUnmountedIsCollected(t *testing.T) {
	for _, untrusted := range []bool{false, true} {
		collected := make(chan bool)
		mountAndUnmount(t, client.Options{Untrusted: untrusted}, collected)
		deadline := time.After(time.Minute)
		for done := false; !done; {
			runtime.GC()
			select {
			case <-collected:
				done = true
			case <-deadline:
				t.Fatalf("untrusted %v: not collected", untrusted)
			default:
			}
		}
	}
}

// mountAndUnmount closes collected when the file system is collected, later.
func mountAndUnmount(t *testing.T, opt client.Options, collected chan bool) {
	s := newServer(t)
	s.on(proto.Lookup, func(q *request) { s.entry(q, 7, unix.S_IFREG|0o644) })
	ours, theirs, err := wire.Pair()
	if err != nil {
		t.Fatal(err)
	}
	s.fd = theirs
	conn, err := wire.New(ours)
	if err != nil {
		t.Fatal(err)
	}
	go s.serve()
	c := enginetest.NewCall()
	fs, err := client.New(c, &enginetest.Host{}, conn, opt)
	if err != nil {
		t.Fatal(err)
	}
	tree := &enginetest.Tree{FS: fs, Call: c}
	if _, err := tree.Lookup("name", true); err != nil {
		t.Fatal(err)
	}
	if err := fs.Unmount(c); err != nil {
		t.Fatal(err)
	}
	<-s.done
	unix.Close(s.fd)
	runtime.AddCleanup(fs, func(done chan bool) { close(done) }, collected)
}
