// SPDX-License-Identifier: Apache-2.0

package exec

import "bytes"

// probeScript takes a "#!" line apart exactly as fs/binfmt_script.c:load_script()
// does, its odd cases included:
//   - a NUL ends the search for the newline, and then the line is taken to reach
//     to the end of the buffer, whose last byte is lost;
//   - a cut interpreter name is refused, a cut argument is accepted;
//   - blanks before the end of a line without newline leave an empty argument.
func probeScript(head *[headSize]byte) (Image, error) {
	buf := head[:]
	end := lineEnd(buf)
	if end < 0 {
		first := skipBlanks(buf, 2, len(buf))
		if first < 0 || endOfWord(buf, first, len(buf)) < 0 {
			return Image{}, &FormatError{Reason: "the interpreter's name is cut off"}
		}
		end = len(buf) - 1
	}
	for isBlank(buf[end-1]) {
		end--
	}
	// The kernel's ranges include the byte at end; a NUL is put there later.
	name := skipBlanks(buf, 2, end+1)
	if name < 0 || name == end {
		return Image{}, &FormatError{Reason: "no interpreter after #!"}
	}
	img := Image{Kind: Script}
	arg := -1
	if sep := endOfWord(buf, name, end+1); sep >= 0 {
		if buf[sep] != 0 {
			arg = skipBlanks(buf, sep, end+1)
		}
		img.Interp = cString(buf[name:sep])
	} else {
		img.Interp = cString(buf[name:end])
	}
	if arg >= 0 {
		img.Arg, img.HasArg = cString(buf[arg:end]), true
	}
	return img, nil
}

// lineEnd returns the index of the first newline that no NUL precedes, or -1.
func lineEnd(b []byte) int {
	i := bytes.IndexAny(b, "\n\x00")
	if i >= 0 && b[i] == 0 {
		return -1
	}
	return i
}

// skipBlanks returns the index of the first byte in b[from:to] that is no blank.
func skipBlanks(b []byte, from, to int) int {
	for ; from < to; from++ {
		if !isBlank(b[from]) {
			return from
		}
	}
	return -1
}

// endOfWord returns the index of the first blank or NUL in b[from:to], or -1.
func endOfWord(b []byte, from, to int) int {
	for ; from < to; from++ {
		if isBlank(b[from]) || b[from] == 0 {
			return from
		}
	}
	return -1
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// cString returns b up to its first NUL.
func cString(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
