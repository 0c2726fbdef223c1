// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// parseFdinfo takes apart /proc/PID/fdinfo/N, also below task/TID.
func parseFdinfo(path string) (l procLink, ok bool) {
	dir, fd, ok := strings.Cut(path, "/fdinfo/")
	if !ok {
		return l, false
	}
	return parseProcLink(dir + "/fd/" + fd)
}

// fdinfo makes of the kernel's text about a stand-in (proc_pid_fdinfo(5)) that about the virtual file, or is nil if the
// descriptor is the kernel's own.
func (c *call) fdinfo(l procLink) func(c *call, pid int, text []byte) []byte {
	f := c.s.fileOf(l.pid, l.fd)
	if f == nil {
		return nil
	}
	return func(c *call, _ int, text []byte) []byte {
		values := map[string]uint64{}
		if at, err := f.Offset(c); err == nil && !f.Native() && !f.Stream() {
			values["pos"] = uint64(at)
		}
		at := posOf(f)
		var st unix.Statx_t
		if err := at.Node.Stat(c, &st); err == nil {
			values["ino"] = st.Ino
		}
		if at.Mount != nil {
			values["mnt_id"] = uint64(at.Mount.ID)
		}
		var out bytes.Buffer
		for line := range bytes.Lines(text) {
			if f.Backed() && c.s.files.ByTag(line) != nil {
				continue // a lock of umvu's
			}
			key, _, _ := bytes.Cut(line, []byte(":"))
			if v, known := values[string(key)]; known {
				line = fmt.Appendf(nil, "%s:\t%d\n", key, v)
			}
			out.Write(line)
		}
		return out.Bytes()
	}
}
