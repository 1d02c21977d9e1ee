# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the scripts in this folder; sourced, never run.
#
# A script says what it does before doing it (step), ends with one sentence on
# failure (die), and becomes root only for the commands that need it (as_root).

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$tools")
lib_started=$SECONDS

step() { printf '[%4ds] %s\n' $((SECONDS - lib_started)) "$*" >&2; }
say() { printf '        %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit "${status:-1}"; }

# Run a command as root; a machine of one's own may have no sudo.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "'$1' must run as root, and this machine has no sudo: run ${0##*/} as root"
	fi
}

# Run a command with its output kept aside; show the end of it on failure.
quietly() {
	local log
	log=$(mktemp)
	if "$@" >"$log" 2>&1 </dev/null; then
		rm -f "$log"
	else
		local code=$?
		tail -n 20 "$log" >&2
		rm -f "$log"
		return $code
	fi
}

# Print the packages of the named purposes in tools/packages, one per line.
# "a|b" is whichever of the two this machine's sources have; @arch@ is dpkg's
# architecture.
packages_of() {
	local purposes=" $* " arch purpose names name
	arch=$(dpkg --print-architecture)
	while read -r purpose names; do
		case "$purpose" in ''|'#'*) continue ;; esac
		case "$purposes" in *" ${purpose%:} "*) ;; *) continue ;; esac
		for name in ${names%%#*}; do
			printf '%s\n' "${name//@arch@/$arch}"
		done
	done <"$tools/packages"
}

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]
}

# Install what tools/packages lists for these purposes.  Where all of it is
# there already, nothing is done and no network is needed.
install_packages() {
	local spec name log missing=() wanted=()
	for spec in $(packages_of "$@"); do
		for name in ${spec//|/ }; do
			installed "$name" && continue 2
		done
		missing+=("$spec")
	done
	if [ ${#missing[@]} = 0 ]; then
		step "all packages are installed"
		return
	fi
	step "installing ${#missing[@]} packages and what they need"
	export DEBIAN_FRONTEND=noninteractive
	as_root apt-get -q -o Acquire::Retries=3 update >/dev/null ||
		die "apt-get update failed: is there a network, and are the apt sources right?"
	for spec in "${missing[@]}"; do
		for name in ${spec//|/ }; do
			if apt-cache show "$name" >/dev/null 2>&1; then
				wanted+=("$name")
				continue 2
			fi
		done
		die "no package '$spec' in this machine's apt sources"
	done
	log=$(mktemp)
	if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o Dpkg::Use-Pty=0 -o Acquire::Retries=3 \
		--no-install-recommends install "${wanted[@]}" 2>&1 </dev/null | tee "$log" |
		awk '/^(Get:|Unpacking|Setting up)/ { if (++n % 100 == 0) { print "        " n " steps, now: " $1 " " $2 " " $3; fflush() } }' >&2
	then
		tail -n 20 "$log" >&2
		rm -f "$log"
		die "apt-get install failed (its last words are above)"
	fi
	rm -f "$log"
	step "packages are installed"
}

# The Debian mirror of this machine's apt sources, both formats.
debian_mirror() {
	local url
	url=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		/etc/apt/sources.list.d/*.sources 2>/dev/null |
		sed '/^[[:space:]]*#/d' |
		grep -oE 'https?://[^][:space:]]+/debian/?([[:space:]]|$)' |
		head -n 1 | tr -d '[:space:]')
	[ -n "$url" ] || die "this machine's apt sources name no mirror of Debian"
	printf '%s\n' "$url"
}

# Where things that take long to make are kept between runs.
cache_dir() {
	if [ -n "${PIMIGRATE_CACHE:-}" ]; then
		printf '%s\n' "$PIMIGRATE_CACHE"
	elif [ "$(id -u)" = 0 ]; then
		echo /var/cache/pimigrate
	else
		printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/pimigrate"
	fi
}

# ninja's output, one line in every tenth of the way, and all of what is wrong.
show_ninja() {
	awk '
	/^\[[0-9]+\/[0-9]+\]/ {
		split(substr($1, 2), n, /[\/\]]/)
		tenth = int(10 * n[1] / n[2])
		if (tenth != shown) { print "        " $1; shown = tenth; fflush() }
		next
	}
	/^ninja: (Entering|no work)/ { next }
	{ print; fflush() }'
}
