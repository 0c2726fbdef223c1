// SPDX-License-Identifier: Apache-2.0

package host

import (
	"runtime"
	"slices"

	"vuos.dev/engine"
)

// As runs f on a thread that has taken on the identity want for file access (fsuid, fsgid, groups,
// capabilities) instead of umvu's own. Where they are equal it just runs f. An
// identity that cannot be given back costs the thread its life: the goroutine's
// lock on it is then not undone.
func As(own, want *engine.Cred, f func() error) error {
	if same(own, want) {
		return f()
	}
	runtime.LockOSThread()
	if err := takeOn(want, own); err != nil {
		_ = takeOn(own, own)
		runtime.UnlockOSThread()
		return err
	}
	err := f()
	if takeOn(own, own) == nil {
		runtime.UnlockOSThread()
	}
	return err
}

func same(a, b *engine.Cred) bool {
	return a.FSUID == b.FSUID && a.FSGID == b.FSGID && a.CapEff == b.CapEff && slices.Equal(a.Groups, b.Groups)
}

// takeOn changes the calling thread only. It needs the capabilities that own has, and
// therefore gives them back first and drops them last.
func takeOn(want, own *engine.Cred) error {
	if err := setEffective(own.CapEff); err != nil {
		return err
	}
	if err := setGroups(want.Groups); err != nil {
		return err
	}
	setFSIDs(want.FSUID, want.FSGID)
	return setEffective(want.CapEff & own.CapEff)
}
