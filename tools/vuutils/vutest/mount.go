// SPDX-License-Identifier: Apache-2.0

package vutest

import (
	"slices"

	"golang.org/x/sys/unix"

	"vuos.dev/tools/vuutils/vu"
)

// Mount notes "mount SOURCE TARGET TYPE FLAGS DATA", texts quoted, flags in hexadecimal.
func (f *Fake) Mount(source, target, fstype string, flags uintptr, data string) error {
	return f.note(false, "mount %q %q %q %#x %q", source, target, fstype, flags, data)
}

// Umount notes "umount TARGET FLAGS".
func (f *Fake) Umount(target string, flags int) error {
	return f.note(false, "umount %s %#x", target, flags)
}

// MountError is [vu.System.MountError].
func (f *Fake) MountError() string { return f.Message }

// Stat is [vu.System.Stat].
func (f *Fake) Stat(path string) (uint32, error) {
	mode, ok := f.Modes[path]
	if !ok {
		return 0, unix.ENOENT
	}
	return mode, nil
}

// Mounts returns the file "mounts".
func (f *Fake) Mounts() ([]byte, error) { return f.ReadFile("mounts") }

// IsStack is [vu.System.IsStack].
func (f *Fake) IsStack(path string) error {
	mode, err := f.Stat(path)
	if err == nil && mode&unix.S_IFMT != vu.IfStack {
		return unix.ENOTSUP
	}
	return err
}

// Supports is [vu.System.Supports].
func (f *Fake) Supports(_ string, family int) bool { return slices.Contains(f.Families, family) }

// SetDefaultStack notes "stack STACK FAMILY".
func (f *Fake) SetDefaultStack(stack string, family int) error {
	return f.note(true, "stack %s %d", stack, family)
}
