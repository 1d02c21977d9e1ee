#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The two commands of the README on machines as newcomers have them: apt busy
# with its first updates, interrupted, without a network, behind a proxy; a
# user with sudo, a umask and a language; a card that only root may read.
# Stand-ins for what changes a machine, first in PATH, write down in `calls`
# how they are called; nothing is installed.
. "$(dirname "$0")/../cli/functions.sh"
requires setpriv setsid timeout sfdisk mke2fs debugfs
unset http_proxy https_proxy all_proxy no_proxy LANGUAGE TMPDIR

# A tree of its own, in a path with a space.
top="$scratch/a tree"
mkdir -p "$top/build/src" bin home
cp -r "$here/../../tools" "$top/tools"
: >"$top/build/build.ninja"

stub() { # NAME, and its text from standard input
	{
		printf '#!/bin/bash\nS=%q\n. "$S/stubs.sh"\n' "$scratch"
		cat
	} >"$scratch/bin/$1"
	chmod 755 "$scratch/bin/$1"
}

# What all of them know.  fail_as_told NAME: the first line of NAME.says is
# taken off, and is what it ends with; a warning is no failure.
cat >stubs.sh <<'END'
note() {
	echo "$* [${AS_ROOT:-user} $(umask) ${http_proxy:-}]" >>"$S/calls"
}
fail_as_told() {
	local line
	[ -s "$S/$1.says" ] || return 0
	line=$(head -n 1 "$S/$1.says")
	sed -i 1d "$S/$1.says"
	case "$LC_ALL${LANGUAGE:-}" in
	C.UTF-8) echo "$line" >&2 ;;
	*) echo "E: in der Sprache des Benutzers" >&2 ;;
	esac
	case "$line" in W:*) exit 0 ;; *) exit 100 ;; esac
}
END
stub id <<'END'
[ "$*" = -u ] || exec /usr/bin/id "$@"
[ -n "${AS_ROOT:-}" ] || [ -e "$S/is-root" ] && echo 0 || echo 1000
END
stub sudo <<'END'
[ ! -e "$S/no-sudo" ] || { echo 'sudo: a terminal is required to read the password' >&2; exit 1; }
[ ! -e "$S/card" ] || chmod 400 "$S/card"
env -i PATH="$PATH" ${LANGUAGE+LANGUAGE="$LANGUAGE"} HOME=/root AS_ROOT=root "$@"
code=$?
[ ! -e "$S/card" ] || chmod 000 "$S/card"
exit $code
END
stub apt-get <<'END'
case "$*" in
indextargets*) cat "$S/targets" ;;
*' update') note update; fail_as_told update ;;
*' install'*) words=$*; note "${words##* --no-}"; fail_as_told install; : >"$S/installed" ;;
esac
END
stub dpkg <<'END'
case "$*" in
--print-architecture) echo amd64 ;;
*) note "dpkg $*" ;;
esac
END
stub dpkg-query <<'END'
[ ! -e "$S/installed" ] || printf 'ii '
END
stub apt-cache <<'END'
[ ! -e "$S/no-lists" ]
END
stub apt-config <<'END'
[ ! -e "$S/proxy" ] || cat "$S/proxy"
END
stub ninja </dev/null
stub pimigrate <<'END'
note "$*"
case "$1" in
status) exit 1 ;;
convert) [ "${!#}" != - ] || cat >"$S/converted" ;;
start) exit 4 ;;
console)
	echo "the console's last words"
	[ -e "$S/went-on" ] || { : >"$S/went-on"; exec sleep 600; }
	;;
esac
END
mv bin/pimigrate "$top/build/src/"

# As root nothing would be forbidden.
user=()
if [ "$(id -u)" = 0 ]; then
	user=(setpriv --reuid 65534 --regid 65534 --clear-groups --)
	chmod 711 "$scratch"
	chown -R 65534:65534 "$scratch"
fi

# as_newcomer CODE COMMAND...: a user who is not root, in German, with a umask.
as_newcomer() {
	want_code=$1
	shift
	expect "$want_code" "${user[@]}" env PATH="$scratch/bin:$PATH" HOME="$scratch/home" APT_POLL=0 \
		LC_ALL=de_DE.UTF-8 LANGUAGE=de bash -c 'umask 077; exec "$@"' newcomer "$@"
}

anew() {
	rm -rf calls installed no-lists proxy no-sudo is-root home/.cache ./*.says
	given /dev/null calls
}

# given FROM NAME: a file that the newcomer has.
given() {
	cat "$1" >"$2"
	[ ${#user[@]} = 0 ] || chown 65534:65534 "$2"
}

called() { # COUNT PATTERN
	[ "$(grep -c -- "$2" calls)" = "$1" ] || fail "$(echo "not $1 times '$2' but:"; cat calls)"
}

told() { # TEXT...: on standard error, in as many lines as it takes
	for text; do
		grep -qF -- "$text" err || fail "the error does not say '$text'"
	done
}

install='. "$0/tools/lib.sh"; set -euo pipefail; use_apt_proxy; install_packages card'

# Both kinds of locks, then it goes: with one line that says why it takes long,
# as root, and what root makes is not hidden by the user's umask.
anew
given - update.says <<'END'
E: Could not get lock /var/lib/apt/lists/lock. It is held by process 17 (apt-get)
END
given - install.says <<'END'
E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 18 (unattended-upgr)
E: Could not get lock /var/cache/apt/archives/lock. It is held by process 18 (unattended-upgr)
END
as_newcomer 0 bash -c "$install" "$top"
called 2 '^update \[root 0022 \]'
called 3 '^install-recommends install debootstrap.*\[root 0022 \]'
told 'waiting for it'
as_newcomer 0 bash -c "$install" "$top"
told 'all packages are installed'
called 3 '^install'

# A lock that nobody gives back.
anew
yes 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 17 (apt-get)' | head -n 3 | given - update.says
as_newcomer 1 env APT_WAIT=0 bash -c "$install" "$top"
told 'still uses apt: ' 'process 17'
called 0 install

# An installation that was cut off is finished; another error is told.
anew
echo "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem." | given - install.says
as_newcomer 0 bash -c "$install" "$top"
called 1 '^dpkg .*--configure -a \[root'
called 1 '^remove --fix-broken install \[root'
called 2 '^install-recommends'
anew
echo 'E: You do not have enough free space in /var/cache/apt/archives/.' | given - install.says
as_newcomer 1 bash -c "$install" "$top"
told 'enough free space' 'apt-get install failed'
called 1 '^install-recommends'

# Without a network apt-get update does not fail, but nothing is known then.
anew
given /dev/null no-lists
echo 'W: Failed to fetch http://mirror.example/debian/dists/bookworm/InRelease  Temporary failure' | given - update.says
as_newcomer 1 bash -c "$install" "$top"
told 'Temporary failure' 'is there a network'

# Of a stranger's archive that is gone, nothing is needed.
anew
echo "E: The repository 'http://stranger.example stable Release' does not have a Release file." | given - update.says
as_newcomer 0 bash -c "$install" "$top"

# sudo says no: nothing else is tried.
anew
given /dev/null no-sudo
as_newcomer 1 bash -c "$install" "$top"
told 'terminal is required' 'sudo refuses'
called 0 .

# A proxy of the environment goes through sudo; one that only apt knows is for
# the others as well, and the guest's own port is not asked of it.
anew
as_newcomer 0 env http_proxy=http://proxy.example:1 bash -c "$install" "$top"
called 1 '^update \[root 0022 http://proxy.example:1\]'
anew
echo "http='http://proxy.example:2/'" | given - proxy
as_newcomer 0 bash -c "$install"'; echo "$http_proxy $https_proxy $no_proxy"' "$top"
called 1 '^update \[root 0022 http://proxy.example:2/\]'
says 'http://proxy.example:2/ http://proxy.example:2/ localhost,127.0.0.1,::1'
anew
echo "http='DIRECT'" | given - proxy
as_newcomer 0 bash -c "$install"'; echo "proxy: ${http_proxy-none}"' "$top"
says 'proxy: none'

# The mirror is Debian's own, also where the sources name a file of mirrors.
mirror='. "$0/tools/lib.sh"; debian_mirror'
printf '%s\n' cdrom://a/ http://mirror.example/debian/ | given - targets
as_newcomer 0 bash -c "$mirror" "$top"
[ "$(cat out)" = http://mirror.example/debian ] || fail "a '/' at the mirror's end"
printf '# some\nhttps://cloud.example/debian\tpriority:1\nhttps://second.example/debian\n' | given - mirrors
echo "mirror+file:$scratch/mirrors/" | given - targets
as_newcomer 0 bash -c "$mirror" "$top"
[ "$(cat out)" = https://cloud.example/debian ] || fail "not the first of the file of mirrors"

# A card that only root may read is inspected as root; the guest is the user's.
# One that cannot be booted shows its console's end, though the console goes on.
anew
given /dev/null installed
head -c 100000 /dev/urandom >content
given content card
chmod 000 card
as_newcomer 4 "$top/tools/quickstart.sh" card
called 1 "^inspect $scratch/card \[root"
called 1 '^convert --no-verify -on card - \[user'
cmp content converted || fail "the card did not come through the pipe"
told "the console's last words"
chmod 600 card
given /dev/null calls
as_newcomer 4 "$top/tools/quickstart.sh" card
called 1 "^inspect $scratch/card \[user"
called 1 "^convert --no-verify -on card $scratch/card \[user"
rm card

# A name of which nothing is left; a build of another user's.
given /dev/null Карта.img
given /dev/null calls
as_newcomer 4 "$top/tools/quickstart.sh" Карта.img
called 1 '^convert --no-verify -on card /'
chmod 555 "$top/build"
as_newcomer 1 "$top/tools/quickstart.sh" Карта.img
told 'is not yours'

# A user's PATH has no sfdisk and no debugfs; what is no such card has no
# password and no key to expect, and is no failure.
mkdir -p root/etc
echo 'made by pimigrate' >root/etc/rpi-issue
truncate -s 8M card
echo 'start=2048, type=83' | sfdisk -q card
mke2fs -q -d root -E offset=$((2048 * 512)) card 4M
given card own.img
rm card
look='. "$0/tools/lib.sh"; . "$0/tools/guest.sh"; set -euo pipefail'
as_newcomer 0 env PATH="$scratch/bin:/usr/bin:/bin" bash -c "$look; card_password own.img" "$top"
says raspberry
as_newcomer 0 bash -c "$look; card_password Карта.img; expect_host_key Карта.img keys; echo done" "$top"
says done

# The cache is the user's, although only root makes a card in it.
anew
given /dev/null installed
given /dev/null no-sudo
as_newcomer 1 "$top/tools/make-card.sh" --mirror http://mirror.example/debian out.img
[ -d home/.cache/pimigrate ] || fail "the cache is left to root to make"

# A download that fails ends the one beside it.
anew
given /dev/null installed
given /dev/null is-root
stub debootstrap <<'END'
case "$*" in *--download-only*)
	echo $$ >"$S/beside.new"
	mv "$S/beside.new" "$S/beside"
	exec sleep 300
	;;
esac
until [ -e "$S/beside" ]; do sleep 0.1; done
echo 'E: no such mirror'
exit 1
END
as_newcomer 1 env PIMIGRATE_CACHE="$scratch/cache" timeout 60 "$top/tools/make-card.sh" \
	--mirror http://mirror.example/debian out.img
told 'no such mirror'
beside=$(cat beside)
! kill -0 "$beside" 2>/dev/null || {
	kill "$beside"
	fail "the download for armhf goes on"
}
[ -z "$(find cache -name 'card.??????')" ] || fail "what was begun stays"
