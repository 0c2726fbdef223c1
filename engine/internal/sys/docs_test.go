// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/seccomp"
)

var update = flag.Bool("update", false, "write docs/syscalls.md instead of comparing it")

const syscallsDoc = "../../../docs/syscalls.md"

// TestSyscallsDoc: docs/syscalls.md is what the table says.
func TestSyscallsDoc(t *testing.T) {
	want := syscallsPage()
	if *update {
		if err := os.WriteFile(syscallsDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(syscallsDoc)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is out of date: run make generate", syscallsDoc)
	}
}

func syscallsPage() string {
	var b strings.Builder
	b.WriteString(`# System calls

<!-- Made from engine/internal/sys/table_amd64.go by make generate. -->

The system calls that umvu looks at, on amd64. All others are the kernel's alone: their cost is that of the filter.

*Notified* says when a call stops for umvu. umvu then serves it if what it is about is virtual, and otherwise
lets the kernel do it. A *possibly virtual descriptor* is 0, 1, 2 or one from ` + fmt.Sprint(seccomp.Zone) + ` on.

| number | call | notified | remarks |
|---|---|---|---|
`)
	rows := slices.SortedFunc(slices.Values(table), func(x, y row) int { return x.nr - y.nr })
	for _, r := range rows {
		fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", r.nr, r.name, trapText(r.trap), r.note)
	}
	b.WriteString(`
The virtual system calls have negative numbers and are those of package ` + "`vuos.dev/engine/abi`" + `.
Calls of the 32-bit interfaces (i386, x32) are refused with ENOSYS.
`)
	return b.String()
}

func trapText(t seccomp.Trap) string {
	if t.Or != nil {
		or := *t.Or
		t.Or = nil
		return trapText(t) + ", or " + trapText(or)
	}
	switch t.Kind {
	case seccomp.Always:
		return "always"
	case seccomp.ByFD:
		return "for a possibly virtual descriptor"
	case seccomp.ByReadFD:
		text := fmt.Sprintf("for a possibly virtual descriptor below %d or from %d on", seccomp.ReadZone, seccomp.ReadZoneEnd)
		if len(t.Values) > 0 {
			text += fmt.Sprintf(", for all if argument %d is one of %s", t.Args[1]+1, list(t.Values))
		}
		return text
	case seccomp.ByMappedFD:
		return "for a possibly virtual descriptor, unless anonymous"
	case seccomp.ArgEquals:
		return fmt.Sprintf("if argument %d is one of %s", t.Args[0]+1, list(t.Values))
	case seccomp.ArgBetween:
		return fmt.Sprintf("if argument %d is from %#x to %#x", t.Args[0]+1, t.Values[0], t.Values[1])
	case seccomp.ArgNonzero:
		return fmt.Sprintf("if argument %d is not 0", t.Args[0]+1)
	case seccomp.ArgHasFlags:
		text := fmt.Sprintf("if argument %d has a bit of %#x", t.Args[0]+1, t.Values[0])
		if len(t.Values) > 1 {
			text += fmt.Sprintf(" and none of %#x", t.Values[1])
		}
		return text
	case seccomp.Refuse:
		return "never: " + unix.ErrnoName(t.Errno)
	}
	return "never"
}

func list(values []uint32) string {
	var s []string
	for _, v := range values {
		s = append(s, fmt.Sprint(v))
	}
	return strings.Join(s, ", ")
}

// TestTable: numbers and names are there once, and every call that is notified is served.
func TestTable(t *testing.T) {
	numbers, names := map[int]bool{}, map[string]bool{}
	for _, r := range table {
		if numbers[r.nr] || names[r.name] || r.nr >= maxNr {
			t.Errorf("%d %s is there twice, or too big", r.nr, r.name)
		}
		numbers[r.nr], names[r.name] = true, true
		if refused := r.trap.Kind == seccomp.Refuse; refused != (r.handle == nil) {
			t.Errorf("%s: refused %v, with a handler %v", r.name, refused, r.handle != nil)
		}
	}
}
