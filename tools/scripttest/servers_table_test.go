// SPDX-License-Identifier: Apache-2.0

package scripttest

import "testing"

// server is a FUSE file system of somebody else, as its authors made it.
type server struct {
	name     string
	programs []string // what it needs

	// prepare makes what is served of the directory tree, natively and once; what it makes may be empty, and is filled when
	// it is mounted. serve starts the server on $mnt. Both are shell commands. In serve "$@" are the options of the
	// way to run it.
	prepare, serve string

	setup func(t *testing.T, dir string) // before prepare; may be nil

	readonly bool
	features string // what of workout.sh works, besides the ordinary

	// stay is the option that keeps it in the foreground, single one that keeps it to one thread; always or never if
	// it has none.
	stay, single string

	// viewOnly is why it does not work with the kernel's FUSE, where it differs.
	viewOnly string
}

const (
	stay   = "-f"
	single = "-s"
	always = "always"
	never  = "never"
	all    = "modes links symlinks times strict"
)

// servers are the matrix. Debian's fuse-ext2 is not in it: it does not come to an end of this tree, behind the
// kernel's FUSE neither; testdata/script/fuse.txtar has it.
var servers = []server{
	{
		name: "fuse2fs", programs: []string{"fuse2fs", "mke2fs"},
		prepare: `mke2fs -q -t ext4 -E root_owner=$(id -u):$(id -g) -d tree image 24M`,
		serve:   `fuse2fs -o fakeroot image $mnt "$@"`,
		stay:    stay, single: single, features: all,
	},
	{
		name: "squashfuse", programs: []string{"squashfuse", "mksquashfs"},
		prepare: `mksquashfs tree image -quiet -no-progress`,
		serve:   `squashfuse image $mnt "$@"`,
		stay:    stay, single: single, readonly: true, features: "modes symlinks",
	},
	{
		name: "squashfuse_ll", programs: []string{"squashfuse_ll", "mksquashfs"},
		prepare: `mksquashfs tree image -quiet -no-progress`,
		serve:   `squashfuse_ll image $mnt "$@"`,
		stay:    stay, single: always, readonly: true, features: "modes symlinks",
	},
	{
		// sshd lets nobody in: then sshfs talks to the server of files itself.
		name: "sshfs", programs: []string{"sshfs", "ssh", "ssh-keygen", "/usr/sbin/sshd", "/usr/lib/openssh/sftp-server"},
		setup:   startSSHD,
		prepare: `cp -a tree served`,
		serve:   `sshfs -F $PWD/ssh_config loopback:$PWD/served $mnt $(cat ssh_options) "$@"`,
		stay:    stay, single: single, features: "modes symlinks times strict",
	},
	{
		name: "bindfs", programs: []string{"bindfs"},
		prepare: `cp -a tree served`,
		serve:   `bindfs served $mnt "$@"`,
		stay:    stay, single: single, features: all,
	},
	{
		name: "archivemount", programs: []string{"archivemount", "tar"},
		prepare: `tar -C tree -czf served.tar.gz .`,
		serve:   `archivemount -o nobackup,nosave served.tar.gz $mnt "$@"`,
		stay:    stay, single: single, features: "modes times",
	},
	{
		name: "fuse-overlayfs", programs: []string{"fuse-overlayfs"},
		prepare: `mkdir upper work && cp -a tree lower`,
		serve:   `fuse-overlayfs -o lowerdir=lower,upperdir=upper,workdir=work $mnt "$@"`,
		stay:    stay, single: always, features: all,
	},
	{
		name: "unionfs", programs: []string{"unionfs"},
		prepare: `mkdir upper && cp -a tree lower`,
		serve:   `unionfs -o cow $PWD/upper=RW:$PWD/lower=RO $mnt "$@"`,
		stay:    stay, single: single, features: all,
	},
	{
		name: "mergerfs", programs: []string{"mergerfs"},
		prepare: `mkdir one && cp -a tree two`,
		serve:   `mergerfs $PWD/one:$PWD/two $mnt "$@"`,
		stay:    stay, single: always, features: all,
	},
	{
		name: "gocryptfs", programs: []string{"gocryptfs"},
		prepare: `mkdir served && gocryptfs -q -init -scryptn 10 -extpass 'echo secret' served`,
		serve:   `gocryptfs -q -extpass 'echo secret' "$@" served $mnt`,
		stay:    "-fg", single: always, features: all,
	},
	{
		name: "encfs", programs: []string{"encfs"},
		prepare: `mkdir served`,
		serve:   `encfs --standard --extpass='echo secret' "$@" $PWD/served $mnt`,
		stay:    stay, single: single, features: "modes symlinks times strict",
	},
	{
		name: "fuse-zip", programs: []string{"fuse-zip", "zip"},
		prepare: `(cd tree && zip -qyr ../served.zip .)`,
		serve:   `fuse-zip served.zip $mnt "$@"`,
		stay:    stay, single: always, features: "modes symlinks times strict",
	},
	{
		name: "ntfs-3g", programs: []string{"ntfs-3g", "mkntfs"},
		prepare: `truncate -s 24M image && mkntfs -F -q -f image`,
		serve:   `ntfs-3g image $mnt "$@"`,
		stay:    "-ono_detach", single: always, features: "links symlinks times strict",
	},
	{
		name: "exfat-fuse", programs: []string{"mount.exfat-fuse", "mkfs.exfat"},
		prepare: `truncate -s 24M image && mkfs.exfat image`,
		serve:   `mount.exfat-fuse "$@" image $mnt`,
		stay:    "-d", single: always, viewOnly: "it needs a block device", features: "times strict",
	},
	{
		name: "pyfuse3", programs: []string{"/usr/bin/python3"},
		prepare: `cp -a tree served`,
		serve:   `/usr/bin/python3 $suite/passthrough_pyfuse3.py served $mnt`,
		stay:    always, single: always, features: all,
	},
	{
		name: "python-fuse", programs: []string{"/usr/bin/python3"},
		prepare: `cp -a tree served`,
		serve:   `/usr/bin/python3 $suite/passthrough_fuse.py served $mnt "$@"`,
		stay:    stay, single: single, features: all,
	},
	{
		name: "go-fuse loopback", programs: []string{"loopback"},
		prepare: `cp -a tree served`,
		serve:   `loopback -q $mnt served`,
		stay:    always, single: always, features: all,
	},
	{
		name: "go-fuse zipfs", programs: []string{"zipfs", "zip"},
		prepare: `(cd tree && zip -qyr ../served.zip .)`,
		serve:   `zipfs $mnt served.zip`,
		stay:    always, single: always, readonly: true,
	},
}
