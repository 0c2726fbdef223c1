// SPDX-License-Identifier: Apache-2.0

package vu

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Account is what the account databases say of a user.
type Account struct {
	Name   string
	UID    int
	GID    int
	Groups []int // supplementary groups, GID first
	Home   string
	Shell  string // empty if none is set
}

// LookupUser finds an account in /etc/passwd, or wherever else nsswitch.conf(5)
// says, which getent(1) asks.
//
// Errors: ENOENT if there is no such account.
func (System) LookupUser(name string) (*Account, error) {
	data, err := os.ReadFile("/etc/passwd")
	a := findAccount(data, name)
	if a == nil {
		a = findAccount(getent("passwd", name), name)
	}
	if a == nil {
		if err != nil {
			return nil, err
		}
		return nil, unix.ENOENT
	}
	groups, _ := os.ReadFile("/etc/group") // without it there is the main group
	a.Groups = findGroups(groups, a)
	for _, f := range strings.Fields(string(getent("initgroups", name))) {
		if gid, err := strconv.Atoi(f); err == nil && !slices.Contains(a.Groups, gid) {
			a.Groups = append(a.Groups, gid)
		}
	}
	return a, nil
}

// getent asks a database of the name service switch; no answer is nil.
func getent(database, key string) []byte {
	out, err := exec.Command("getent", "--", database, key).Output()
	if err != nil {
		return nil
	}
	return out
}

// findAccount reads lines as passwd(5) describes them and skips malformed ones.
func findAccount(data []byte, name string) *Account {
	for line := range bytes.Lines(data) {
		f := strings.Split(strings.TrimSuffix(string(line), "\n"), ":")
		if len(f) != 7 || f[0] != name || name == "" {
			continue
		}
		uid, err1 := strconv.ParseUint(f[2], 10, 32)
		gid, err2 := strconv.ParseUint(f[3], 10, 32)
		if err1 != nil || err2 != nil {
			continue
		}
		return &Account{Name: name, UID: int(uid), GID: int(gid), Home: f[5], Shell: f[6]}
	}
	return nil
}

// findGroups reads lines as group(5) describes them.
func findGroups(data []byte, a *Account) []int {
	groups := []int{a.GID}
	for line := range bytes.Lines(data) {
		f := strings.Split(strings.TrimSuffix(string(line), "\n"), ":")
		if len(f) != 4 || !slices.Contains(strings.Split(f[3], ","), a.Name) {
			continue
		}
		gid, err := strconv.ParseUint(f[2], 10, 32)
		if err == nil && !slices.Contains(groups, int(gid)) {
			groups = append(groups, int(gid))
		}
	}
	return groups
}

// ReadFile is [os.ReadFile].
func (System) ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }

// Chdir is chdir(2).
func (System) Chdir(path string) error { return unix.Chdir(path) }
