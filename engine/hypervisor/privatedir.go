// SPDX-License-Identifier: Apache-2.0

package hypervisor

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// privateDir makes the directory for stand-ins and copies of binaries: on a tmpfs if possible, and
// where files can be executed.
func privateDir() (string, error) {
	var why []error
	for _, base := range []string{"/dev/shm", os.Getenv("XDG_RUNTIME_DIR"), "/run/user/" + strconv.Itoa(os.Getuid()), os.TempDir(), "/var/tmp"} {
		if base == "" {
			continue
		}
		var st unix.Statfs_t
		if err := unix.Statfs(base, &st); err != nil {
			continue
		}
		if st.Flags&unix.ST_NOEXEC != 0 {
			why = append(why, fmt.Errorf("%s is mounted noexec", base))
			continue
		}
		dir, err := os.MkdirTemp(base, "umvu-"+strconv.Itoa(os.Getpid())+"-")
		if err != nil {
			why = append(why, err)
			continue
		}
		// Guests of another user run programs from it; its names cannot be listed.
		return dir, os.Chmod(dir, 0o711)
	}
	return "", fmt.Errorf("no place for temporary files: %w", errors.Join(why...))
}
