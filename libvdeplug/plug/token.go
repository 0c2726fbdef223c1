// SPDX-License-Identifier: Apache-2.0

package plug

import "strings"

// state is where the scanner of quoted text is. The rules are those of
// vdeplug4's tokenizer: '...' and "..." protect everything up to the closing
// quote, a backslash outside of quotes protects one character, %XX outside of
// quotes is a byte in hexadecimal, and an unfinished quote ends with the text.
type state int

const (
	plain state = iota
	single
	double
	escaped
)

// next gives the state after c, and whether c is itself part of the text.
func (s state) next(c byte) (after state, literal bool) {
	switch s {
	case single:
		if c == '\'' {
			return plain, false
		}
		return single, true
	case double:
		if c == '"' {
			return plain, false
		}
		return double, true
	case escaped:
		return plain, true
	}
	switch c {
	case '\'':
		return single, false
	case '"':
		return double, false
	case '\\':
		return escaped, false
	}
	return plain, true
}

// index returns where the first unquoted delim is in s, -1 if nowhere.
func index(s string, delim byte) int {
	st := plain
	for i := range len(s) {
		if st == plain && s[i] == delim {
			return i
		}
		st, _ = st.next(s[i])
	}
	return -1
}

// lastIndex returns where the last unquoted delim is in s, -1 if nowhere.
func lastIndex(s string, delim byte) int {
	st, last := plain, -1
	for i := range len(s) {
		if st == plain && s[i] == delim {
			last = i
		}
		st, _ = st.next(s[i])
	}
	return last
}

// cut splits s at its first unquoted delim.
func cut(s string, delim byte) (before, after string, found bool) {
	if i := index(s, delim); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// unquote returns s without its quoting.
func unquote(s string) string {
	if !strings.ContainsAny(s, `'"\%`) {
		return s
	}
	out := make([]byte, 0, len(s))
	st := plain
	for i := 0; i < len(s); i++ {
		c := s[i]
		if st == plain && c == '%' {
			if b, ok := hexByte(s[i+1:]); ok {
				out = append(out, b)
				i += 2
				continue
			}
		}
		var literal bool
		if st, literal = st.next(c); literal {
			out = append(out, c)
		}
	}
	return string(out)
}

// hexByte decodes the two hexadecimal digits at the start of s. A zero byte
// does not count: it would end the text for every peer written in C.
func hexByte(s string) (b byte, ok bool) {
	if len(s) < 2 {
		return 0, false
	}
	hi, ok1 := hexDigit(s[0])
	lo, ok2 := hexDigit(s[1])
	b = hi<<4 | lo
	return b, ok1 && ok2 && b != 0
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// Quote returns s such that it stands for itself anywhere in a locator.
func Quote(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(`'"\%/[]{}`, c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// QuotePath is Quote for a path before "[": slashes need no quoting there.
func QuotePath(s string) string {
	return strings.ReplaceAll(Quote(s), `\/`, "/")
}
