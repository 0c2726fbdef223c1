// SPDX-License-Identifier: Apache-2.0

package syscalls

import "slices"

// Need says what a case asks of the process that runs it.
type Need uint8

const (
	// Anyone cases behave the same for every user.
	Anyone Need = iota
	// Root cases need effective user id 0 and all capabilities; others skip them.
	Root
	// User cases need a user without privileges; root runs them as nobody.
	User
)

// Case is one test: a name of the form area/what, and a function.
type Case struct {
	Name string
	Need Need
	Run  func(t *T)
}

// All returns every case, in the order in which they are run.
func All() []Case {
	return slices.Concat(
		openCases, openFlagCases, openat2Cases, pathOnlyCases, tmpfileCases,
		readWriteCases, vectorCases, appendCases, seekCases,
		statCases, statxCases, accessCases, inodeCases, timestampCases,
		linkCases, symlinkCases, unlinkCases, directoryCases, getdentsCases, mknodCases,
		renameCases, renameat2Cases,
		chmodCases, chownCases, utimeCases, permissionCases,
		truncateCases, fallocateCases, syncCases, statfsCases,
		xattrCases, xattratCases,
		dupCases, closeRangeCases, fcntlCases, lockCases, ioctlCases,
		cwdCases, chrootCases, nameCases, slashCases, pointerCases, pathPointerCases,
		mmapCases, copyCases, spliceCases, aioCases,
		execCases, scriptCases, forkCases, limitCases, raceCases,
		procCases, fifoCases, signalCases, inotifyCases, handleCases, mountCases, adminCases,
		unixSocketCases, inetCases, passingCases, receivingCases, legacyCases,
	)
}
