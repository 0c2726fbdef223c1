#!/bin/bash
# SPDX-License-Identifier: Apache-2.0

# Does everything: installs what the build needs, builds, makes an ext4 image with content, mounts
# it in a view and lists it. In a terminal it leaves the user in a shell there.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n==> %s\n' "$*"; }

# needed installs the packages that are missing.
needed() {
	local missing=() p
	for p in "$@"; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	local sudo=()
	[ "$(id -u)" = 0 ] || sudo=(sudo)
	say "Installing: ${sudo[*]} apt-get install ${missing[*]}"
	"${sudo[@]}" apt-get -q update
	# A new machine may be busy with updates of its own, which hold the lock.
	"${sudo[@]}" apt-get -q -y -o DPkg::Lock::Timeout=600 install --no-install-recommends "${missing[@]}"
}

if ! command -v go >/dev/null; then
	echo 'Go is needed to build: https://go.dev/dl/' >&2
	exit 1
fi
if command -v dpkg-query >/dev/null; then
	needed libext2fs-dev comerr-dev e2fsprogs pkg-config gcc libc6-dev
else
	say 'Not a Debian system: libext2fs with headers, mke2fs, pkg-config and a C compiler must be there'
fi

say 'Building into bin/'
make --no-print-directory build
export PATH=$PWD/bin:$PATH:/usr/sbin:/sbin

image=/tmp/linux.img
# Of another user, or in a directory where it cannot be written.
if [ -e "$image" ] && [ ! -O "$image" ]; then
	image=$(mktemp -d)/linux.img
fi
say "Making an ext4 image, $image"
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir "$tree"/{bin,boot,dev,etc,lib,mnt,proc,sbin,tmp,usr}
chmod 755 "$tree"
echo 'Hello from the image.' >"$tree/etc/motd"
printf '#!/bin/sh\necho "A program in the image, $0"\n' >"$tree/bin/greet"
chmod +x "$tree/bin/greet"
rm -f "$image"
mke2fs -q -F -t ext4 -d "$tree" "$image" 64M

say 'Mounting it on /mnt in a view'
view='
	run() { echo "\$\$ $*"; "$@"; }
	run vu_insmod vufuse
	run vumount -t vufuseext2 -o ro '"$image"' /mnt
	run ls /mnt
	run cat /mnt/etc/motd
	run /mnt/bin/greet
'
if [ -t 0 ] && [ -t 1 ]; then
	umvu -N bash -ec "$view"'
		echo
		echo "A shell in the view; outside, nothing is mounted on /mnt. Leave it with exit."
		bash || true' # its status is that of the last command in it
else
	umvu -N bash -ec "$view"'
		run vuumount /mnt
		run ls /mnt'
fi
