// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"reflect"

	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// unsent is how many bytes of a connection were not acknowledged (SIOCOUTQ). gVisor
// counts them but does not tell; the count is read by reflection, without its
// lock: it is a snapshot in any case.
func (x *inet) unsent() uint32 {
	ep, ok := x.ep().(*tcp.Endpoint)
	if !ok {
		return 0
	}
	q := reflect.ValueOf(ep).Elem().FieldByName("sndQueueInfo")
	if !q.IsValid() {
		return 0
	}
	used := q.FieldByName("SndBufUsed")
	if !used.IsValid() || !used.CanInt() {
		return 0
	}
	return uint32(max(used.Int(), 0))
}
