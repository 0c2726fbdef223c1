// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"reflect"
	"unsafe"

	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// congestionWindow is where an endpoint, which is locked, has its congestion window in segments: nil if it has none. gVisor does
// not let it be set.
func congestionWindow(ep *tcp.Endpoint) *int {
	snd := reflect.ValueOf(ep).Elem().FieldByName("snd")
	if !snd.IsValid() || snd.Kind() != reflect.Pointer || snd.IsNil() {
		return nil
	}
	cwnd := snd.Elem().FieldByName("SndCwnd")
	if !cwnd.IsValid() || cwnd.Kind() != reflect.Int {
		return nil
	}
	return (*int)(unsafe.Pointer(cwnd.UnsafeAddr()))
}
