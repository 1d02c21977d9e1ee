#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What apt in a guest makes of the source and the pin that it gets: kernels and
# what they need come from Debian's archive, also where they are split into
# several packages; nothing else does, be it newer or nowhere else to be had.
. "$(dirname "$0")/functions.sh"
requires apt-get apt-cache gzip

# paragraph FOLDER NAME VERSION [FIELD...]
paragraph() {
	file=$1/Packages
	printf 'Package: %s\nVersion: %s\nArchitecture: armhf\nMaintainer: x\nDescription: x\n' "$2" "$3" >>"$file"
	printf 'Filename: pool/%s.deb\nSize: 1\nSHA256: %064d\n' "$2" 0 >>"$file"
	shift 3
	for field; do
		printf '%s\n' "$field" >>"$file"
	done
	echo >>"$file"
}

release() { # FOLDER ORIGIN
	printf 'Origin: %s\nLabel: %s\nSuite: s\nCodename: s\nArchitectures: armhf\nSHA256:\n %s %s Packages\n' "$2" "$2" \
		"$(sha256sum "$1/Packages" | cut -d' ' -f1)" "$(stat -c %s "$1/Packages")" >"$1/Release"
}

mkdir -p debian raspbian apt/etc/apt.conf.d apt/etc/preferences.d apt/state/lists/partial apt/cache/archives/partial
old=6.1.0-31-armmp-lpae new=6.16-armmp-lpae
paragraph raspbian libc6 2.36-1+rpt1
paragraph raspbian raspberrypi-kernel 1:1.2
paragraph debian libc6 2.41-1
paragraph debian cowsay 3.03
paragraph debian linux-image-armmp-lpae 6.16.1-1 "Depends: linux-image-$new (= 6.16.1-1)"
paragraph debian linux-image-$new 6.16.1-1 "Depends: linux-base-$new, linux-binary-$new, linux-modules-$new"
for part in base binary modules; do
	paragraph debian linux-$part-$new 6.16.1-1
done
paragraph debian linux-headers-armmp-lpae 6.16.1-1
release debian Debian
release raspbian Raspbian
for part in "libc6 2.36-1+rpt1" "linux-image-$old 6.1.128-1" "raspberrypi-kernel 1:1.1" \
	"linux-image-armmp-lpae 6.1.128-1"; do
	state=install
	[ "${part%% *}" != raspberrypi-kernel ] || state=hold
	printf 'Package: %s\nStatus: %s ok installed\nVersion: %s\nArchitecture: armhf\nMaintainer: x\nDescription: x\n\n' \
		"${part%% *}" $state "${part##* }"
done >status
echo "deb [trusted=yes] file:$scratch raspbian/
deb [trusted=yes] file:$scratch debian/" >apt/etc/sources.list
"$PRINT_PIN" >apt/etc/preferences.d/pimigrate || fail "the pin"
[ -s apt/etc/preferences.d/pimigrate ] || fail "the pin"

cat >apt.conf <<END
Dir "$scratch/apt";
Dir::Etc "$scratch/apt/etc";
Dir::State "$scratch/apt/state";
Dir::State::status "$scratch/status";
Dir::Cache "$scratch/apt/cache";
APT::Architecture "armhf";
APT::Architectures "armhf";
APT::Sandbox::User "root";
END
export APT_CONFIG=$scratch/apt.conf

expect 0 apt-get -q update
candidate() {
	got=$(apt-cache policy "$1" | sed -n 's/^  Candidate: //p')
	[ "$got" = "$2" ] || fail "of $1 apt takes '$got', not '$2'"
}
candidate libc6 2.36-1+rpt1
candidate cowsay '(none)'
candidate linux-headers-armmp-lpae '(none)'
candidate linux-image-armmp-lpae 6.16.1-1
candidate linux-modules-$new 6.16.1-1
expect 100 apt-get -s install cowsay
expect 0 apt-get -s dist-upgrade
for name in linux-image-armmp-lpae linux-image-$new linux-base-$new linux-binary-$new linux-modules-$new; do
	grep -q "^Inst $name " out || fail "an upgrade does not bring $name"
done
[ "$(grep -c '^Inst' out)" = 5 ] || fail "an upgrade brings more than the kernel"
rm apt/etc/preferences.d/pimigrate
candidate cowsay 3.03 # without the pin it would: the test can fail
