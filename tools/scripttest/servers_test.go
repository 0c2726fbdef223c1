// SPDX-License-Identifier: Apache-2.0

package scripttest

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestServers mounts with unmodified FUSE servers in a view, in the foreground and in the background, with several threads and
// one, and has workout.sh do with each what it does with a plain directory, and with the kernel's FUSE where
// root may mount it: it must see the same.
func TestServers(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	for _, s := range servers {
		t.Run(s.name, s.test)
	}
}

// way is one way to run a server.
type way struct {
	name    string
	options []string
	stay    bool
	end     string // unmounts
}

// ways are those that the server has.
func (s *server) ways() (list []way) {
	stays := []string{s.stay}
	if s.stay == always || s.stay == never {
		stays = nil
	}
	if s.stay != never {
		list = append(list, way{"foreground", stays, true, "vuumount"})
	}
	if s.stay != always {
		list = append(list, way{"background", nil, false, "umount"})
	}
	if s.single != always {
		list = append(list, way{"one thread", append(stays, s.single), true, "fusermount3 -u"})
	}
	return list
}

func (s *server) test(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(dir)
	for _, p := range append([]string{"fusermount3"}, s.programs...) {
		s.run(t, dir, p+" is there", "bash", "-c", "type "+p)
	}
	for _, d := range []string{"tree", "mnt"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.tree(t, dir)
	if s.setup != nil {
		s.setup(t, dir)
	}
	s.run(t, dir, "prepare", "bash", "-c", s.prepare)
	full, walk := s.plain(t, dir, s.readonly), s.plain(t, dir, true)
	if os.Geteuid() == 0 && s.viewOnly == "" && canMount() {
		w := s.ways()[0]
		w.end = "umount"
		defer syscall.Unmount(filepath.Join(dir, "mnt"), syscall.MNT_FORCE|syscall.MNT_DETACH) // if that failed
		compare(t, full, s.run(t, dir, "kernel", s.command(w, s.readonly)...))
	}
	want, readonly := full, s.readonly
	for _, w := range s.ways() {
		view := []string{"umvu", "-N", "bash", "-c", `vu_insmod fuse && exec env "$@"`, "serve"}
		got := s.run(t, dir, w.name, append(view, s.command(w, readonly)...)...)
		t.Log(w.name)
		compare(t, want, got)
		want, readonly = walk, true // the rest of it is the same the other ways
	}
}

// plain is what the workout prints on a plain directory.
func (s *server) plain(t *testing.T, dir string, readonly bool) []byte {
	t.Helper()
	s.run(t, dir, "copy", "cp", "-a", "tree", "plain")
	defer os.RemoveAll(filepath.Join(dir, "plain"))
	return s.run(t, filepath.Join(dir, "plain"), "plain directory", append([]string{"bash", servedFile("workout.sh")}, s.workout(readonly)...)...)
}

// canMount tells whether the kernel has FUSE here.
func canMount() bool {
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	f.Close()
	return true
}
