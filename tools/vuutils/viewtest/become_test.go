// SPDX-License-Identifier: Apache-2.0

package viewtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vuos.dev/tools/vuutils/vu"
)

// TestBecome: the shell that vusu becomes has the ids of the account and no
// others. The ids are real ones here, for want of a module.
func TestBecome(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can change real ids")
	}
	account, err := vu.System{}.LookupUser("daemon")
	if err != nil {
		t.Skip("there is no account daemon")
	}
	h := &hypervisor{t: t}
	tr := &tracer{handle: h.handle}
	const script = `grep -E "^(Uid|Gid):" /proc/self/status; id -G; echo $0 $HOME $USER`
	out, errs, status := tr.run(t, filepath.Join(bin, "vusu"), "-s", "/bin/sh", "-c", script, "daemon")
	want := fmt.Sprintf("Uid:\t%[1]d\t%[1]d\t%[1]d\t%[1]d\nGid:\t%[2]d\t%[2]d\t%[2]d\t%[2]d\n%[3]s\nsh %[4]s daemon\n",
		account.UID, account.GID, strings.Trim(fmt.Sprint(account.Groups), "[]"), account.Home)
	if out != want || errs != "" || status != 0 {
		t.Errorf("output %q, errors %q, status %d\nwant   %q", out, errs, status, want)
	}
}
