// SPDX-License-Identifier: Apache-2.0

package helper

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// Tail keeps the end of what a program writes, until it is known whether the program does what it was started for.
type Tail struct {
	mu sync.Mutex
	b  []byte
	to io.Writer // where all goes from then on
}

const tailSize = 4096

// Write implements [io.Writer].
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.to != nil {
		return t.to.Write(p)
	}
	t.b = append(t.b, p...)
	if over := len(t.b) - tailSize; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

// Pass hands on what was kept and all that comes. An error of w is the program's loss.
func (t *Tail) Pass(w io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = w.Write(t.b)
	t.b, t.to = nil, w
}

// Line is the last line that is not blank.
func (t *Tail) Line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := bytes.TrimSpace(t.b)
	return strings.TrimSpace(string(b[bytes.LastIndexByte(b, '\n')+1:]))
}
