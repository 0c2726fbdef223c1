// SPDX-License-Identifier: Apache-2.0

package helper

import (
	"bytes"
	"strings"
	"sync"
)

// Tail keeps the end of what a program writes.
type Tail struct {
	mu sync.Mutex
	b  []byte
}

const tailSize = 4096

// Write implements [io.Writer].
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if over := len(t.b) - tailSize; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

// Line is the last line that is not blank.
func (t *Tail) Line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := bytes.TrimSpace(t.b)
	return strings.TrimSpace(string(b[bytes.LastIndexByte(b, '\n')+1:]))
}
