// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/tools/vuutils/vu"
	"vuos.dev/tools/vuutils/vutest"
)

func runFake(args []string, stdout, stderr io.Writer, sys *vutest.Fake) int {
	return run(args, stdout, stderr, sys)
}

// users is a view with two accounts, which cannot run anything in fact.
func users() vutest.Fake {
	return vutest.Fake{
		Accounts: map[string]*vu.Account{
			"root": {Name: "root", Groups: []int{0}, Home: "/root", Shell: "/bin/bash"},
			"ann":  {Name: "ann", UID: 1001, GID: 100, Groups: []int{100, 27}, Home: "/home/ann"},
		},
		Env: []string{"SHELL=/bin/zsh", "IFS=x", "TERM=vt100"},
	}
}

const ranBash = "vusu: /bin/bash: Function not implemented\n"

func TestRun(t *testing.T) {
	outside := users()
	outside.Outside = true
	refusing := users()
	refusing.Errors = map[string]error{"become 0 0 [0]": unix.EPERM}
	homeless := users()
	homeless.Errors = map[string]error{"chdir /root": unix.ENOENT}
	lenient := homeless
	lenient.Files = map[string]string{loginDefsFile: "DEFAULT_HOME yes\n"}
	gone := users()
	gone.Errors = map[string]error{`exec /no ["no"]`: unix.ENOENT}
	vutest.Check(t, runFake, []vutest.Case{
		{Name: "help", Args: "--help", System: outside, Out: "Usage: vusu [OPTION]... [-] [USER]\n..."},
		{Name: "outside", Args: "- -c id ann", System: outside, Status: 126,
			Err: "vusu: su: Function not implemented\n", Calls: `exec su ["su" "-" "-c" "id" "ann"]`},
		{Name: "outside, an option of su's", Args: "-P", System: outside, Status: 126,
			Err: "vusu: su: Function not implemented\n", Calls: `exec su ["su" "-P"]`},
		{Name: "root", System: users(), Err: ranBash, Status: 126, Calls: `become 0 0 [0]; exec /bin/bash ["bash"]`},
		{Name: "user", Args: "ann", System: users(), Err: "vusu: /bin/sh: Function not implemented\n", Status: 126,
			Calls: `become 1001 100 [100 27]; exec /bin/sh ["sh"]`},
		{Name: "command", Args: "ann -c id -s /bin/dash", System: users(), Status: 126,
			Err:   "vusu: /bin/dash: Function not implemented\n",
			Calls: `become 1001 100 [100 27]; exec /bin/dash ["dash" "-c" "id"]`},
		{Name: "login", Args: "-", System: users(), Err: ranBash, Status: 126,
			Calls: `become 0 0 [0]; chdir /root; exec /bin/bash ["-bash"]`},
		{Name: "login, user", Args: "-l ann", System: users(), Err: "vusu: /bin/sh: Function not implemented\n", Status: 126,
			Calls: `become 1001 100 [100 27]; chdir /home/ann; exec /bin/sh ["-sh"]`},
		{Name: "environment's shell", Args: "-m", System: users(), Err: "vusu: /bin/zsh: Function not implemented\n", Status: 126,
			Calls: `become 0 0 [0]; exec /bin/zsh ["zsh"]`},
		{Name: "login outweighs -p", Args: "-p -l", System: users(), Err: ranBash, Status: 126,
			Calls: `become 0 0 [0]; chdir /root; exec /bin/bash ["-bash"]`},
		{Name: "no home", Args: "-", System: homeless, Err: "vusu: /root: No such file or directory\n", Status: 1,
			Calls: `become 0 0 [0]; chdir /root`},
		{Name: "no home needed", Args: "-", System: lenient, Err: ranBash, Status: 126,
			Calls: `become 0 0 [0]; chdir /root; chdir /; exec /bin/bash ["-bash"]`},
		{Name: "unknown", Args: "bob", System: users(), Err: "Unknown id: bob\n", Status: 1},
		{Name: "not virtual", System: refusing, Status: 1, Calls: "become 0 0 [0]",
			Err: "vusu: Operation not permitted (no loaded module virtualizes user ids, and only root may change the real ones)\n"},
		{Name: "no shell", Args: "-s /no", System: gone, Err: "vusu: /no: No such file or directory\n", Status: 127,
			Calls: `become 0 0 [0]; exec /no ["no"]`},
		{Name: "two users", Args: "- ann root", System: users(), Err: "vusu: extra operand 'root'\nUsage: ...", Status: 2},
		{Name: "bad option", Args: "-z", System: users(), Err: "vusu: invalid option -- 'z'\nUsage: ...", Status: 2},
	})
}
