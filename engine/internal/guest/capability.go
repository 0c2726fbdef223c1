// SPDX-License-Identifier: Apache-2.0

package guest

import "golang.org/x/sys/unix"

// Effective are the effective capabilities of a thread, one bit each.
func Effective(tid int) (uint64, error) {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3, Pid: int32(tid)}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return 0, err
	}
	return uint64(data[1].Effective)<<32 | uint64(data[0].Effective), nil
}
