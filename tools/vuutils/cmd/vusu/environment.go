// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"slices"
	"strings"

	"vuos.dev/tools/vuutils/vu"
)

const loginDefsFile = "/etc/login.defs"

// Search paths where login.defs(5) sets none.
const (
	defaultPath     = "/bin:/usr/bin"
	defaultRootPath = "/sbin:/bin:/usr/sbin:/usr/bin"
)

// loginKeeps are the variables that a login shell inherits.
var loginKeeps = []string{"TERM", "COLORTERM", "DISPLAY", "XAUTHORITY"}

// environment makes the shell's environment from the caller's.
func environment(req *request, account *vu.Account, shell string, old []string, defs []byte) []string {
	var env []string
	for _, entry := range old {
		name, _, _ := strings.Cut(entry, "=")
		if name == "IFS" || req.login && !slices.Contains(loginKeeps, name) {
			continue
		}
		env = append(env, entry)
	}
	if req.preserve {
		return env
	}
	for _, v := range [...][2]string{
		{"USER", account.Name},
		{"LOGNAME", account.Name},
		{"HOME", account.Home},
		{"SHELL", shell},
		{"PATH", searchPath(account.UID, defs)},
	} {
		env = setVariable(env, v[0], v[1])
	}
	return env
}

func setVariable(env []string, name, value string) []string {
	env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
	return append(env, name+"="+value)
}

func variable(env []string, name string) string {
	for _, e := range env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}

// chooseShell: the one asked for, the caller's if the environment is kept, the
// user's, the standard one.
func chooseShell(req *request, account *vu.Account, env []string) string {
	switch {
	case req.shell != "":
		return req.shell
	case req.preserve && variable(env, "SHELL") != "":
		return variable(env, "SHELL")
	case account.Shell != "":
		return account.Shell
	}
	return defaultShell
}

func searchPath(uid int, defs []byte) string {
	name, path := "ENV_PATH", defaultPath
	if uid == 0 {
		name, path = "ENV_SUPATH", defaultRootPath
	}
	if value := loginDef(defs, name); value != "" {
		path = strings.TrimPrefix(value, "PATH=")
	}
	return path
}

// loginDef finds a setting in the text of login.defs(5), empty if it has none.
func loginDef(defs []byte, name string) string {
	for line := range bytes.Lines(defs) {
		text := strings.TrimSpace(string(line))
		value, ok := strings.CutPrefix(text, name)
		if ok && value != "" && (value[0] == ' ' || value[0] == '\t') {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}
