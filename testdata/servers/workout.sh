# SPDX-License-Identifier: Apache-2.0

# workout.sh [-r] [FEATURE...]: reads the tree in the working directory, changes it in all the usual ways, undoes that,
# and prints what it sees: the same for the same tree, wherever it lies. -r: it cannot be changed. A feature that is
# not named is not tried: modes, links (hard ones), symlinks, times, strict (directories can be moved, files replaced by
# a rename, and a directory that is not empty cannot be removed).
set -u
export LC_ALL=C
exec 2>&1
readonly=
[ "${1-}" = -r ] && { readonly=yes; shift; }
features=" $* "
has() { [[ $features == *" $1 "* ]]; }
mode=
has modes && mode=' %m'

# walk lists everything below the working directory, with the sums of all contents.
walk() {
	find . -mindepth 1 ! -path './lost+found*' \( -type d -printf "%P d$mode\n" -o -type f -printf "%P f$mode %s\n" \
		-o -printf '%P %y %l\n' \) | sort
	find . -type f -print0 | sort -z | xargs -0 sha256sum
}

# change makes files and directories in the working directory, which is empty.
change() {
	echo one >a
	echo two >>a
	cat a
	head -c 3000000 /dev/zero | tr '\0' x >big
	printf hole | dd of=big bs=1 seek=123456 conv=notrunc status=none
	sha256sum big
	truncate -s 200001 big
	truncate -s 300000 big
	sync big
	sha256sum big
	sed -i s/two/three/ a
	mkdir d d/e && mkdir d
	cp big d/e/copy
	cmp big d/e/copy
	mv d/e/copy d/e/moved
	if has strict; then
		mv d/e f
		echo over >g && mv g a && cat a
	else
		mkdir f
		mv d/e/moved f/moved
		rmdir d/e
	fi
	rmdir d
	has strict && rmdir f
	ls -A . f
	for i in {1..30}; do echo $i >f/n$i; done
	cat f/n* | sort -n | tail -n 1
	rm f/n?
	exec 7<>a
	rm a
	echo behind >&7
	[ -e a ] || echo removed
	exec 7>&-
	if has symlinks; then
		ln -s f/moved s && readlink s && cmp s big
		ln -s nowhere t; cat t
	fi
	if has links; then
		ln big h && cmp big h && rm big && mv h big
	fi
	if has modes; then
		chmod 640 big && stat -c %a big && chmod u+x big && [ -x big ] && echo executable
	fi
	if has times; then
		touch -d @1000000000 big && stat -c %Y big
	fi
}

walk
[ "$readonly" ] && exit
mkdir work
(cd work && change && walk)
rm -r work
walk
