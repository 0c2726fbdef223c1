// SPDX-License-Identifier: Apache-2.0

package plug

import (
	"fmt"
	"os"
	"strings"
)

// Describe returns the description with the user and process numbers added,
// and the address of the ssh client if there is one, as a switch lists it.
func (s Settings) Describe() string {
	d := s.Description
	if d == "" {
		d = "libvdeplug:"
	}
	d += fmt.Sprintf(" user=%d pid=%d", os.Geteuid(), os.Getpid())
	if ssh := os.Getenv("SSH_CLIENT"); ssh != "" {
		client, _, _ := strings.Cut(ssh, " ")
		d += " SSH=" + client
	}
	return strings.ReplaceAll(d, "\x00", "")
}
