#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Make a card like those that come out of a Raspberry Pi, from Debian's armhf
# packages: partition table, labels, boot files, services and settings as
# Raspberry Pi OS lays them out, and things in it to be found again.  It stands
# in for the vendor's image, which a script here cannot download, and it never
# ran on a Pi.
#
#   make-card.sh [--family NAME] [--suite NAME] [--size MIB] [--mirror URL] OUT.img
#
#   --family raspios-2023   Raspberry Pi OS bookworm: /boot/firmware, NetworkManager (default)
#            raspios-2022   Raspberry Pi OS bullseye: /boot, dhcpcd
#            raspios-2025   Raspberry Pi OS trixie: /boot/firmware, netplan
#   --suite  bookworm, bullseye or trixie; implies the family, and the family implies it
#   --size   of the card, default 3072 MiB (the file is sparse)
#   --mirror Debian mirror, default: that of this machine's apt sources
#
# How: the system is installed natively (a chroot of this machine's own
# architecture, seconds instead of minutes under emulation), then its packages
# are exchanged for the armhf ones (card/exchange.py).  No binfmt_misc, no loop
# device, no mount.  Needs root for the chroot.  Finished cards and downloads
# are kept in the cache folder (PIMIGRATE_CACHE; see cache_dir in lib.sh).
set -euo pipefail
. "$(dirname "$0")/lib.sh"
card=$tools/card
umask 022 # also what is on the card, as its maker had it

common_packages=systemd,systemd-sysv,dbus,udev,openssh-server,netbase,iproute2,iputils-ping,sudo,cron,curl,ca-certificates,initramfs-tools,kmod,python3-minimal,avahi-daemon,libnss-mdns,bluez,triggerhappy,dphys-swapfile,fake-hwclock,e2fsprogs,fdisk,attr,libcap2-bin,less,nano,zstd,logrotate,tzdata

read_options() {
	family='' suite='' size=3072 mirror='' out=''
	while [ $# -gt 0 ]; do
		case "$1" in
		--family) family=${2:?}; shift 2 ;;
		--suite) suite=${2:?}; shift 2 ;;
		--size) size=${2:?}; shift 2 ;;
		--mirror) mirror=${2:?}; shift 2 ;;
		-h|--help) sed -n '4,26p' "$0"; exit 0 ;;
		-*) status=2 die "unknown option '$1' (see --help)" ;;
		*) [ -z "$out" ] || status=2 die "one card at a time: '$1'"; out=$1; shift ;;
		esac
	done
	[ -n "$out" ] || status=2 die "where to? Give the name of the image (see --help)"
	case "$suite" in
	''|bookworm|bullseye|trixie) ;;
	*) status=2 die "no such suite '$suite': bookworm, bullseye or trixie" ;;
	esac
	if [ -z "$family" ]; then
		case "$suite" in
		bullseye) family=raspios-2022 ;;
		trixie) family=raspios-2025 ;;
		*) family=raspios-2023 ;;
		esac
	fi
	kinds='v7 v7l' sources=one-line
	[ -f "$card/$family.conf" ] || status=2 die "no such family '$family'"
	. "$card/$family.conf"
	suite=${suite:-$suite_default}
	[ "$size" -ge 1536 ] 2>/dev/null || status=2 die "a card needs at least 1536 MiB, not '$size'"
}

# Everything that decides what is on the card, as one word.
cache_key() {
	(cd "$tools" && find make-card.sh card -type f -print0 | sort -z | xargs -0 sha256sum
	echo "$family $suite $size") | sha256sum | cut -c1-16
}

native=$(dpkg --print-architecture)

# Both sets of packages are fetched at the same time; the native one is
# unpacked as well.  The one beside us is a session of its own, that clean_up()
# can end the whole of it; it does not hear of Ctrl-C in any case.
fetch() {
	local list=$common_packages,$packages
	step "fetching $suite for armhf and $native from $mirror"
	mkdir -p "$cache/debs/armhf" "$cache/debs/$native"
	setsid debootstrap --download-only --arch=armhf --variant=minbase \
		--cache-dir="$cache/debs/armhf" --include="$list" \
		"$suite" "$work/armhf" "$mirror" >"$work/armhf.log" 2>&1 </dev/null &
	beside=$!
	quietly debootstrap --foreign --arch="$native" --variant=minbase \
		--cache-dir="$cache/debs/$native" --include="$list" \
		"$suite" "$root" "$mirror" || die "debootstrap failed for $native (its last words are above)"
	wait "$beside" || {
		tail -n 20 "$work/armhf.log" >&2
		die "debootstrap failed for armhf (its last words are above)"
	}
	beside=''
}

in_root() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}

configure() {
	step "configuring it natively ($native)"
	mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/card"
	quietly in_root /debootstrap/debootstrap --second-stage ||
		die "the second stage failed (its last words are above)"
	rm -f "$root/etc/dpkg/dpkg.cfg.d/card"
}

# standin NAME VERSION ARCH FOLDER: one package of the vendor's name.
standin() {
	local name=$1 version=$2 arch=$3 to=$4 tree=$work/tree source=$card/standins/$1 unit script
	rm -rf "$tree"
	mkdir -p "$tree"
	case "$name" in
	linux-image-"$kernel"-*) source=$work/kernel/$name ;;
	esac
	cp -r "$source/." "$tree"
	[ ! -d "$work/fill/$name" ] || cp -r "$work/fill/$name/." "$tree"
	if [ "$name" = raspi-copies-and-fills ]; then
		mkdir -p "$tree/usr/lib/arm-linux-gnueabihf"
		cp "$work/libarmmem.so" "$tree/usr/lib/arm-linux-gnueabihf/libarmmem-v7l.so"
		for unit in v6l v8l; do ln -s libarmmem-v7l.so "$tree/usr/lib/arm-linux-gnueabihf/libarmmem-$unit.so"; done
	fi
	sed -i -e "s/@VERSION@/$version/; s/@KERNEL@/$kernel/; s/^Architecture: any/Architecture: $arch/" "$tree/DEBIAN/control"
	{
		echo '#!/bin/sh'
		echo 'set -e'
		[ ! -f "$tree/DEBIAN/postinst.d" ] || cat "$tree/DEBIAN/postinst.d"
		for unit in "$tree"/lib/systemd/system/*.service; do
			! grep -qs '^\[Install\]' "$unit" || echo "deb-systemd-helper enable ${unit##*/} >/dev/null"
		done
		for script in "$tree"/etc/init.d/*; do
			[ ! -f "$script" ] || echo "update-rc.d ${script##*/} defaults >/dev/null"
		done
	} >"$tree/DEBIAN/postinst"
	rm -f "$tree/DEBIAN/postinst.d"
	chmod 755 "$tree/DEBIAN/postinst"
	if [ -d "$tree/etc" ]; then
		(cd "$tree" && find etc -type f -printf '/%p\n' | sort) >"$tree/DEBIAN/conffiles"
	fi
	(cd "$tree" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0r md5sum) >"$tree/DEBIAN/md5sums"
	dpkg-deb --root-owner-group -Zgzip -b "$tree" "$to" >/dev/null
}

# kernel.img, kernel7.img, kernel7l.img
image_of() {
	[ "$1" = v6 ] || echo "${1#v}"
}

# The kernel packages of generation 2 and what generation 1 owns in /boot.
make_boot_files() {
	local firmware='' name kind generation=2
	[ "$boot_mount" = /boot/firmware ] || generation=1
	if [ -n "$(apt-cache show raspi-firmware 2>/dev/null)" ] &&
		(mkdir -p "$work/firmware" && cd "$work/firmware" && quietly apt-get download raspi-firmware); then
		dpkg-deb -x "$work"/firmware/*.deb "$work/firmware"
		firmware=$work/firmware/usr/lib/raspi-firmware
		say "with the firmware of Debian's raspi-firmware package"
	else
		say "no raspi-firmware in this machine's apt sources: stand-ins of the same names"
	fi
	"$card/boot-files.py" "$work/boot" $generation "$kernel" "$kinds" ${firmware:+"$firmware"}
	if [ $generation = 1 ]; then
		mkdir -p "$work/fill/raspberrypi-kernel/boot" "$work/fill/raspberrypi-bootloader/boot"
		cp -r "$work"/boot/{kernel*.img,*.dtb,overlays} "$work/fill/raspberrypi-kernel/boot/"
		cp "$work"/boot/{bootcode.bin,*.elf,*.dat,LICENCE.broadcom} "$work/fill/raspberrypi-bootloader/boot/"
		for kind in + -v7+ -v7l+ -v8+; do
			make_modules "$work/fill/raspberrypi-kernel/lib/modules/$kernel$kind"
		done
		return
	fi
	for kind in $kinds; do
		name=linux-image-$kernel-rpi-$kind
		mkdir -p "$work/kernel/$name/DEBIAN" "$work/kernel/$name/boot"
		sed "s/linux-image-rpi-$kind/$name/; /^Depends:/d" "$card/standins/linux-image-rpi-$kind/DEBIAN/control" >"$work/kernel/$name/DEBIAN/control"
		cp "$work/boot/kernel$(image_of "$kind").img" "$work/kernel/$name/boot/vmlinuz-$kernel-rpi-$kind"
		echo "CONFIG_LOCALVERSION=\"-rpi-$kind\"" >"$work/kernel/$name/boot/config-$kernel-rpi-$kind"
		make_modules "$work/kernel/$name/lib/modules/$kernel-rpi-$kind"
	done
}

make_modules() {
	mkdir -p "$1/kernel/drivers/i2c"
	echo 'stand-in, not a module' >"$1/kernel/drivers/i2c/i2c-bcm2835.ko"
	echo kernel/drivers/i2c/i2c-bcm2835.ko >"$1/modules.order"
}

add_standins() {
	local name version
	step "adding the vendor's packages as stand-ins"
	make_boot_files
	arm-linux-gnueabihf-gcc -march=armv6 -mfpu=vfp -marm -shared -nostdlib -Wl,--hash-style=both,-soname,libarmmem.so \
		-o "$work/libarmmem.so" "$card/armmem.S"
	mkdir -p "$root/var/tmp/standins" "$work/standins"
	while read -r name version; do
		[ -n "$name" ] || continue
		standin "$name" "$version" "$native" "$root/var/tmp/standins/$name.deb"
		standin "$name" "$version" armhf "$work/standins/$name.deb"
	done <<<"$standins"
	quietly in_root sh -c 'dpkg -i /var/tmp/standins/*.deb' || die "installing the stand-ins failed (the last words are above)"
	rm -rf "$root/var/tmp/standins"
}

# What the vendor's image build and the card's owner have set.
settle() {
	local unit group groups
	step "settling it in: user, network, services, boot"
	in_root useradd -m -u 1000 -U -s /bin/bash pi
	groups=adm,dialout,cdrom,sudo,audio,video,plugdev,games,users,input,netdev,gpio,i2c,spi
	for group in ${groups//,/ }; do
		in_root getent group "$group" >/dev/null || in_root groupadd --system "$group"
	done
	in_root usermod -aG "$groups" pi
	echo pi:raspberry | in_root chpasswd
	in_root passwd -q -l root >/dev/null 2>&1
	echo 'pi ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/010_pi-nopasswd"
	chmod 440 "$root/etc/sudoers.d/010_pi-nopasswd"
	echo raspberrypi >"$root/etc/hostname"
	printf '127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\nff02::1\t\tip6-allnodes\nff02::2\t\tip6-allrouters\n\n127.0.1.1\traspberrypi\n' >"$root/etc/hosts"
	for unit in $units_off; do in_root systemctl -q disable "$unit" 2>/dev/null || true; done
	in_root systemctl -q enable ssh 2>/dev/null
	[ -n "$(ls "$root"/etc/ssh/ssh_host_*_key 2>/dev/null)" ] || in_root ssh-keygen -A >/dev/null
	od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$root/etc/machine-id"
	echo >>"$root/etc/machine-id"
	rm -f "$root/var/lib/dbus/machine-id"
	ln -s /etc/machine-id "$root/var/lib/dbus/machine-id"
	for unit in 99-default 73-usb-net-by-mac; do ln -sf /dev/null "$root/etc/systemd/network/$unit.link"; done
	printf '# interfaces(5) file used by ifup(8) and ifdown(8)\n# Include files from /etc/network/interfaces.d:\nsource /etc/network/interfaces.d/*\n' >"$root/etc/network/interfaces"
	printf 'proc            /proc           proc    defaults          0       0\nPARTUUID=%s-01  %-15s vfat    defaults          0       2\nPARTUUID=%s-02  /               ext4    defaults,noatime  0       1\n# a swapfile is not a swap partition, no line here\n#   use  dphys-swapfile swap[on|off]  for that\n' "$disk_id" "$boot_mount" "$disk_id" >"$root/etc/fstab"
	printf 'Raspberry Pi reference %s\nGenerated using pi-gen, https://github.com/RPi-Distro/pi-gen, made by pimigrate, stage2\n' "$rpi_date" >"$root/etc/rpi-issue"
	settle_sources
	settle_network
	settle_boot
	echo LANG=C.UTF-8 >"$root/etc/default/locale"
	echo "CONF_SWAPSIZE=$swap_mib" >"$root/etc/dphys-swapfile"
}

settle_sources() {
	local apt=$root/etc/apt
	if [ "$sources" = deb822 ]; then
		: >"$apt/sources.list"
		printf 'Types: deb\nURIs: http://raspbian.raspberrypi.%s/raspbian/\nSuites: %s\nComponents: main contrib non-free rpi\nSigned-By: /usr/share/keyrings/raspbian-archive-keyring.gpg\n' "$archive_tld" "$suite" >"$apt/sources.list.d/raspbian.sources"
		printf 'Types: deb\nURIs: http://archive.raspberrypi.%s/debian/\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/raspberrypi-archive-keyring.pgp\n' "$archive_tld" "$suite" >"$apt/sources.list.d/raspi.sources"
		return
	fi
	printf 'deb http://raspbian.raspberrypi.%s/raspbian/ %s main contrib non-free rpi\n' "$archive_tld" "$suite" >"$apt/sources.list"
	printf 'deb http://archive.raspberrypi.%s/debian/ %s main\n' "$archive_tld" "$suite" >"$apt/sources.list.d/raspi.list"
}

settle_network() {
	if [ -x "$root/usr/sbin/netplan" ]; then
		local wifi=$root/etc/netplan/90-NM-0c9d7a2c-6f1e-4b43-9a55-3e6a1cf2a001.yaml
		printf 'network:\n  version: 2\n  wifis:\n    NM-0c9d7a2c-6f1e-4b43-9a55-3e6a1cf2a001:\n      renderer: NetworkManager\n      match: {}\n      dhcp4: true\n      dhcp6: true\n      access-points:\n        "home":\n          auth:\n            key-management: "psk"\n            password: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"\n      networkmanager:\n        uuid: "0c9d7a2c-6f1e-4b43-9a55-3e6a1cf2a001"\n        name: "preconfigured"\n' >"$wifi"
		chmod 600 "$wifi"
		return
	fi
	if [ -d "$root/etc/NetworkManager" ]; then
		local wifi=$root/etc/NetworkManager/system-connections/preconfigured.nmconnection
		printf '[connection]\nid=preconfigured\nuuid=0c9d7a2c-6f1e-4b43-9a55-3e6a1cf2a001\ntype=wifi\n\n[wifi]\nmode=infrastructure\nssid=home\nhidden=false\n\n[wifi-security]\nkey-mgmt=wpa-psk\npsk=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n\n[ipv4]\nmethod=auto\n\n[ipv6]\naddr-gen-mode=default\nmethod=auto\n' >"$wifi"
		chmod 600 "$wifi"
		mkdir -p "$root/var/lib/NetworkManager"
		printf '[main]\nNetworkingEnabled=true\nWirelessEnabled=true\nWWANEnabled=true\n' >"$root/var/lib/NetworkManager/NetworkManager.state"
	else
		printf 'ctrl_interface=DIR=/var/run/wpa_supplicant GROUP=netdev\nupdate_config=1\ncountry=DE\n\nnetwork={\n\tssid="home"\n\tpsk=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n}\n' >"$root/etc/wpa_supplicant/wpa_supplicant.conf"
		chmod 600 "$root/etc/wpa_supplicant/wpa_supplicant.conf"
	fi
}

settle_boot() {
	local name decoy
	printf 'console=serial0,115200 console=tty1 root=PARTUUID=%s-02 rootfstype=ext4 fsck.repair=yes rootwait cfg80211.ieee80211_regdom=DE\n' "$disk_id" >"$work/boot/cmdline.txt"
	cp "$card/config-$suite.txt" "$work/boot/config.txt"
	cp "$root/etc/rpi-issue" "$work/boot/issue.txt"
	if [ "$boot_mount" = /boot ]; then
		rm -rf "$root/boot"
		mkdir "$root/boot"
		return
	fi
	mkdir -p "$root/boot/firmware"
	for name in config cmdline; do
		decoy=$root/boot/$name.txt
		printf 'DO NOT EDIT THIS FILE\n\nThe file you are looking for has moved to /boot/firmware/%s.txt\n' $name >"$decoy"
	done
	ln -sf firmware/overlays "$root/boot/overlays"
	ln -sf firmware/issue.txt "$root/boot/issue.txt"
	for name in $kinds; do
		echo 'stand-in, not an initramfs' >"$root/boot/initrd.img-$kernel-rpi-$name"
	done
}

exchange() {
	step "exchanging $native for armhf"
	mkdir -p "$work/twins"
	mv "$work"/armhf/var/cache/apt/archives/*.deb "$work/twins/"
	mv "$work"/standins/*.deb "$work/twins/"
	"$card/exchange.py" "$root" "$work/twins" "$native" armhf
	# ldconfig is a static program, and -r makes it look at the card alone.
	quietly qemu-arm "$root/sbin/ldconfig" -r "$root" || die "ldconfig failed under qemu-arm"
	printf '/usr/lib/arm-linux-gnueabihf/libarmmem-${PLATFORM}.so\n' >"$root/etc/ld.so.preload"
	local rows
	rows=$(awk 'NF { print $1 "=" $2 }' <<<"$renamed")
	"$card/brand.py" "$root" "$os_version" $rows
	[ "$boot_mount" != /boot ] || find "$root/boot" -mindepth 1 -delete
	check_database
}

# This machine's dpkg and apt look at the card's database as the card's own
# would.
check_database() {
	local said
	printf '%s\narmhf\n' "$native" >"$root/var/lib/dpkg/arch"
	said=$(dpkg --root="$root" --audit 2>&1) || true
	rm "$root/var/lib/dpkg/arch"
	[ -z "$said" ] || die "dpkg is not content: $said"
	said=$(apt-get -o APT::Architecture=armhf -o APT::Architectures::=armhf -o Dir::State="$work" \
		-o Dir::State::status="$root/var/lib/dpkg/status" -o Dir::Etc="$work/none" -o Dir::Cache="$work" check 2>&1) ||
		die "apt is not content: $said"
}

# The traces of making it go; the things to find again come.
fill() {
	step "filling it with things to find again"
	rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*_* "$root/debootstrap" \
		"$root"/tmp/* "$root"/var/log/{bootstrap.log,dpkg.log,alternatives.log} "$root/etc/resolv.conf" \
		"$root"/dev/* "$root"/usr/sbin/policy-rc.d
	"$card/content.py" "$root" 1000 1000
	# A swap file must not have holes, and mke2fs makes holes of zeros.
	yes pimigrate | head -c $((swap_mib << 20)) >"$root/var/swap" || true
	mkswap -q "$root/var/swap" 2>/dev/null || mkswap "$root/var/swap" >/dev/null
	chmod 600 "$root/var/swap"
	date -u '+%Y-%m-%d %H:%M:%S' >"$root/etc/fake-hwclock.data"
}

# Both file systems are written straight into the image: nothing is mounted.
image() {
	local boot_sectors=$((boot_mib * 2048)) root_start img=$work/card.img
	root_start=$((first_sector + boot_sectors))
	step "writing the image: $size MiB, FAT $boot_mib MiB at $first_sector, ext4 at $root_start"
	truncate -s "${size}M" "$img"
	printf 'label: dos\nlabel-id: 0x%s\nunit: sectors\nstart=%d size=%d type=c\nstart=%d type=83\n' \
		"$disk_id" $first_sector $boot_sectors $root_start | quietly_stdin sfdisk -q "$img"
	quietly mkfs.vfat -F 32 -s 4 -n "$boot_label" --offset $first_sector "$img" $((boot_mib * 1024))
	mcopy -s -i "$img@@$((first_sector * 512))" "$work"/boot/* ::
	quietly mke2fs -F -t ext4 -L rootfs -b 4096 -O "$ext4_off,metadata_csum,^orphan_file,^metadata_csum_seed" -d "$root" \
		-E "offset=$((root_start * 512))" "$img" $((size * 1024 - root_start / 2))k ||
		die "mke2fs failed (its last words are above)"
	quietly e2fsck -fn "$img?offset=$((root_start * 512))" || die "the new file system is not clean (e2fsck's words are above)"
}

quietly_stdin() {
	local text
	text=$("$@" 2>&1) || die "'$1' failed: $text"
}

# A name appears when the whole card does.
deliver() {
	local part
	part=$out.part.$$
	cp --sparse=always --reflink=auto "$1" "$part" || { rm -f "$part"; die "cannot write '$out'"; }
	[ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$part"
	mv -f "$part" "$out"
	step "the card is $out ($(du -h "$out" | cut -f1) of $size MiB in use)"
}

clean_up() {
	if [ -n "$beside" ]; then
		kill -- "-$beside" 2>/dev/null || true
		wait "$beside" 2>/dev/null || true
	fi
	rm -rf --one-file-system "$work"
}

main() {
	read_options "$@"
	use_apt_proxy
	cache=$(cache_dir)
	local kept
	kept=$cache/cards/$family-$suite-$size-$(cache_key).img
	if [ -f "$kept" ]; then
		step "this card was made before: taking it from $cache"
		deliver "$kept"
		return
	fi
	if [ "$(id -u)" != 0 ]; then
		step "making a card needs root (a chroot): asking sudo"
		mkdir -p "$cache" # the user's own, where pimigrate keeps things too
		as_root env PIMIGRATE_CACHE="$cache" "$tools/make-card.sh" "$@"
		return
	fi
	install_packages card
	[ -n "$mirror" ] || mirror=$(debian_mirror)
	mkdir -p "$cache/cards"
	# One at a time; what a killed one left is removed.
	exec 9>"$cache/card.lock"
	flock -n 9 || { step "another card is being made: waiting for it"; flock 9; }
	rm -rf --one-file-system "$cache"/card.??????/
	work=$(mktemp -d "$cache/card.XXXXXX")
	beside=''
	trap clean_up EXIT
	trap 'exit 130' INT TERM
	root=$work/root
	fetch
	configure
	add_standins
	settle
	exchange
	fill
	image
	rm -f "$cache/cards/$family-$suite-$size"-*.img
	mv "$work/card.img" "$kept"
	deliver "$kept"
}

main "$@"
