// SPDX-License-Identifier: Apache-2.0

package fuse

import "testing"

func TestFarewells(t *testing.T) {
	var f farewells
	if f.any() || f.take(1, "/mnt") || f.take(1, "") {
		t.Error("nobody was told anything")
	}
	f.add(1, "/mnt")
	if f.take(2, "/mnt") || f.take(1, "/other") || !f.take(1, "/mnt") || f.take(1, "/mnt") {
		t.Error("only the process that was told may take its mount point, and once")
	}
	f.add(1, "/mnt")
	f.forget(1)
	if f.any() || f.take(1, "/mnt") {
		t.Error("a process that mounts begins anew")
	}
	for pid := range 2 * maxFarewells {
		f.add(pid, "/mnt")
	}
	if len(f.targets) != maxFarewells || f.take(0, "/mnt") || !f.take(2*maxFarewells-1, "/mnt") {
		t.Errorf("%d are remembered, want the last %d", len(f.targets), maxFarewells)
	}
}
