# SPDX-License-Identifier: Apache-2.0

# serve.sh END STAY WRITABLE SERVER OPTION...: starts a server on mnt with the shell command SERVER, which has the options
# in "$@", works there as WORKOUT says, and unmounts with END. What is empty is filled first. STAY is yes if the
# server stays in the foreground; it must then end with status 0, and otherwise just end. If WRITABLE is no, nothing
# can be made there.
set -u
end=$1 stay=$2 writable=$3 server=$4
shift 4
mnt=$PWD/mnt
fail() { echo "serve.sh: $server: $*"; [ ! -s server.log ] || cat server.log; exit 1; }
mounted() { grep -q " $mnt fuse" /proc/self/mounts; }

# within waits for a condition, a minute at most.
within() { local i; for ((i = 0; i < 3000; i++)); do "$@" && return; sleep 0.02; done; return 1; }
dead() { ! kill -0 $pid 2>/dev/null; }
up() { mounted || dead; }

# gone tells that no process is left that has the mount point on its command line.
echo "$mnt" >mnt.name
gone() { ! grep -qzxF -f mnt.name /proc/[0-9]*/cmdline 2>/dev/null; }

if [ $stay = yes ]; then
	eval "$server" >server.log 2>&1 &
	pid=$!
	within up
	mounted || fail not mounted
else
	eval "$server" >server.log 2>&1 || fail "status $?"
	mounted || fail in the background, but not mounted
fi
[ "$(find mnt -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)" ] || cp -a tree/. mnt || fail "cp: status $?"
(cd mnt && bash "$suite/workout.sh" $WORKOUT)
[ $writable = yes ] || { touch mnt/new 2>/dev/null && fail not read-only; }
$end mnt >end.log 2>&1 || { cat end.log; fail "$end: status $?"; }
mounted && fail "still mounted after $end"
if [ $stay = yes ]; then
	wait $pid || fail "ended with status $?"
else
	within gone || fail still there after "$end"
fi
[ -z "$(ls -A mnt)" ] || fail "mnt is not empty after $end"
