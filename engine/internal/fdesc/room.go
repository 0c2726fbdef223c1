// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"bytes"
	"os"
	"path"
	"strconv"

	"golang.org/x/sys/unix"
)

// leastLimit bounds the page cache where little is known of the machine, or where it is small.
const leastLimit = 256 << 20

// defaultLimit is how many bytes of file contents are cached unless [Store.SetLimit] says otherwise: an eighth of the memory that
// umvu may use, or leastLimit if that is more; and no more than half of the tmpfs (containers often have one of 64 MiB).
func (s *Store) defaultLimit() int64 {
	limit := int64(leastLimit)
	if mem := memory(); mem > 0 {
		limit = max(limit, mem/8)
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(s.dirfd, &st); err == nil && st.Blocks > 0 {
		limit = min(limit, int64(st.Blocks)*st.Bsize/2)
	}
	return limit
}

// memory is the machine's memory, or as much of it as the control groups allow, in bytes; 0 if that is not known.
func memory() int64 {
	var si unix.Sysinfo_t
	if err := unix.Sysinfo(&si); err != nil {
		return 0
	}
	mem := int64(min(si.Totalram, 1<<43)) * int64(max(si.Unit, 1))
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return mem
	}
	for line := range bytes.Lines(groups) {
		// ID:CONTROLLERS:PATH (cgroups(7)); 0 is the one hierarchy of version 2.
		f := bytes.SplitN(bytes.TrimSpace(line), []byte(":"), 3)
		switch {
		case len(f) < 3:
		case string(f[0]) == "0":
			mem = groupMemory("/sys/fs/cgroup", string(f[2]), "memory.max", mem)
		case string(f[1]) == "memory":
			mem = groupMemory("/sys/fs/cgroup/memory", string(f[2]), "memory.limit_in_bytes", mem)
		}
	}
	return mem
}

// groupMemory is the least of mem and the limit of a control group and those it is in.
func groupMemory(root, dir, file string, mem int64) int64 {
	for ; ; dir = path.Dir(dir) {
		b, err := os.ReadFile(path.Join(root, dir, file))
		if err == nil {
			if most, err := strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64); err == nil { // or "max"
				mem = min(mem, most)
			}
		}
		if dir == "/" || dir == "." {
			return mem
		}
	}
}
