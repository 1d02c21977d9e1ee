# SPDX-License-Identifier: GPL-2.0-or-later
# What is said in the container of net-setup.sh and net-reboot.sh: put before
# their own script there.
set -u
die() {
	echo "${manager:+$manager: }$*" >&2
	ip address >&2
	exit 1
}
# eventually WHAT COMMAND...
eventually() {
	what=$1
	shift
	for _ in $(seq 300); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.2
	done
	die "not within a minute: $what"
}
address_on() { ip -4 address show dev "$1" 2>/dev/null | grep -q 'inet 10.97.9.1/24'; }
