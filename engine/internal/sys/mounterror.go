// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"os"
	"sync"
)

var pid = os.Getpid()

// mountErrors keeps the message of the last failed mount of each process, until it is
// asked for.
type mountErrors struct {
	mu   sync.Mutex
	text map[int]string
}

const maxMountErrors = 64

func (m *mountErrors) set(pid int, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.text == nil || len(m.text) >= maxMountErrors {
		m.text = map[int]string{}
	}
	m.text[pid] = text
}

func (m *mountErrors) clear(pid int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.text, pid)
}

func (m *mountErrors) take(pid int) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.text[pid]
	delete(m.text, pid)
	return s
}
