// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"vuos.dev/tools/vuutils/vu"
)

// list prints the mounts as mount(8) does, of some types only if types is not
// empty: a list of types, or of those to leave out if it begins with "no".
func list(stdout, stderr io.Writer, sys system, types string) int {
	table, err := sys.Mounts()
	if err != nil {
		fmt.Fprintf(stderr, "%s: %s\n", command.Name, vu.Strerror(err))
		return 1
	}
	var b strings.Builder
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) < 4 || !hasType(types, f[2]) {
			continue
		}
		fmt.Fprintf(&b, "%s on %s type %s (%s)\n", unescape(f[0]), unescape(f[1]), unescape(f[2]), unescape(f[3]))
	}
	return command.Print(stdout, stderr, b.String())
}

func hasType(types, fstype string) bool {
	if types == "" {
		return true
	}
	rest, without := strings.CutPrefix(types, "no")
	return slices.Contains(strings.Split(rest, ","), fstype) != without
}

// unescape undoes the octal escapes of blanks and backslashes in a field.
//
// Source: fs/seq_file.c:mangle_path().
func unescape(field string) string {
	var b strings.Builder
	for i := 0; i < len(field); i++ {
		if field[i] == '\\' && i+3 < len(field) {
			if c, ok := octal(field[i+1 : i+4]); ok {
				b.WriteByte(c)
				i += 3
				continue
			}
		}
		b.WriteByte(field[i])
	}
	return b.String()
}

// octal reads three octal digits that make a byte.
func octal(digits string) (c byte, ok bool) {
	n := 0
	for _, d := range []byte(digits) {
		if d < '0' || d > '7' {
			return 0, false
		}
		n = n*8 + int(d-'0')
	}
	return byte(n), n < 256
}
