#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Does a converted system stay well?  A card with a full userland and a static
# address is converted and started, and asked inside: the same address and host
# key, no failed unit, dpkg and apt content, nothing but kernels from Debian's
# archive, the Pi's own kernel held.  Then a newer kernel comes by apt-get
# upgrade; after stop and start it is the one that runs.  The hooks of Debian's
# raspi-firmware are on the card, and its boot partition stays as it is.
#
#   health.sh bullseye|bookworm|trixie
#
# HEALTH_KEEP=FOLDER: leave the guest there, for looking into.  Half an hour.
set -eo pipefail
. "$(dirname "$0")/../cli/functions.sh"
. "$here/../../tools/lib.sh"
. "$here/../../tools/guest.sh"
set -e
suite=${1:-bookworm} cpus=2 limit=${BOOT_TEST_LIMIT:-1800}
pimigrate=$PIMIGRATE name=health boot=$here/../boot server=''
net=192.168.7 address=192.168.7.20/24
export PIMIGRATE_GUESTS=${HEALTH_KEEP:-$scratch/guests}
console=$PIMIGRATE_GUESTS/.run/$name/console.log

requires_root
requires debootstrap sshpass debugfs sfdisk gpg python3 mdir qemu-arm
mirror=$(debian_mirror)

cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	"$pimigrate" stop --force "$name" >/dev/null 2>&1 || true
}

give_up() {
	[ ! -f "$console" ] || tail -n 40 "$console" >&2
	fail "$*"
}

debs=$(cache_dir)/test-debs

# Debian's own hooks of the suite: they write config.txt and cmdline.txt anew.
fetch_hooks() {
	local component=non-free-firmware deb
	[ "$suite" != bullseye ] || component=non-free
	deb=$("$boot/fetch-debian.py" "$mirror" "$suite/$component" armhf "$debs" raspi-firmware) ||
		fail "cannot fetch raspi-firmware of $suite"
	dpkg-deb -x "$deb" firmware
}

# The address, as the system of that year keeps it.
write_address() {
	local file
	case $suite in
	bullseye)
		file=/etc/dhcpcd.conf
		card_file "$card" $file >settings
		printf '\ninterface eth0\nstatic ip_address=%s\nstatic routers=%s.1\nstatic domain_name_servers=%s.1\n' \
			$address $net $net >>settings
		put $file 0100644
		;;
	bookworm)
		printf '[connection]\nid=wired\nuuid=0c9d7a2c-6f1e-4b43-9a55-3e6a1cf2a009\ntype=ethernet\ninterface-name=eth0\n\n[ipv4]\nmethod=manual\naddress1=%s,%s.1\ndns=%s.1;\n\n[ipv6]\nmethod=disabled\n' \
			$address $net $net >settings
		put /etc/NetworkManager/system-connections/wired.nmconnection 0100600
		;;
	trixie)
		printf 'network:\n  version: 2\n  renderer: NetworkManager\n  ethernets:\n    eth0:\n      addresses: [%s]\n      routes: [{to: default, via: %s.1}]\n      nameservers: {addresses: [%s.1]}\n' \
			$address $net $net >settings
		put /etc/netplan/10-eth0.yaml 0100600
		;;
	esac
}

put() { # PATH MODE [FILE]: of the card; the text is in settings
	printf 'rm %s\nwrite %s %s\nsif %s mode %s\n' "$1" "${3:-settings}" "$1" "$1" "$2" >>edit
	debugfs -w -f edit "$card?offset=$start" >debugfs.log 2>&1
	rm edit
}

make_card() {
	local hook
	card=$scratch/card.img
	"$here/../../tools/make-card.sh" --suite "$suite" "$card"
	start=$(($(sfdisk -d "$card" | awk -F'[=,]' '/type=83/ { print $2 + 0; exit }') * 512))
	write_address
	[ "$suite" = bullseye ] || card_file "$card" /etc/kernel/postinst.d/z50-raspi-firmware | grep -q . ||
		fail "the card has no hook of raspi-firmware"
	for hook in kernel/postinst.d kernel/postrm.d initramfs/post-update.d; do
		put "/etc/$hook/z50-raspi-firmware" 0100755 "firmware/etc/$hook/z50-raspi-firmware"
	done
	put /etc/default/raspi-firmware 0100644 firmware/etc/default/raspi-firmware
	e2fsck -fn "$card?offset=$start" >debugfs.log 2>&1 || fail "the card's file system: $(cat debugfs.log)"
}

convert() {
	local before
	before=$("$boot/digest.py" "$card")
	step "converting it"
	"$pimigrate" convert -on "$name" --no-verify "$card" || fail "convert: exit $?"
	[ "$("$boot/digest.py" "$card")" = "$before" ] || fail "the card was changed"
	sed -i "s/^cpus:.*/cpus: $cpus/" "$PIMIGRATE_GUESTS/$name/guest.yaml"
}

serve() {
	local deb made
	mkdir -p www/debian
	head -c 1048576 /dev/urandom >www/file.bin
	sha256sum <www/file.bin >www/file.bin.sha256
	step "making the newer kernel"
	deb=$(image_deb)
	made=$(cache_dir)/newer-$(basename "$deb" .deb)
	if [ ! -d "$made" ]; then
		mkdir "$made.$$"
		"$here/newer-kernel.py" "$deb" "$made.$$" >/dev/null || fail "newer-kernel.py"
		mv -T "$made.$$" "$made"
	fi
	newer=$(dpkg-deb -f "$made/linux-image-armmp-lpae.deb" Version)
	"$boot/make-archive.sh" "$scratch/www"
	"$boot/make-archive.sh" "$scratch/www/debian" Debian "$made"/*.deb
	: >server.log # the loop below may come before the server
	python3 -u -m http.server 0 --bind 127.0.0.1 --directory www >server.log 2>/dev/null &
	server=$!
	for _ in $(seq 50); do
		port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' server.log)
		[ -z "$port" ] || break
		sleep 0.1
	done
	[ -n "$port" ] || fail "the web server did not start"
	# The router's address is the resolver's; this one leads to the host (run/subnet.c).
	url=http://$net.254:$port
}

# The package that convert took, out of its cache.
image_deb() {
	local release deb
	release=$(card_file "$PIMIGRATE_GUESTS/$name/disk.raw" /var/lib/dpkg/status |
		sed -n 's/^Package: linux-image-\([0-9].*-armmp-lpae\)$/\1/p' | tail -n 1)
	for deb in $(ls -t "$(cache_dir)"/sha256-*.deb); do
		[ "$(dpkg-deb -f "$deb" Package)" != "linux-image-$release" ] || break
	done
	echo "$deb"
}

start() {
	"$pimigrate" start --wait --wait-timeout "$limit" "$name" || give_up "no login prompt"
	port=$(ssh_port) user=pi password=$(card_password "$card") known_hosts=$scratch/known_hosts
	expect_host_key "$card" "$known_hosts"
	[ -s "$known_hosts" ] || fail "the card has no host key"
	wait_for_ssh 600 || give_up "ssh does not answer"
}

well() { # what the boot test asks
	local said public
	public=$(sed 's|.*//||; s|[:/].*||' <<<"$mirror")
	getent hosts "$public" >/dev/null || public=''
	in_guest sudo sh -c "'cat >/run/guest-check.sh'" <"$boot/guest-check.sh" || give_up "cannot log in"
	said=$(in_guest sudo ADDRESS=$address sh /run/guest-check.sh "$url" "$cpus" "$(date +%s)" $public \
		<"$boot/allowed-failed") || {
		echo "$said"
		in_guest systemctl --failed --no-pager || true
		fail "the guest is not well"
	}
	echo "$said"
	[ "$(grep -c '^ok ' <<<"$said")" -ge 12 ] || fail "the guest looked at too little"
}

root_of_guest() { # the script on standard input; where it ended is shown
	in_guest sudo sh -ex -s 2>trace || { tail -n 8 trace >&2; return 1; }
}

apt_is_content() {
	root_of_guest <<-'G' || fail "$1: dpkg or apt is not content"
	audit=$(dpkg --audit)
	[ -z "$audit" ] || { echo "$audit"; exit 1; }
	apt-get -f install -y >/run/fixed 2>&1 || { cat /run/fixed; exit 1; }
	grep -q '^0 upgraded, 0 newly installed, 0 to remove' /run/fixed || { cat /run/fixed; exit 1; }
	G
	echo "ok $1: dpkg --audit is empty, apt-get -f install has nothing to do"
}

pi_kernel_held() {
	local held
	held=$(in_guest apt-mark showhold | tr '\n' ' ')
	case "$suite $held" in
	bullseye\ *raspberrypi-bootloader*raspberrypi-kernel*) ;;
	bookworm\ *linux-image*rpi*|trixie\ *linux-image*rpi*) ;;
	*) fail "held is: $held" ;;
	esac
	echo "ok held: $held"
}

# Debian's archive itself, by the source that convert wrote.
debians_own_source() {
	getent hosts "$(sed 's|.*//||; s|[:/].*||' <<<"$mirror")" >/dev/null || return 0
	root_of_guest <<-'G' || fail "something else than kernels comes from Debian's archive"
	mkdir -p /run/debian
	cp /etc/apt/sources.list.d/pimigrate-kernel.sources /run/debian/
	only='-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=/run/debian'
	apt-get $only update -q || true # a mirror's pocket may be out of step
	apt-cache $only policy linux-image-armmp-lpae | grep -q http
	apt-cache $only showpkg cowsay | grep -q '^Package: cowsay'
	[ "$(apt-cache $only policy cowsay | sed -n 's/^  Candidate: //p')" = '(none)' ]
	if apt-get $only -s install cowsay >/dev/null 2>&1; then exit 1; fi
	apt-get $only -s dist-upgrade >/run/upgrade
	! grep '^Inst ' /run/upgrade | grep -v '^Inst linux-\(image\|base\|binary\|modules\)-[^ ]*armmp-lpae '
	G
	echo "ok from Debian's archive come kernels and nothing else"
}

boot_files() { # of the partition that the Pi boots from
	root_of_guest <<-'G'
	cd /boot/firmware
	grep -q ' /boot/firmware vfat ' /proc/mounts
	find . -type f -exec sha256sum {} + | sort
	G
}

upgrade() {
	step "upgrading its kernel to $newer"
	boot_files >files.before
	[ -s files.before ] || fail "the boot partition is not mounted"
	root_of_guest <<-G || { in_guest tail -n 60 /run/upgraded || true; fail "apt-get upgrade"; }
	mkdir -p /run/health
	/usr/lib/apt/apt-helper -qq download-file $url/debian/archive.gpg /run/health.gpg
	chmod 644 /run/health.gpg
	echo "deb [signed-by=/run/health.gpg] $url/debian/archive ./" >/run/health/health.list
	only='-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=/run/health'
	apt-get \$only -o APT::Update::Error-Mode=any update -q
	[ "\$(apt-cache \$only policy pimigrate-test | sed -n 's/^  Candidate: //p')" = '(none)' ]
	DEBIAN_FRONTEND=noninteractive apt-get \$only -y upgrade >/run/upgraded 2>&1 </dev/null
	G
	in_guest cat /run/upgraded >upgraded
	grep -q '^2 upgraded, 0 newly installed, 0 to remove' upgraded || fail "it was not the kernel's packages: $(grep upgraded upgraded)"
	! grep -iE 'run-parts: .*(fail|exited)|missing /boot/firmware|dpkg: error' upgraded || fail "a hook failed"
	boot_files >files.after
	diff files.before files.after || fail "a hook wrote to the boot partition"
	echo "ok apt-get upgrade brought $newer; the boot partition is as it was"
}

fetch_hooks
make_card
convert
serve
step "booting it"
start
well
! in_guest uname -v | grep -F "Debian $newer " || fail "it runs that kernel already"
pi_kernel_held
apt_is_content "after the first boot"
debians_own_source
upgrade
apt_is_content "after the upgrade"
step "stop and start"
"$pimigrate" stop "$name" || give_up "it did not stop"
start
in_guest uname -v | grep -F "Debian $newer " || fail "it runs $(in_guest uname -v), not $newer"
echo "ok the new kernel runs"
well
"$pimigrate" stop "$name" || give_up "it did not stop"
step "done: $suite stays well"
