// SPDX-License-Identifier: Apache-2.0

package deadline

import (
	"testing"
	"time"
)

func passed(d *Deadline) bool { return isClosed(d.Passed()) }

func TestDeadline(t *testing.T) {
	var d Deadline
	never := d.Passed()
	d.Set(time.Time{})
	if passed(&d) {
		t.Error("never has passed")
	}
	d.Set(time.Now().Add(time.Hour))
	if passed(&d) || isClosed(never) {
		t.Error("in an hour has passed")
	}
	d.Set(time.Unix(1, 0))
	if !passed(&d) || !isClosed(never) {
		t.Error("1970 has not passed")
	}
	d.Set(time.Unix(2, 0)) // again: must not close twice
	d.Set(time.Now().Add(time.Hour))
	if passed(&d) {
		t.Error("a deadline that was moved away has passed")
	}
	d.Set(time.Now().Add(20 * time.Millisecond))
	select {
	case <-d.Passed():
	case <-time.After(10 * time.Second):
		t.Error("20 ms never pass")
	}
	d.Set(time.Time{})
	if passed(&d) {
		t.Error("never has passed")
	}
}
