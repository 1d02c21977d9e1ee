#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Inside a Debian with the packages: everything is in its place, and a card
# becomes a guest of libvirt that starts and stops.
set -euo pipefail
cd /root/card
fail() {
	echo "FAILED: $*" >&2
	exit 1
}
[ -f /usr/bin/pimigrate-emu ] && [ ! -L /usr/bin/pimigrate-emu ] || fail "the emulator is no real file in /usr/bin"
for file in /usr/lib/systemd/system/pimigrate@.service /lib/systemd/system/pimigrate@.service; do
	[ ! -f "$file" ] || unit=$file
done
grep -q 'ExecStart=/usr/bin/pimigrate run' "$unit" || fail "the unit does not run the installed program"
for file in /usr/share/man/man1/pimigrate.1.gz /usr/share/man/man1/pimigrate-emu.1.gz /usr/share/man/man5/guest.yaml.5.gz \
	/usr/share/bash-completion/completions/pimigrate /usr/share/pimigrate/profiles/common-pi.yaml \
	/usr/lib/sysusers.d/pimigrate.conf /usr/lib/tmpfiles.d/pimigrate.conf \
	/usr/lib/systemd/system/libvirtd.service.d/pimigrate.conf; do
	[ -f "$file" ] || [ ! -d /usr/share/man/man1 ] || fail "there is no $file"
done
[ -x /etc/libvirt/hooks/qemu.d/pimigrate ] || fail "libvirt's hook is not there"
getent passwd pimigrate >/dev/null || fail "there is no user pimigrate"
[ -d /var/lib/pimigrate/guests ] || systemd-tmpfiles --create pimigrate.conf

# What libvirt makes for each guest includes our rule.  Whether the kernel
# enforces it is not seen here.
printf '#include <tunables/global>\nprofile guest flags=(attach_disconnected) {\n  #include <abstractions/libvirt-qemu>\n}\n' >profile
apparmor_parser -Q -T -K profile || fail "libvirt's AppArmor rules with ours do not parse"
apparmor_parser -p profile >rules
grep -q '/usr/bin/pimigrate-emu rmix' rules || fail "libvirt's AppArmor rules lack ours"
apparmor_parser -Q -T -K /etc/apparmor.d/usr.sbin.libvirtd || fail "libvirtd's AppArmor rules do not parse"

# A /dev of its own for each guest does not work in a chroot.
echo 'namespaces = []' >>/etc/libvirt/qemu.conf
mkdir -p /run/lock
virtlogd -d
libvirtd -d
for _ in $(seq 300); do
	! virsh -q -c qemu:///system uri >/dev/null 2>&1 || break
	sleep 0.2
done
debs=()
for deb in kernel/*.deb; do
	debs+=(--kernel-deb "$deb")
done
export LIBGUESTFS_BACKEND=direct
pimigrate convert -o libvirt -on pi --grow 96M "${debs[@]}" card.img
virsh -c qemu:///system dumpxml pi >pi.xml
grep -q '<emulator>/usr/bin/pimigrate-emu</emulator>' pi.xml || fail "the domain has another emulator"
# The card's kernel is a stand-in; this one runs.
cp vmlinuz /var/lib/pimigrate/guests/pi/boot/vmlinuz
pimigrate start --wait pi
virsh -q -c qemu:///system list --name >running
grep -qx pi running || fail "libvirt does not run it"
pimigrate list
pimigrate stop pi
pimigrate list >listed
grep -q '^pi *off' listed || fail "it is not off"
pimigrate doctor >/dev/null || [ $? = 5 ] || fail "doctor fails"
[ "$(bash -c '. /usr/share/bash-completion/completions/pimigrate; COMP_WORDS=(pimigrate con) COMP_CWORD=1; _pimigrate; echo "${COMPREPLY[*]}"')" = "convert console" ] ||
	fail "no completion"
