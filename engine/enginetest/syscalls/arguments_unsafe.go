// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"reflect"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sys makes a system call. Its arguments are integers of any type, strings (passed as
// the address of a NUL-terminated copy), byte slices and pointers (passed as addresses),
// and nil (0). No retry on EINTR.
func sys(nr uintptr, args ...any) (int, error) {
	w, keep := words(args)
	r, _, e := unix.Syscall6(nr, w[0], w[1], w[2], w[3], w[4], w[5])
	runtime.KeepAlive(keep)
	if e != 0 {
		return -1, e
	}
	return int(r), nil
}

// words turns arguments into register contents, and what must stay reachable meanwhile.
func words(args []any) (w [6]uintptr, keep []any) {
	for i, a := range args {
		switch v := a.(type) {
		case nil:
		case string:
			b := append([]byte(v), 0)
			keep = append(keep, b)
			w[i] = uintptr(unsafe.Pointer(&b[0]))
		case []byte:
			keep = append(keep, v)
			w[i] = uintptr(unsafe.Pointer(unsafe.SliceData(v)))
		default:
			keep = append(keep, v)
			w[i] = word(v)
		}
	}
	return w, keep
}

func word(a any) uintptr {
	switch v := reflect.ValueOf(a); v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return uintptr(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return uintptr(v.Uint())
	case reflect.Pointer, reflect.Slice:
		return uintptr(v.UnsafePointer())
	default:
		panic(fmt.Sprintf("syscalls: %T is no argument of a system call", a))
	}
}

// address is where v's first byte lies. The caller keeps v alive.
func address[V any](v *V) uint64 { return uint64(uintptr(unsafe.Pointer(v))) }

// text is the address of a NUL-terminated copy of s, in memory that is never freed.
func text(s string) uint64 {
	b := append([]byte(s), 0)
	forever = append(forever, b)
	return address(&b[0])
}

var forever [][]byte

// bytesOf shows the memory of a structure of fixed layout.
func bytesOf[V any](v *V) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))
}

// guarded is a run of readable and writable pages with an unmapped page behind it.
type guarded struct{ pages []byte }

// pageSize is the size of a page of memory in bytes.
const pageSize = 4096

// newGuarded maps n pages, and unmaps the one behind them.
func newGuarded(t *T, n int) guarded {
	b, err := unix.MmapPtr(-1, 0, nil, uintptr((n+1)*pageSize), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	t.NoError(err, "mmap")
	tail := unsafe.Add(b, n*pageSize)
	t.NoError(unix.Mprotect(unsafe.Slice((*byte)(tail), pageSize), unix.PROT_NONE), "mprotect")
	return guarded{unsafe.Slice((*byte)(b), n*pageSize)}
}

// last is the memory of the n bytes before the guard page.
func (g guarded) last(n int) []byte { return g.pages[len(g.pages)-n:] }

// put copies s, without a terminator, to the very end and returns its address.
func (g guarded) put(s string) uintptr {
	b := g.last(len(s))
	copy(b, s)
	return uintptr(unsafe.Pointer(unsafe.SliceData(b)))
}

// behind is the address of the guard page.
func (g guarded) behind() uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(g.pages))) + uintptr(len(g.pages))
}
