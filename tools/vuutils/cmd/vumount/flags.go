// SPDX-License-Identifier: Apache-2.0

package main

import "golang.org/x/sys/unix"

// defaultFlags: a user's mistakes are not for the kernel's log (-o loud).
const defaultFlags = unix.MS_SILENT

// Groups of flags that mount(2) treats in calls of their own.
const (
	propagation = unix.MS_SHARED | unix.MS_SLAVE | unix.MS_PRIVATE | unix.MS_UNBINDABLE

	// perMount are the flags that a bind mount takes on only by a remount.
	perMount = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC |
		unix.MS_NOATIME | unix.MS_NODIRATIME | unix.MS_RELATIME | unix.MS_STRICTATIME |
		unix.MS_NOSYMFOLLOW
)

// change is what an option does to the flags.
type change struct {
	set, clear uintptr
}

// flagChanges are the options of mount(8) that are flags of mount(2). Whatever
// is not here is for the file system.
var flagChanges = map[string]change{
	"defaults": {},
	"user":     {set: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
	"group":    {set: unix.MS_NOSUID | unix.MS_NODEV},

	"ro":          {set: unix.MS_RDONLY},
	"rw":          {clear: unix.MS_RDONLY},
	"nosuid":      {set: unix.MS_NOSUID},
	"suid":        {clear: unix.MS_NOSUID},
	"nodev":       {set: unix.MS_NODEV},
	"dev":         {clear: unix.MS_NODEV},
	"noexec":      {set: unix.MS_NOEXEC},
	"exec":        {clear: unix.MS_NOEXEC},
	"sync":        {set: unix.MS_SYNCHRONOUS},
	"async":       {clear: unix.MS_SYNCHRONOUS},
	"dirsync":     {set: unix.MS_DIRSYNC},
	"mand":        {set: unix.MS_MANDLOCK},
	"nomand":      {clear: unix.MS_MANDLOCK},
	"iversion":    {set: unix.MS_I_VERSION},
	"noiversion":  {clear: unix.MS_I_VERSION},
	"acl":         {set: unix.MS_POSIXACL},
	"silent":      {set: unix.MS_SILENT},
	"loud":        {clear: unix.MS_SILENT},
	"nosymfollow": {set: unix.MS_NOSYMFOLLOW},
	"symfollow":   {clear: unix.MS_NOSYMFOLLOW},

	"noatime":       {set: unix.MS_NOATIME},
	"atime":         {clear: unix.MS_NOATIME},
	"nodiratime":    {set: unix.MS_NODIRATIME},
	"diratime":      {clear: unix.MS_NODIRATIME},
	"relatime":      {set: unix.MS_RELATIME},
	"norelatime":    {clear: unix.MS_RELATIME},
	"strictatime":   {set: unix.MS_STRICTATIME},
	"nostrictatime": {clear: unix.MS_STRICTATIME},
	"lazytime":      {set: unix.MS_LAZYTIME},
	"nolazytime":    {clear: unix.MS_LAZYTIME},

	"remount": {set: unix.MS_REMOUNT},
	"bind":    {set: unix.MS_BIND},
	"rbind":   {set: unix.MS_BIND | unix.MS_REC},
	"move":    {set: unix.MS_MOVE},

	"shared":      {set: unix.MS_SHARED},
	"rshared":     {set: unix.MS_SHARED | unix.MS_REC},
	"slave":       {set: unix.MS_SLAVE},
	"rslave":      {set: unix.MS_SLAVE | unix.MS_REC},
	"private":     {set: unix.MS_PRIVATE},
	"rprivate":    {set: unix.MS_PRIVATE | unix.MS_REC},
	"unbindable":  {set: unix.MS_UNBINDABLE},
	"runbindable": {set: unix.MS_UNBINDABLE | unix.MS_REC},
}
