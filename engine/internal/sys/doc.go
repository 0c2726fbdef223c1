// SPDX-License-Identifier: Apache-2.0

// Package sys answers the system calls of guests.
//
// table_amd64.go is the only registry: one row per system call with when it is
// notified, where its path is and who handles it. A handler (sys_*.go) decodes the
// arguments, finds what they name in the guest's view, and either says that the kernel
// is to go on (native) or calls the one worker for that operation, which all
// variants of the call share.
//
// Lock order: Supervisor.mountMu, then a view's, then a task table's. None is held while a
// module is called.
package sys
