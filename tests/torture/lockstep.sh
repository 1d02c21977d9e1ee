#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Translator against interpreter on random programs: lockstep.sh COUNT [FIRST]
# runs programs from number FIRST on until COUNT instructions were compared.
# A difference prints the program and ends the run; its number, as FIRST,
# repeats it.
set -eu

count=${1:-500000000}
first=${2:-1}
programs=${PROGRAMS:-build/tests/diff/programs}

exec "$programs" --count "$count" --first "$first"
