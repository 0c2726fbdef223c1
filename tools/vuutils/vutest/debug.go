// SPDX-License-Identifier: Apache-2.0

package vutest

import (
	"golang.org/x/sys/unix"

	"vuos.dev/tools/vuutils/vu"
)

// AddDebugTags notes "add TAGS LOCAL".
func (f *Fake) AddDebugTags(tags string, local bool) error {
	return f.note(true, "add %s %t", tags, local)
}

// DelDebugTags notes "del TAGS LOCAL".
func (f *Fake) DelDebugTags(tags string, local bool) error {
	return f.note(true, "del %s %t", tags, local)
}

// GetDebugTags is [vu.System.GetDebugTags].
func (f *Fake) GetDebugTags(local bool) (string, error) {
	if local {
		return f.LocalTags, nil
	}
	return f.Tags, f.Errors["tags"]
}

// DebugTagName is [vu.System.DebugTagName].
func (f *Fake) DebugTagName(tag byte) (string, error) { return f.TagNames[tag], nil }

// SetDebugColor notes "colour SPEC".
func (f *Fake) SetDebugColor(spec string) error { return f.note(true, "colour %s", spec) }

// LookupUser is [vu.System.LookupUser].
func (f *Fake) LookupUser(name string) (*vu.Account, error) {
	if a := f.Accounts[name]; a != nil {
		return a, nil
	}
	return nil, unix.ENOENT
}

// Become notes "become UID GID GROUPS".
func (f *Fake) Become(a *vu.Account) error {
	return f.note(false, "become %d %d %v", a.UID, a.GID, a.Groups)
}

// Chdir notes "chdir PATH".
func (f *Fake) Chdir(path string) error { return f.note(false, "chdir %s", path) }
