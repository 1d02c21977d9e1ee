#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# record.sh BUILD-DIR: make vectors/a32.txt and its siblings again.  What our
# CPU does differently is printed, and the reference's answer recorded.
set -eu
build=$1
version=$(qemu-arm --version | sed -n '1s/.*version //p')
"$build/tests/diff/diff" --runner "$build/tests/diff/runner" \
	--version "$version" --seed 1 --record "$(dirname "$0")/vectors"
