// SPDX-License-Identifier: Apache-2.0

package sys

// listed is getdents of a directory of the kernel's.
func (c *call) listed(bool) reply { return native }
