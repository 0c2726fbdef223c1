// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	osexec "os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// runFile executes a file without any of this package's help.
func runFile(t *testing.T, content []byte, dir string) ([]string, error) {
	t.Helper()
	p := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(p, content, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := osexec.Command(p, "tail")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), modeEnv+"=show", quickRace)
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var s shown
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return append(s.Args[:0:0], replace(s.Args, p, "SCRIPT")...), nil
}

func replace(args []string, from, to string) []string {
	for i, a := range args {
		if a == from {
			args[i] = to
		}
	}
	return args
}

// The kernel is asked what each head means; its interpreter "i" prints its arguments.
func TestProbeScriptAsKernel(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(self(t), filepath.Join(dir, "i")); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 300)
	for _, text := range []string{
		"#!i\n", "#!i", "#! i\n", "#!\t i \t\n", "#!i a\n", "#!i a b \t\n", "#!i\ta", "#!i ", "#!i a ",
		"#!", "#!\n", "#! \n", "#! ", "#!\x00i\n", "#!i\x00a\n", "#!i \x00a\n", "#!i a\x00b\n", "#!i\r\n",
		"#!i " + long + "\n", "#!i " + long, "#!i" + strings.Repeat(" ", 300), "#!i" + strings.Repeat(" ", 300) + "a\n",
		"#!" + strings.Repeat(" ", 300) + "i\n", "#!" + strings.Repeat(" ", 252) + "i\n", "#!" + strings.Repeat(" ", 253) + "i\n",
		"#!" + strings.Repeat(" ", 251) + "i \n", "#!" + strings.Repeat(" ", 251) + "i a\n", "#!" + strings.Repeat(" ", 252) + "i a\n",
		"#!" + long, "#!" + long + "\n", "#!i " + strings.Repeat("y", 250) + "  \n", "#!i a" + strings.Repeat(" ", 300) + "\n",
		"#!./i -a  b\n", "# !i\n", "", "#", "echo\n", "#!nosuch\n", "#!i  \x00", "\n#!i\n",
	} {
		want, wantErr := runFile(t, []byte(text), dir)
		img, err := Probe(strings.NewReader(text))
		if errors.Is(wantErr, unix.EACCES) && err == nil && img.Interp == "" {
			continue // it is the working directory
		}
		if errors.Is(wantErr, unix.ENOENT) {
			if err != nil || (img.Interp != "nosuch" && img.Interp != "i\r") {
				t.Errorf("%q: got %+v %v, kernel %v", text, img, err, wantErr)
			}
			continue
		}
		if wantErr != nil || err != nil {
			if !errors.Is(wantErr, unix.ENOEXEC) || !errors.Is(err, unix.ENOEXEC) {
				t.Errorf("%q: got %+v %v, kernel %v", text, img, err, wantErr)
			}
			continue
		}
		if got := append(img.Head([]string{"SCRIPT"}), "tail"); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q, kernel %q", text, got, want)
		}
	}
}

// smallELF is a program that exits with status 0, with a loader's name at 0x200 that
// the kernel is to find; loader "" leaves the program header empty (PT_NULL).
func smallELF(loader string) []byte {
	b := make([]byte, 0x1000)
	copy(b, elfMagic+"\x02\x01\x01")
	le.PutUint16(b[ehdrType:], 2)
	le.PutUint16(b[ehdrMachine:], 62)
	le.PutUint32(b[20:], 1)
	le.PutUint64(b[24:], 0x400100) // entry
	le.PutUint64(b[ehdrPhoff:], 64)
	le.PutUint16(b[52:], 64)
	le.PutUint16(b[ehdrPhentsize:], programHeaderSize)
	le.PutUint16(b[ehdrPhnum:], 2)
	load := b[64:]
	le.PutUint32(load, 1)
	le.PutUint32(load[4:], 5)
	le.PutUint64(load[16:], 0x400000)
	le.PutUint64(load[phdrFilesz:], 0x1000)
	le.PutUint64(load[40:], 0x1000)
	le.PutUint64(load[48:], 0x1000)
	interp := b[64+programHeaderSize:]
	if loader != "" {
		le.PutUint32(interp, 3)
	}
	le.PutUint64(interp[phdrOffset:], 0x200)
	le.PutUint64(interp[phdrFilesz:], uint64(len(loader)+1))
	copy(b[0x100:], "\xb8\x3c\x00\x00\x00\x31\xff\x0f\x05") // exit(0)
	copy(b[0x200:], loader)
	return b
}

func TestProbeELFAsKernel(t *testing.T) {
	const interp = 64 + programHeaderSize
	for name, change := range map[string]func(b []byte){
		"good":              func([]byte) {},
		"class is not read": func(b []byte) { b[4] = 1 },
		"relocatable":       func(b []byte) { b[ehdrType] = 1 },
		"core":              func(b []byte) { b[ehdrType] = 4 },
		"arm":               func(b []byte) { b[ehdrMachine] = 183 },
		"header size":       func(b []byte) { b[ehdrPhentsize] = 57 },
		"no headers":        func(b []byte) { b[ehdrPhnum] = 0 },
		"many headers":      func(b []byte) { le.PutUint16(b[ehdrPhnum:], 0xffff) },
		"1170 headers":      func(b []byte) { le.PutUint16(b[ehdrPhnum:], 1170) },
		"1171 headers":      func(b []byte) { le.PutUint16(b[ehdrPhnum:], 1171) },
		"headers outside":   func(b []byte) { le.PutUint64(b[ehdrPhoff:], 0xfff) },
		"headers far":       func(b []byte) { le.PutUint64(b[ehdrPhoff:], 1<<63) },
		"magic":             func(b []byte) { b[1] = 'e' },
	} {
		b := smallELF("")
		change(b)
		compareELF(t, name, b)
	}
	for name, change := range map[string]func(b []byte){
		"loader of 1 byte":        func(b []byte) { le.PutUint64(b[interp+phdrFilesz:], 1) },
		"loader of 4097 bytes":    func(b []byte) { le.PutUint64(b[interp+phdrFilesz:], 4097) },
		"loader not terminated":   func(b []byte) { le.PutUint64(b[interp+phdrFilesz:], 4) },
		"loader after the end":    func(b []byte) { le.PutUint64(b[interp+phdrOffset:], 0xffe) },
		"loader far":              func(b []byte) { le.PutUint64(b[interp+phdrOffset:], 1<<62) },
		"loader at negative":      func(b []byte) { le.PutUint64(b[interp+phdrOffset:], 1<<63+5) },
		"loader cut by its NUL":   func(b []byte) { le.PutUint64(b[interp+phdrFilesz:], 100) },
		"loader that isn't there": func([]byte) {},
	} {
		b := smallELF("/nosuch/loader")
		change(b)
		compareELF(t, name, b)
	}
}

func compareELF(t *testing.T, name string, b []byte) {
	t.Helper()
	p := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(p, b, 0o755); err != nil {
		t.Fatal(err)
	}
	want := osexec.Command(p).Run()
	img, err := Probe(bytes.NewReader(b))
	if errors.Is(want, unix.ENOENT) && err == nil {
		if img.Interp != "/nosuch/loader" {
			t.Errorf("%s: got %+v, kernel %v", name, img, want)
		}
		return
	}
	var wantNo, gotNo unix.Errno
	errors.As(want, &wantNo)
	errors.As(err, &gotNo)
	if wantNo != gotNo {
		t.Errorf("%s: got %v, kernel %v", name, err, want)
	}
}

func TestProbeCompat(t *testing.T) {
	i386, x32 := smallELF(""), smallELF("")
	i386[4], i386[ehdrMachine] = 1, 3
	x32[4], x32[ehdrPhentsize] = 1, 0
	for _, b := range [][]byte{i386, x32} {
		_, err := Probe(bytes.NewReader(b))
		var f *FormatError
		if !errors.As(err, &f) || !f.Compat || !errors.Is(err, unix.ENOEXEC) {
			t.Errorf("got %v", err)
		}
	}
}

func FuzzProbe(f *testing.F) {
	f.Add([]byte("#!/bin/sh -e \n"))
	f.Add([]byte("#! \t/bin/sh\tx"))
	f.Add(smallELF("/lib64/ld-linux-x86-64.so.2"))
	f.Fuzz(func(t *testing.T, b []byte) {
		img, err := Probe(bytes.NewReader(b))
		if err != nil {
			if !errors.Is(err, unix.ENOEXEC) && !errors.Is(err, unix.EIO) && !errors.Is(err, unix.EINVAL) {
				t.Fatal(err)
			}
			return
		}
		if strings.ContainsRune(img.Interp+img.Arg, 0) || len(img.Interp) >= unix.PathMax {
			t.Fatalf("%+v", img)
		}
		if img.Kind == Script {
			more := append(b[:min(len(b), headSize):min(len(b), headSize)], make([]byte, headSize)...)
			if again, err := Probe(bytes.NewReader(more)); err != nil || again != img {
				t.Fatalf("%+v became %+v, %v", img, again, err)
			}
			return
		}
		if !img.Dynamic {
			return
		}
		file := &memFile{append([]byte(nil), b...)}
		if err := setInterp(file, int64(len(b)), "/a/loader"); err != nil {
			t.Fatal(err)
		}
		// Headers that overlap with the name or with each other may change anything.
		if again, err := Probe(bytes.NewReader(file.b)); err == nil && again.Dynamic &&
			again.interpHeader == img.interpHeader && again.Interp != "/a/loader" {
			t.Fatalf("loader is %q", again.Interp)
		}
	})
}

// memFile is a file in memory.
type memFile struct{ b []byte }

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(f.b).ReadAt(p, off)
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	if need := int(off) + len(p); need > len(f.b) {
		f.b = append(f.b, make([]byte, need-len(f.b))...)
	}
	return copy(f.b[off:], p), nil
}
