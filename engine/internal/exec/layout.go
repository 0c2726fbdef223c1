// SPDX-License-Identifier: Apache-2.0

package exec

// layout collects what a rewritten call needs in the guest's memory: first an
// argument list, then strings. Addresses are known once base is.
type layout struct {
	name    string // "" when the guest has it already, at nameAt
	nameAt  uint64
	head    []string // nil when the argument list stays
	tail    []uint64 // pointers to the guest's own strings
	replace bool     // the argument list is a new one
}

// size is the space the layout takes, in bytes; 0 if nothing is needed.
func (l *layout) size() int {
	n := 0
	if l.replace {
		n += (len(l.head) + len(l.tail) + 1) * pointerSize
		for _, s := range l.head {
			n += len(s) + 1
		}
	}
	if l.name != "" {
		n += len(l.name) + 1
	}
	return n
}

// bytes is what stands at base, with the addresses of the argument list and
// of the name in it; 0 for what the layout has not got.
func (l *layout) bytes(base uint64) (image []byte, argv, name uint64) {
	image = make([]byte, 0, l.size())
	if l.replace {
		argv = base
		at := base + uint64((len(l.head)+len(l.tail)+1)*pointerSize)
		for _, s := range l.head {
			image = le.AppendUint64(image, at)
			at += uint64(len(s)) + 1
		}
		for _, p := range l.tail {
			image = le.AppendUint64(image, p)
		}
		image = le.AppendUint64(image, 0)
		for _, s := range l.head {
			image = append(append(image, s...), 0)
		}
	}
	if l.name != "" {
		name = base + uint64(len(image))
		image = append(append(image, l.name...), 0)
	}
	return image, argv, name
}
