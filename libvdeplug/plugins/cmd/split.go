// SPDX-License-Identifier: Apache-2.0

package cmd

import "errors"

var (
	errEmpty = errors.New("no command")
	errQuote = errors.New("a quote is not closed")
)

// split makes words of a command line: blanks separate them, '...' and "..."
// protect blanks, and a backslash protects one character (within "..." only
// a quote or a backslash).
func split(line string) (words []string, err error) {
	var word []byte
	inWord := false
	quote := byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && i+1 < len(line) && (quote == 0 || quote == '"' && (line[i+1] == '"' || line[i+1] == '\\')):
			i++
			word, inWord = append(word, line[i]), true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, inWord = c, true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n'):
			if inWord {
				words = append(words, string(word))
			}
			word, inWord = nil, false
		default:
			word, inWord = append(word, c), true
		}
	}
	if inWord {
		words = append(words, string(word))
	}
	switch {
	case quote != 0:
		return nil, errQuote
	case len(words) == 0:
		return nil, errEmpty
	}
	return words, nil
}
