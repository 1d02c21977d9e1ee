# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the scripts in this folder; sourced, never run.
#
# A script says what it does before doing it (step), ends with one sentence on
# failure (die), and becomes root only for the commands that need it (as_root).

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$tools")
lib_started=$SECONDS

# What other programs say is read in English; a user's PATH, and that of plain
# "su", lacks the folders of sfdisk, debugfs and what dpkg runs.
export LC_ALL=C.UTF-8 PATH=$PATH:/usr/sbin:/sbin
unset LANGUAGE

step() { printf '[%4ds] %s\n' $((SECONDS - lib_started)) "$*" >&2; }
say() { printf '        %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit "${status:-1}"; }

# Run a command as root; a machine of one's own may have no sudo.  What is made
# for the machine can be read by all, whatever the user's umask; and sudo drops
# the environment, in which a proxy may be named.
as_root() {
	local name kept=()
	if [ "$(id -u)" = 0 ]; then
		(umask 022 && "$@")
		return
	fi
	ask_sudo
	for name in LC_ALL http_proxy https_proxy all_proxy no_proxy; do
		[ -z "${!name:-}" ] || kept+=("$name=${!name}")
	done
	(umask 022 && sudo env "${kept[@]}" "$@")
}

# A refusal is told apart from what a command has to say as root.
ask_sudo() {
	[ -z "${sudo_asked:-}" ] || return 0
	command -v sudo >/dev/null ||
		die "this needs root, and the machine has no sudo: run ${0##*/} as root"
	sudo true ||
		die "this needs root, and sudo refuses (its words are above): run ${0##*/} as root, or on a terminal where sudo can ask for the password"
	sudo_asked=1
}

# Where only apt knows of a proxy, wget (debootstrap's) and libcurl
# (pimigrate's) are told of it as well.  As in apt, https goes where http does
# unless it has one of its own.
use_apt_proxy() {
	local http='' https=''
	[ -z "${http_proxy:-}${https_proxy:-}${all_proxy:-}" ] || return 0
	eval "$(apt-config shell http Acquire::http::Proxy https Acquire::https::Proxy)"
	case "$http" in *://*) export http_proxy=$http ;; esac
	case "${https:-$http}" in *://*) export https_proxy=${https:-$http} ;; esac
	export no_proxy=${no_proxy:-localhost,127.0.0.1,::1}
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

# apt_get LOG ARG...: apt-get as root, asking nothing.  A machine that was just
# started fetches its first updates: their locks (dpkg's, and those of the lists
# and the archives, for which apt has no time-out) are waited for, APT_WAIT
# seconds at most.  What an earlier run, ended half-way, has left is finished.
apt_get() {
	local log=$1 told='' mended='' end=$((SECONDS + ${APT_WAIT:-900}))
	shift
	until as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 \
		-o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
		"$@" 2>&1 </dev/null | tee "$log" | show_apt >&2
	do
		if grep -q '^E: Could not get lock' "$log"; then
			[ $SECONDS -lt $end ] ||
				die "another program still uses apt: $(grep -m 1 '^E: Could not get lock' "$log")"
			[ -n "$told" ] || step "another program uses apt (a new machine's first updates?): waiting for it"
			told=1
			sleep "${APT_POLL:-3}"
		elif [ -z "$mended" ] && grep -qE 'dpkg was interrupted|--fix-broken install' "$log"; then
			step "an earlier installation was interrupted: finishing it"
			mended=1
			finish_installation
		else
			return 1
		fi
	done
}

finish_installation() {
	quietly as_root env DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a ||
		say "what dpkg cannot finish alone, apt may (dpkg's words are above)"
	quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-remove --fix-broken install ||
		die "an interrupted installation cannot be finished (its last words are above)"
}

# apt's output, one line in a hundred.
show_apt() {
	awk '/^(Get:|Unpacking|Setting up)/ { if (++n % 100 == 0) { print "        " n " steps, now: " $1 " " $2 " " $3; fflush() } }'
}

# Install what tools/packages lists for these purposes.  Where all of it is
# there already, nothing is done and no network is needed.  That some lists
# could not be fetched, as of a stranger's archive, is told where it matters.
install_packages() {
	local spec name log trouble missing=() wanted=()
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
	[ "$(id -u)" = 0 ] || ask_sudo
	step "installing ${#missing[@]} packages and what they need"
	log=$(mktemp)
	apt_get "$log" update || true
	trouble=$(grep '^[EW]:' "$log" | tail -n 5) || true
	for spec in "${missing[@]}"; do
		for name in ${spec//|/ }; do
			if apt-cache show "$name" >/dev/null 2>&1; then
				wanted+=("$name")
				continue 2
			fi
		done
		rm -f "$log"
		[ -n "$trouble" ] || die "no package '$spec' in this machine's apt sources"
		printf '%s\n' "$trouble" >&2
		die "no package '$spec', and apt-get update failed (its last words are above): is there a network, and are the apt sources right?"
	done
	apt_get "$log" --no-install-recommends install "${wanted[@]}" || {
		printf '%s\n' "$trouble" >&2
		tail -n 20 "$log" >&2
		rm -f "$log"
		die "apt-get install failed (its last words are above)"
	}
	rm -f "$log"
	step "packages are installed"
}

# The Debian mirror of this machine's apt sources: what apt has found to be
# Debian's; before its first update what the sources name, in both formats.
# The images for clouds name a file of mirrors.
debian_mirror() {
	local url
	url=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		'Origin: Debian' 'Label: Debian' 2>/dev/null |
		while read -r url; do
			case "$url" in
			http://*|https://*) printf '%s\n' "$url" ;;
			mirror+file:*)
				url=${url#mirror+file:} # and apt ends it as a folder
				grep -oE 'https?://[^[:space:]]+' "${url%/}"
				;;
			esac
		done | head -n 1) || true
	[ -n "$url" ] || url=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		/etc/apt/sources.list.d/*.sources /etc/apt/mirrors/*.list 2>/dev/null |
		sed '/^[[:space:]]*#/d' |
		grep -oE 'https?://[^][:space:]]+/debian/?([[:space:]]|$)' |
		head -n 1 | tr -d '[:space:]') || true
	[ -n "$url" ] || die "this machine's apt sources name no mirror of Debian"
	printf '%s\n' "${url%/}" # some servers refuse "//"
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
