#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs inside of a guest, as root: is this system well?  Takes only what a
# Debian without extras has.
#
#   [ADDRESS=IP/BITS] guest-check.sh SERVER CPUS NOW [NAME] <allowed-failed
#
#   SERVER  http://10.0.2.2:PORT: serves file.bin, file.bin.sha256, archive/
#           and archive.gpg (make-archive.sh)
#   CPUS    how many it must have
#   NOW     seconds since 1970 on the host
#   NAME    a public name the host can resolve, or nothing
#
# ADDRESS is what eth0 must have; otherwise one by DHCP.
# One line for each look: "ok WHAT" or "not ok WHAT: what was seen".
server=$1 cpus=$2 now=$3 name=${4:-}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cat >"$work/allowed"
bad=0

look() { # look WHAT GOOD SEEN: GOOD is a command's exit status
	if [ "$2" = 0 ]; then
		echo "ok $1"
	else
		echo "not ok $1: $3"
		bad=1
	fi
}

state=$(timeout 300 systemctl is-system-running --wait)
failed=$(systemctl list-units --failed --plain --no-legend | awk '{ print $1 }')
forbidden=
for unit in $failed; do
	awk -v unit="$unit" '$1 == unit { found = 1 } END { exit !found }' "$work/allowed" ||
		forbidden="$forbidden $unit"
done
if [ -n "$failed" ] && [ -z "$forbidden" ]; then state=running; fi
[ "$state" = running ]
look "the system is running" $? "it is $state"
[ -z "$forbidden" ]
look "no unit failed" $? "$forbidden"
[ -z "$(systemctl list-jobs --plain --no-legend)" ]
look "no job waits" $? "$(systemctl list-jobs --plain --no-legend | tr '\n' ';')"

if [ -n "${ADDRESS:-}" ]; then
	ip -4 -o address show dev eth0 | grep -qF " $ADDRESS "
	look "eth0 has the address $ADDRESS" $? "$(ip -br address | tr '\n' ';')"
else
	# Some clients give the address a lifetime, others mark the route.
	{ ip -4 -o address show dev eth0 scope global dynamic; ip -4 route show default dev eth0 proto dhcp; } | grep -q .
	look "eth0 has an address by DHCP" $? "$(ip -br address | tr '\n' ';')"
fi

seen=$(nproc)
[ "$seen" = "$cpus" ]
look "all $cpus CPUs are on" $? "$seen are"

seen=$(timeout 60 dd if=/dev/hwrng bs=64 count=1 2>/dev/null | wc -c)
[ "$seen" -gt 0 ]
look "the host's random numbers come" $? "/dev/hwrng gives none"

ahead=$(($(date +%s) - now))
[ "$ahead" -ge -60 ] && [ "$ahead" -le 300 ]
look "the date is right" $? "it is $ahead s ahead of the host's"

[ -n "$(awk '$2 == "/" && $4 ~ /(^|,)rw(,|$)/' /proc/mounts)" ]
look "the root file system is writable" $? "$(grep ' / ' /proc/mounts)"

get=/usr/lib/apt/apt-helper
$get -qq download-file "$server/file.bin.sha256" "$work/sum" >"$work/said" 2>&1 &&
	$get -qq download-file "$server/file.bin" "$work/file" "SHA256:$(cut -d' ' -f1 "$work/sum")" >>"$work/said" 2>&1
look "a file comes whole by HTTP" $? "$(tail -n 2 "$work/said" | tr '\n' ' ')"

chmod 755 "$work"
$get -qq download-file "$server/archive.gpg" "$work/archive.gpg" >/dev/null 2>&1
chmod 644 "$work/archive.gpg" 2>/dev/null
echo "deb [signed-by=$work/archive.gpg] $server/archive ./" >"$work/test.list"
mkdir -p "$work/lists/partial"
apt-get -o Dir::Etc::sourcelist="$work/test.list" -o Dir::Etc::sourceparts=- \
	-o Dir::State::lists="$work/lists" -o APT::Update::Error-Mode=any \
	-o APT::Sandbox::User=root update >"$work/said" 2>&1
look "apt-get update from a signed archive" $? "$(tail -n 3 "$work/said" | tr '\n' ' ')"
apt-get -o Dir::Etc::sourcelist="$work/test.list" -o Dir::Etc::sourceparts=- \
	-o Dir::State::lists="$work/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
	-s install pimigrate-test >"$work/said" 2>&1
look "apt finds the archive's package" $? "$(tail -n 3 "$work/said" | tr '\n' ' ')"

said=$(dpkg --audit 2>&1)
[ -z "$said" ]
look "dpkg is content" $? "$(echo "$said" | head -n 3 | tr '\n' ' ')"
kernel=$(uname -r)
dpkg -S "/lib/modules/$kernel/kernel" "/usr/lib/modules/$kernel/kernel" 2>/dev/null | grep -q linux-image
look "the running kernel $kernel is a package's" $? "$(dpkg -S "/lib/modules/$kernel" 2>&1)"

if [ -n "$name" ]; then
	getent hosts "$name" >/dev/null
	look "a public name is resolved" $? "getent hosts $name found nothing"
fi
exit $bad
