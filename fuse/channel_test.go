// SPDX-License-Identifier: Apache-2.0

package fuse

import (
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/enginetest"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// TestChannel plays a server that mounts first, answers INIT later, and is told of the end.
func TestChannel(t *testing.T) {
	m := &instance{host: &enginetest.Host{}}
	ch, err := newChannel(m, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := ch.Stream()
	if err != nil {
		t.Fatal(err)
	}
	c := enginetest.NewCall()
	check := func(room int, want error) {
		t.Helper()
		if err := ch.CheckRead(c, fd, room); err != want {
			t.Errorf("read of %d bytes: %v, want %v", room, err, want)
		}
	}
	write := func(h proto.OutHeader, want error) {
		t.Helper()
		if err := ch.WriteMessage(c, h.Raw()); err != want {
			t.Errorf("write of %+v: %v, want %v", h, err, want)
		}
	}
	check(1<<20, unix.EPERM)
	write(proto.OutHeader{Len: proto.OutHeaderSize, Unique: 2}, unix.EPERM)
	o := &options{owner: client.Owner{RootMode: unix.S_IFDIR}, client: client.Options{AllowOther: true}}
	fs, err := ch.mount("/mnt", o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.mount("/mnt", o); err == nil {
		t.Error("a device was mounted twice")
	}
	if fs.Root().Type() != unix.S_IFDIR {
		t.Error("the root has not the type that rootmode says")
	}
	check(minRead-1, unix.EINVAL)
	check(1<<20, nil)
	buf := make([]byte, 1<<20)
	n, err := unix.Read(fd, buf)
	if err != nil || n < proto.InHeaderSize {
		t.Fatalf("INIT: %d, %v", n, err)
	}
	write(proto.OutHeader{Len: proto.OutHeaderSize, Unique: 2000}, unix.ENOENT)
	write(proto.OutHeader{Len: proto.OutHeaderSize + 1, Unique: 2}, unix.EINVAL)
	write(proto.OutHeader{Len: proto.OutHeaderSize, Unique: 2, Error: 1}, unix.EINVAL)
	check(1<<20, nil)
	ch.conn.Abort() // the reader below was let in before
	check(1<<20, unix.ENODEV)
	write(proto.OutHeader{Len: proto.OutHeaderSize, Unique: 2}, unix.ENOENT)
	if !m.Umounted(c, "/mnt") || m.Umounted(c, "/mnt") {
		t.Error("the server's own umount is done once, and only once")
	}
	if n, err = unix.Read(fd, buf); err != nil || n < proto.InHeaderSize {
		t.Fatalf("a waiting reader was not woken by a request: %d, %v", n, err)
	}
	if n, err = unix.Read(fd, buf); n != 0 || err != nil {
		t.Errorf("behind the end: %d, %v", n, err)
	}
	var st unix.Statx_t
	if err := fs.Root().Stat(c, &st); err != unix.ENOTCONN {
		t.Errorf("stat after the end: %v, want ENOTCONN", err)
	}
	unix.Close(fd)
	<-ch.Ended()
	ch.Release(c)
}
