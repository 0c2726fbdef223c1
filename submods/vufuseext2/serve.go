// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/fserver"
	"vuos.dev/submods/vufuseext2/internal/volume"
)

// maxWrite bounds requests: what a socket channel in a view carries in one message.
const maxWrite = 128 << 10

// serve opens the image and answers requests until there are no more.
func serve(image, mountPoint string, o options, stderr io.Writer) error {
	path, err := filepath.Abs(image)
	if err != nil {
		return err
	}
	if o.rw && !o.force && !o.silent {
		fmt.Fprintf(stderr, "Mounting %s Read-Only.\nUse 'force' or 'rw+' options to enable Read-Write mode\n", path)
	}
	v, err := volume.Open(image, volume.Options{
		Write:  o.write(),
		Offset: o.offset,
		Atime:  o.atime,
		Warn: func(why string) {
			if o.write() {
				why += "\nvufuseext2: mounting it read-only"
			}
			fmt.Fprintf(stderr, "vufuseext2: %s: %s\n", image, why)
		},
	})
	if err != nil {
		return named(image, err)
	}
	logger := log.New(stderr, "vufuseext2: ", 0)
	err = serveVolume(v, path, mountPoint, o, logger)
	if cerr := v.Close(); cerr != nil && err == nil {
		err = named(image, fmt.Errorf("closing: %w", cerr))
	}
	return err
}

// named puts the file's name before an error that does not have it.
func named(file string, err error) error {
	if strings.Contains(err.Error(), file) {
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}

func serveVolume(v *volume.Volume, path, mountPoint string, o options, logger *log.Logger) error {
	opts := mountOptions(v, path, o, logger)
	fs := fserver.New(v, logger.Printf)
	srv, err := fuse.NewServer(fs, mountPoint, opts)
	if err != nil {
		return named(mountPoint, err)
	}
	served, stopped := make(chan struct{}), make(chan struct{})
	var ended error
	stop := onSignal(func() {
		defer close(stopped)
		fs.Drain(srv)
		ended = shutdown(v, mountPoint)
	})
	go func() {
		srv.Serve()
		close(served)
	}()
	select {
	case <-served:
	case <-stopped:
	}
	stop()
	return ended
}

func mountOptions(v *volume.Volume, path string, o options, logger *log.Logger) *fuse.MountOptions {
	opts := &fuse.MountOptions{
		FsName:                   path,
		MaxWrite:                 maxWrite,
		MaxReadAhead:             maxWrite,
		MaxBackground:            64,
		Debug:                    o.debug,
		Logger:                   logger,
		EnableSymlinkCaching:     true,
		ExplicitDataCacheControl: true,
		EnableAcl:                true,
		// Default ACLs replace the umask; we take set-user-id bits and capabilities away, not the kernel, which would
		// have to ask for them before each write.
		ExtraCapabilities: fuse.CAP_DONT_MASK | fuse.CAP_HANDLE_KILLPRIV_V2,
		DisableSplice:     true, // a socket has none, and data is copied once anyway
		Options:           slices.Clone(o.mount),
	}
	if i := slices.IndexFunc(opts.Options, func(s string) bool { return strings.HasPrefix(s, "fsname=") }); i >= 0 {
		opts.FsName = opts.Options[i][len("fsname="):]
		opts.Options = slices.Delete(opts.Options, i, i+1)
	}
	want := []string{"default_permissions"}
	if os.Geteuid() == 0 {
		want = append(want, "allow_other") // others need user_allow_other in /etc/fuse.conf
	}
	if !v.Writable() {
		want = append(want, "ro")
	}
	for _, s := range want {
		if !slices.Contains(opts.Options, s) {
			opts.Options = append(opts.Options, s)
		}
	}
	return opts
}

// onSignal has f run on SIGTERM, SIGINT or SIGHUP, once. After stop it neither runs nor will.
func onSignal(f func()) (stop func()) {
	ch := make(chan os.Signal, 1)
	quit, done := make(chan struct{}), make(chan struct{})
	signal.Notify(ch, unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	go func() {
		defer close(done)
		select {
		case <-ch:
			f()
		case <-quit:
		}
	}()
	return func() {
		signal.Stop(ch)
		close(quit)
		<-done
	}
}

// shutdown closes the volume and takes the mount off its place. A mount that is busy does not keep the image: later
// requests fail.
func shutdown(v *volume.Volume, mountPoint string) error {
	err := v.Close()
	if !isChannel(mountPoint) { // a channel ends with the program
		detach(mountPoint)
	}
	return err
}
