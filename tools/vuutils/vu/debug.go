// SPDX-License-Identifier: Apache-2.0

package vu

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine/abi"
)

// DebugTags are all letters that a debug tag can have.
const DebugTags = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_01234abcdefghijklmnopqrstuvwxyz56789"

// Sizes of the buffers, in bytes, that the original's tools pass.
const (
	debugTagsLen    = len(DebugTags) + 3 // with its blank, and NUL
	debugTagNameLen = 32
)

// AddDebugTags sets debug tags: of this process and its future descendants if
// local, otherwise of all.
func (System) AddDebugTags(tags string, local bool) error {
	return putTags(abi.CtlAddDebugTags, tags, local)
}

// DelDebugTags clears debug tags, see [System.AddDebugTags].
func (System) DelDebugTags(tags string, local bool) error {
	return putTags(abi.CtlDelDebugTags, tags, local)
}

func putTags(ctl int, tags string, local bool) error {
	p, err := cstring(tags)
	if err != nil {
		return err
	}
	return ctlPut(ctl, p, truth(local))
}

// GetDebugTags returns the tags that are set.
func (System) GetDebugTags(local bool) (string, error) {
	buf := make([]byte, debugTagsLen)
	if err := ctlGet(abi.CtlGetDebugTags, buf, truth(local)); err != nil {
		return "", err
	}
	return unix.ByteSliceToString(buf), nil
}

// DebugTagName returns the name of a tag, empty if nothing has that tag.
func (System) DebugTagName(tag byte) (string, error) {
	buf := make([]byte, debugTagNameLen)
	if err := ctlTagName(tag, buf); err != nil {
		return "", err
	}
	return unix.ByteSliceToString(buf), nil
}

// SetDebugColor sets the colours of tags: "TAGS:COLOURS".
func (System) SetDebugColor(spec string) error {
	p, err := cstring(spec)
	if err != nil {
		return err
	}
	return ctlPut(abi.CtlSetDebugColor, p, 0)
}
