// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"testing"
	"time"
)

// A call that waits gives its place as the receiver away, once; one that does not keeps it. A panic does not change that.
func TestLate(t *testing.T) {
	took := make(chan struct{}, 1)
	var l late
	l.init(func() { took <- struct{}{} })
	handedOver := false
	for range 100 {
		if l.during(&handedOver, func() {}); handedOver {
			<-took // this machine was that slow
		}
	}
	for range 3 {
		l.during(&handedOver, func() {
			select {
			case <-took:
			case <-time.After(time.Minute):
				t.Fatal("no other receiver")
			}
		})
		if !handedOver {
			t.Fatal("the call does not know that there is another receiver")
		}
	}
	func() {
		defer func() { _ = recover() }()
		l.during(&handedOver, func() {
			<-took
			panic("in the call")
		})
	}()
	if !handedOver {
		t.Fatal("after a panic the call does not know that there is another receiver")
	}
}
