// SPDX-License-Identifier: Apache-2.0

// Package exec runs programs whose binary, script or interpreter is virtual.
//
// The kernel can execute only what it can open, so a virtual binary is copied
// into a directory of umvu's own ([Cache]) and the guest's execve is turned into
// an execveat of that copy ([Rewrite]). [Probe] tells beforehand what the kernel
// would make of the file: an ELF binary with its loader, or a script whose "#!"
// line is expanded here, because the kernel would look for a virtual script and
// its interpreter in vain.
//
// # One exec, step by step
//
//  1. The notification of execve or execveat arrives. The caller resolves the
//     path, finds it virtual, and probes it. For a script it probes the
//     interpreter in turn, at most [MaxScripts] times, collecting the argument
//     list with [Image.Head].
//  2. [Cache.Copy] makes (or finds) the copy. If the binary has a virtual loader
//     the loader is copied first and named in [Source.Interp].
//  3. The caller installs the copy's directory in the guest, close-on-exec, and
//     calls [Rewrite], whose result is a [Pending].
//  4. The rewritten call is trapped by the filter once more. When a notification
//     satisfies [Pending.Matches] the caller calls [Pending.Arm] and continues it.
//  5. At the next notification of the process, or when it ends, the caller
//     calls [Pending.Done] and releases the copies.
//
// # Concurrency
//
// Everything here may be called from several goroutines at once. Lock order: the
// locker in [Options.Reaper] is taken first and no lock of this package is held
// while [Options.Restart] and [Options.Continue] run.
package exec
