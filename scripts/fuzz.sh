#!/bin/bash
# SPDX-License-Identifier: Apache-2.0

# Runs each fuzz target of the modules for a while: fuzz.sh TIME DIR...
set -euo pipefail

time=$1
shift
grep -r --include='*_test.go' -H '^func Fuzz' "$@" | sed 's/^\(.*\)\/[^/]*:func \(Fuzz[A-Za-z0-9_]*\).*/\1 \2/' | sort |
	while read -r dir target; do
		echo "$dir $target"
		(cd "$dir" && go test -p 2 -run '^$' -fuzz "^$target\$" -fuzztime "$time" -parallel 2 . </dev/null)
	done
