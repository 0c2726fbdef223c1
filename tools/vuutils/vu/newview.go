// SPDX-License-Identifier: Apache-2.0

package vu

import "vuos.dev/engine/abi"

// NewView puts the process and its future descendants into a view of their own, which starts as a
// copy of the one it is in. The name may be empty.
//
// Errors: EINVAL if the name has a NUL, ENOSYS outside a view.
func (System) NewView(name string) error {
	p, err := cstring(name)
	if err != nil {
		return err
	}
	return ctlPut(abi.CtlNewView, p, 0)
}
