// SPDX-License-Identifier: Apache-2.0

package volume

import "encoding/binary"

// Statfs is what statfs(2) tells, in blocks of BlockSize bytes.
type Statfs struct {
	BlockSize           uint32
	Blocks, Free, Avail uint64
	Files, FreeFiles    uint64
	FSID                uint64
}

// maxReservedClusters is the kernel's own reserve for the metadata of delayed writes; it does not count as available
// (fs/ext4/super.c:ext4_set_resv_clusters).
const maxReservedClusters = 4096

// Statfs counts as fs/ext4/super.c:ext4_statfs does without the minixdf option.
func (v *Volume) Statfs() (Statfs, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.usable(); err != nil {
		return Statfs{}, err
	}
	s := Statfs{BlockSize: uint32(v.bsize), Files: uint64(v.sb.u32(sbInodesCount))}
	s.Blocks = v.sb.blocks() - min(v.overhead, v.sb.blocks())
	if v.rw {
		s.Free, s.FreeFiles = v.sb.freeBlocks(), uint64(v.sb.u32(sbFreeInodes))
	} else {
		s.Free, s.FreeFiles = v.roFree[0], v.roFree[1]
	}
	reserve := v.sb.reserved()
	if v.sb.incompat(incompatExtents) {
		reserve += min(v.sb.blocks()/50, maxReservedClusters)
	}
	s.Avail = s.Free - min(reserve, s.Free)
	id := v.sb[sbUUID : sbUUID+16]
	s.FSID = binary.LittleEndian.Uint64(id) ^ binary.LittleEndian.Uint64(id[8:])
	return s, nil
}

// canAllocate tells whether n more blocks may be taken: the reserve is for root and s_def_resuid, s_def_resgid
// (fs/ext4/balloc.c:ext4_has_free_clusters).
func (v *Volume) canAllocate(n uint64, c Cred) bool {
	free := v.sb.freeBlocks()
	if c.UID == 0 || c.UID == uint32(v.sb.u16(sbDefResUID)) ||
		(v.sb.u16(sbDefResGID) != 0 && c.GID == uint32(v.sb.u16(sbDefResGID))) {
		return free >= n
	}
	return free >= n+v.sb.reserved()
}
