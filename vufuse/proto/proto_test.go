// SPDX-License-Identifier: Apache-2.0

package proto

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// TestSizes checks the structures against the sizes that a C compiler gives those of fuse.h, and that there is no padding
// and no pointer in them.
func TestSizes(t *testing.T) {
	for size, list := range map[int][]Message{
		4 * 2:    {&BatchForgetIn{}, &MkdirIn{}, &RenameIn{}, &LinkIn{}, &OpenIn{}, &GetxattrIn{}, &AccessIn{}, &InterruptIn{}, &SyncfsIn{}, &WriteOut{}, &LseekOut{}, &ForgetIn{}, &PollOut{}, &notifyPoll{}},
		16:       {&ForgetOne{}, &GetattrIn{}, &MknodIn{}, &Rename2In{}, &CreateIn{}, &FsyncIn{}, &SetxattrIn{}, &OutHeader{}, &OpenOut{}, &IoctlOut{}, &notifyInvalEntry{}},
		24:       {&StatxIn{}, &PollIn{}, &ReleaseIn{}, &FlushIn{}, &LseekIn{}, &LkOut{}, &DirentHeader{}, &notifyInvalInode{}, &notifyDelete{}, &notifyStore{}},
		32:       {&IoctlIn{}, &FallocateIn{}, &notifyRetrieve{}},
		40:       {&InHeader{}, &ReadIn{}, &WriteIn{}, &NotifyRetrieveIn{}},
		48:       {&LkIn{}},
		56:       {&CopyFileRangeIn{}},
		64:       {&InitIn{}, &InitOut{}},
		80:       {&StatfsOut{}},
		88:       {&SetattrIn{}},
		104:      {&AttrOut{}},
		128:      {&EntryOut{}},
		144:      {&CreateOut{}},
		32 + 256: {&StatxOut{}},
	} {
		for _, m := range list {
			if n := len(m.Raw()); n != size {
				t.Errorf("%T has %d bytes, want %d", m, n, size)
			}
			typ := reflect.TypeOf(m).Elem()
			if n := plain(t, typ); n != size {
				t.Errorf("%v has %d bytes in its members", typ, n)
			}
		}
	}
}

// plain is the sum of the sizes of a type's members, all numbers.
func plain(t *testing.T, typ reflect.Type) (n int) {
	switch typ.Kind() {
	case reflect.Struct:
		for f := range typ.Fields() {
			n += plain(t, f.Type)
		}
	case reflect.Array:
		n = typ.Len() * plain(t, typ.Elem())
	case reflect.Pointer, reflect.String, reflect.Slice, reflect.Interface, reflect.Map, reflect.Chan, reflect.Func:
		t.Errorf("%v is not plain data", typ)
	default:
		n = int(typ.Size())
	}
	return n
}

// FuzzParseDirents checks that every name is good and that the input is used in order.
func FuzzParseDirents(f *testing.F) {
	h := DirentHeader{Ino: 1, Off: 2, Namelen: 3, Type: 4}
	one := append(append([]byte(nil), h.Raw()...), "abc\x00\x00\x00\x00\x00"...)
	f.Add(one, false)
	f.Add(append(one, one...), false)
	f.Add(append(make([]byte, 128), one...), true)
	f.Fuzz(func(t *testing.T, b []byte, plus bool) {
		list, _ := ParseDirents(b, plus)
		used := 0
		for _, d := range list {
			if d.Name == "" || len(d.Name) > NameMax || strings.ContainsAny(d.Name, "/\x00") {
				t.Fatalf("name %q", d.Name)
			}
			if (d.Entry != nil) != plus {
				t.Fatal("entry")
			}
			size := direntSize + len(d.Name)
			if plus {
				size += entrySize
			}
			used += (size + 7) &^ 7
		}
		if used > len(b) {
			t.Fatalf("%d bytes of %d used", used, len(b))
		}
	})
}

// recorder keeps the last notification.
type recorder struct {
	node, size uint64
	off        int64
	name       string
	data       []byte
}

func (r *recorder) Poll(kh uint64) { r.node = kh }

func (r *recorder) IncEpoch() {}

func (r *recorder) InvalInode(n uint64, _, _ int64) error { r.node = n; return nil }

func (r *recorder) InvalEntry(_ uint64, name string, _ bool) error { r.name = name; return nil }

func (r *recorder) Delete(_, _ uint64, name string) error { r.name = name; return nil }

func (r *recorder) Store(_ uint64, off int64, p []byte) error { r.off, r.data = off, p; return nil }

func (r *recorder) Retrieve(_, _ uint64, off int64, size uint32) error {
	r.off, r.size = off, uint64(size)
	return nil
}

// FuzzNotify checks that what is handed on is within what came.
func FuzzNotify(f *testing.F) {
	f.Add(int32(NotifyInvalEntry), append(make([]byte, 16), 0))
	f.Add(int32(NotifyDelete), append(make([]byte, 24), 0))
	f.Add(int32(NotifyStore), make([]byte, 24))
	f.Fuzz(func(t *testing.T, code int32, body []byte) {
		var r recorder
		err := Notify(&r, Notification(code), body)
		if r.off < 0 || r.off+int64(len(r.data)) < 0 {
			t.Fatalf("offset %d", r.off)
		}
		if strings.Contains(r.name, "\x00") || !bytes.Contains(body, []byte(r.name)) || !bytes.Contains(body, r.data) {
			t.Fatalf("%q and %q from %q, %v", r.name, r.data, body, err)
		}
	})
}

// TestOpNames checks that requests have names in messages.
func TestOpNames(t *testing.T) {
	if Statx.String() != "STATX" || Op(99).String() != "OP99" {
		t.Error(Statx, Op(99))
	}
}
