# SPDX-License-Identifier: GPL-2.0-or-later
"""The families of systems that are found on cards.  Each function makes one
card; CARDS has them by name."""
import io
import json
import sqlite3
import tarfile

from card import Card, Part, debugfs, elf, extended, patch, SECTOR

CARDS = {}
MIB = 2048          # sectors
HASH = 'ab' * 32


def card(f):
    CARDS[f.__name__.replace('_', '-')] = f
    return f


# Raspberry Pi OS by release: suite, version, first sector, boot's and root's
# size in sectors, FAT bits, sectors in a cluster, labels, what ext4 has,
# whether PARTUUIDs name the partitions, where the boot partition is mounted,
# who configures the network, the kernels' module folders.
OLD_EXT4 = '^huge_file,^64bit,^metadata_csum,uninit_bg'
SAFE_EXT4 = '^huge_file,^64bit,^metadata_csum'
CSUM_EXT4 = '^huge_file,^64bit,metadata_csum'
GEN1 = ['5.10.103+', '5.10.103-v7+', '5.10.103-v7l+', '5.10.103-v8+']
GEN2 = ['6.6.31+rpt-rpi-v6', '6.6.31+rpt-rpi-v7', '6.6.31+rpt-rpi-v8']
RELEASES = {
    '2013-wheezy': ('wheezy', 7, 8192, 114688, 16, 16, 'boot', '',
                    OLD_EXT4, False, '/boot', 'ifupdown', ['3.6.11+']),
    '2016-05-jessie': ('jessie', 8, 8192, 129024, 16, 16, 'boot', '',
                       '^huge_file', False, '/boot', 'dhcpcd', ['4.4.9-v7+']),
    '2017-03-jessie': ('jessie', 8, 8192, 129024, 32, 1, 'boot', '',
                       '^huge_file', False, '/boot', 'dhcpcd', ['4.4.50-v7+']),
    '2017-06-jessie': ('jessie', 8, 8192, 83968, 32, 1, 'boot', '',
                       '^huge_file', True, '/boot', 'dhcpcd', ['4.9.28-v7+']),
    '2017-08-stretch': ('stretch', 9, 8192, 83968, 32, 1, 'boot', '',
                        SAFE_EXT4, True, '/boot', 'dhcpcd', ['4.9.41-v7+']),
    '2017-11-stretch': ('stretch', 9, 8192, 83968, 32, 1, 'boot', 'rootfs',
                        SAFE_EXT4, True, '/boot', 'dhcpcd', ['4.9.59-v7+']),
    '2019-06-buster': ('buster', 10, 8192, 532480, 32, 1, 'boot', 'rootfs',
                       SAFE_EXT4, True, '/boot', 'dhcpcd', ['4.19.50-v7l+']),
    '2021-10-bullseye': ('bullseye', 11, 8192, 524288, 32, 1, 'boot', 'rootfs',
                         SAFE_EXT4, True, '/boot', 'dhcpcd', GEN1),
    '2022-09-bullseye': ('bullseye', 11, 8192, 524288, 32, 4, 'boot', 'rootfs',
                         CSUM_EXT4, True, '/boot', 'dhcpcd', GEN1),
    '2023-02-bullseye': ('bullseye', 11, 8192, 524288, 32, 4, 'bootfs',
                         'rootfs', CSUM_EXT4, True, '/boot', 'dhcpcd', GEN1),
    '2023-10-bookworm': ('bookworm', 12, 8192, 1048576, 32, 4, 'bootfs',
                         'rootfs', CSUM_EXT4, True, '/boot/firmware',
                         'NetworkManager', GEN2),
    '2025-05-bookworm': ('bookworm', 12, 16384, 1048576, 32, 4, 'bootfs',
                         'rootfs', CSUM_EXT4, True, '/boot/firmware',
                         'NetworkManager', GEN2),
    '2025-10-trixie': ('trixie', 13, 16384, 1048576, 32, 4, 'bootfs',
                       'rootfs', CSUM_EXT4, True, '/boot/firmware',
                       'NetworkManager', ['6.12.47+rpt-rpi-v8']),
    '2026-04-trixie': ('trixie', 13, 16384, 1048576, 32, 1, 'bootfs',
                       'rootfs', CSUM_EXT4, True, '/boot/firmware',
                       'NetworkManager', ['6.12.75+rpt-rpi-v8']),
}


def raspios(release, arch='armhf'):
    (suite, version, start, boot, bits, cluster, fat_label, root_label, ext4,
     by_id, mount, net, modules) = RELEASES[release]
    c = Card()
    c.boot_start, c.boot_size = start, boot
    c.fat_bits, c.fat_cluster = bits, cluster
    c.fat_label, c.root_label, c.ext4 = fat_label, root_label, ext4
    arm64 = arch == 'arm64'
    c.system('debian' if arm64 else 'raspbian',
             'Debian GNU/Linux' if arm64 else 'Raspbian GNU/Linux',
             version, suite, arch, systemd=suite != 'wheezy')
    root = f'PARTUUID={c.disk_id:08x}-02' if by_id else '/dev/mmcblk0p2'
    fat = f'PARTUUID={c.disk_id:08x}-01' if by_id else '/dev/mmcblk0p1'
    c.fstab(f'proc /proc proc defaults 0 0\n{fat} {mount} vfat defaults 0 2\n'
            f'{root} / ext4 defaults,noatime 0 1\n')
    c.put('/etc/rpi-issue', 'Raspberry Pi reference 2023-10-10\nGenerated '
          'using pi-gen, https://github.com/RPi-Distro/pi-gen, x, stage2\n')
    c.package('raspi-config', '20231010', 'all')
    console = 'serial0' if version > 7 else 'ttyAMA0'
    c.boot['cmdline.txt'] = \
        f'console={console},115200 console=tty1 root={root} ' \
        'rootfstype=ext4 elevator=deadline fsck.repair=yes rootwait\n' \
        if version < 11 else \
        f'console=serial0,115200 console=tty1 root={root} rootfstype=ext4 ' \
        'fsck.repair=yes rootwait\n'
    c.boot['config.txt'] = \
        'dtparam=audio=on\ncamera_auto_detect=1\ndisplay_auto_detect=1\n' \
        'dtoverlay=vc4-kms-v3d\nmax_framebuffers=2\ndisable_overscan=1\n' \
        '[cm4]\notg_mode=1\n[all]\n[pi4]\narm_boost=1\n[all]\n' \
        if version >= 11 else 'dtparam=audio=on\n'
    if version >= 12:
        c.boot['config.txt'] += '[cm5]\ndtoverlay=dwc2,dr_mode=host\n'
        c.put('/boot/config.txt', 'DO NOT EDIT THIS FILE\n\nThe file you are '
              'looking for has moved to /boot/firmware/config.txt\n')
        c.put('/boot/cmdline.txt', 'DO NOT EDIT THIS FILE\n')
        c.link('/boot/overlays', 'firmware/overlays')
        c.files['/boot/firmware'] = ('dir',)
    c.boot['kernel7.img'] = b'x'
    for release_ in modules:
        c.files[f'/usr/lib/modules/{release_}'] = ('dir',)
    if not arm64:
        c.put('/etc/ld.so.preload',
              '/usr/lib/arm-linux-gnueabihf/libarmmem-${PLATFORM}.so\n')
    c.link('/etc/systemd/network/99-default.link', '/dev/null')
    if net == 'NetworkManager':
        c.enable('NetworkManager.service')
    elif net == 'dhcpcd':
        c.enable('dhcpcd.service')
        c.put('/etc/dhcpcd.conf', 'hostname\n')
    else:
        c.put('/etc/network/interfaces',
              'auto lo\niface lo inet loopback\niface eth0 inet dhcp\n')
    for unit in ('rpi-eeprom-update.service', 'hciuart.service'):
        c.enable(unit)
    c.link('/etc/rc2.d/S01raspi-config', '../init.d/raspi-config')
    return c


for name_ in RELEASES:
    CARDS[name_] = lambda name_=name_: raspios(name_)


@card
def bookworm_arm64():
    c = raspios('2023-10-bookworm', 'arm64')
    c.boot['config.txt'] = 'arm_64bit=1\n' + c.boot['config.txt']
    return c


@card
def trixie_arm64():
    return raspios('2025-10-trixie', 'arm64')


def fresh(release, words):
    c = raspios(release)
    c.boot['cmdline.txt'] = c.boot['cmdline.txt'].rstrip() + words + '\n'
    c.put('/etc/machine-id', 'uninitialized\n')
    del c.files['/etc/systemd/system/multi-user.target.wants/ssh.service']
    c.enable('regenerate_ssh_host_keys.service')
    c.enable('userconfig.service')
    c.link('/etc/rc3.d/S01resize2fs_once', '../init.d/resize2fs_once')
    return c


@card
def fresh_bullseye():
    return fresh('2021-10-bullseye',
                 ' quiet init=/usr/lib/raspi-config/init_resize.sh')


@card
def fresh_bookworm():
    return fresh('2023-10-bookworm',
                 ' quiet init=/usr/lib/raspberrypi-sys-mods/firstboot')


@card
def fresh_trixie():
    return fresh('2025-10-trixie', ' resize')


@card
def imager_bookworm():
    c = raspios('2023-10-bookworm')
    c.boot['cmdline.txt'] = c.boot['cmdline.txt'].rstrip() + \
        ' cfg80211.ieee80211_regdom=DE systemd.run=/boot/firstrun.sh ' \
        'systemd.run_success_action=reboot ' \
        'systemd.unit=kernel-command-line.target\n'
    c.boot['firstrun.sh'] = '#!/bin/bash\n'
    return c


@card
def imager_trixie():
    c = raspios('2025-10-trixie')
    c.boot['cmdline.txt'] = c.boot['cmdline.txt'].rstrip() + \
        ' ds=nocloud;i=rpi-imager-1759999999999\n'
    c.boot['user-data'] = '#cloud-config\nhostname: x\n'
    c.enable('cloud-init.service')
    return c


@card
def grown():
    """After its first start: another disk id, root up to the card's end."""
    c = raspios('2023-10-bookworm')
    c.disk_id = 0x9d1f2a3b
    for path in ('/etc/fstab',):
        c.files[path] = c.files[path].replace(b'5e3da3da', b'9d1f2a3b')
    c.boot['cmdline.txt'] = c.boot['cmdline.txt'].replace('5e3da3da',
                                                          '9d1f2a3b')
    c.root_size = 65536
    c.sectors = c.boot_start + c.boot_size + c.root_size
    return c


@card
def kernel64():
    """32-bit system with a 64-bit kernel and arm64 as foreign architecture."""
    c = raspios('2023-10-bookworm')
    c.boot['config.txt'] += '[all]\narm_64bit=1\n'
    c.put('/var/lib/dpkg/arch', 'armhf\narm64\n')
    c.package('linux-image-6.6.31+rpt-rpi-v8', '1:6.6.31-1+rpt1', 'arm64')
    c.package('libc6', '2.36-9+rpt2', 'armhf')
    return c


@card
def rpi_update():
    c = raspios('2021-10-bullseye')
    for flavour in ('+', '-v7+', '-v7l+', '-v8+', '-v8_16k+', '-v8-rt+'):
        c.files[f'/usr/lib/modules/6.1.77{flavour}'] = ('dir',)
    c.boot['.firmware_revision'] = 'x\n'
    return c


@card
def debian_armhf():
    c = Card()
    c.fat_label, c.root_label = 'RASPIFIRM', 'RASPIROOT'
    c.ext4 = 'metadata_csum,64bit'
    c.system('debian', 'Debian GNU/Linux', 12, 'bookworm')
    c.fstab('LABEL=RASPIROOT / ext4 rw 0 1\n'
            'LABEL=RASPIFIRM /boot/firmware vfat rw 0 2\n')
    c.files['/boot/firmware'] = ('dir',)
    c.package('linux-image-6.1.0-13-armmp', '6.1.55-1')
    c.package('raspi-firmware', '1.20220830+ds-1', 'all')
    c.files['/usr/lib/modules/6.1.0-13-armmp'] = ('dir',)
    c.put('/etc/raspi-image-id', 'image based on revision: x\n')
    c.put('/etc/hostname', 'rpi_2-20231010\n')
    c.put('/etc/network/interfaces.d/eth0',
          'auto eth0\niface eth0 inet dhcp\n')
    c.boot['cmdline.txt'] = \
        'console=tty0 console=ttyAMA0,115200 root=LABEL=RASPIROOT rw ' \
        'fsck.repair=yes net.ifnames=0 cma=64M rootwait\n'
    c.boot['config.txt'] = 'kernel=vmlinuz-6.1.0-13-armmp\n' \
        'initramfs initrd.img-6.1.0-13-armmp followkernel\n'
    for unit in ('rpi-reconfigure-raspi-firmware.service',
                 'rpi-set-sysconf.service'):
        c.enable(unit)
    return c


@card
def debian_arm64():
    c = debian_armhf()
    del c.files['/usr/lib/ld-linux-armhf.so.3']
    c.packages = []
    c.system('debian', 'Debian GNU/Linux', 12, 'bookworm', 'arm64')
    c.package('linux-image-6.1.0-13-arm64', '6.1.55-1', 'arm64')
    c.package('linux-image-6.1.0-13-cloud-arm64', '6.1.55-1', 'arm64')
    c.files['/usr/lib/modules/6.1.0-13-arm64'] = ('dir',)
    return c


@card
def debian_armel():
    c = debian_armhf()
    del c.files['/usr/lib/ld-linux-armhf.so.3']
    c.packages = []
    c.system('debian', 'Debian GNU/Linux', 12, 'bookworm', 'armel')
    return c


@card
def dietpi():
    c = raspios('2023-10-bookworm')
    del c.files['/etc/rpi-issue']
    c.boot_start, c.boot_size = MIB, 128 * MIB
    c.fat_bits, c.fat_cluster, c.fat_label = 32, 2, ''
    c.root_label, c.ext4 = '', 'metadata_csum,64bit'
    c.active = True
    c.fstab(f'PARTUUID={c.disk_id:08x}-02 / ext4 noatime,lazytime,rw 0 1\n'
            f'PARTUUID={c.disk_id:08x}-01 /boot/firmware vfat '
            'noatime,lazytime,rw 0 2\n'
            'tmpfs /tmp tmpfs size=512M,noatime 0 0\n'
            'tmpfs /var/log tmpfs size=50M,noatime 0 0\n')
    c.boot['cmdline.txt'] = \
        f'root=PARTUUID={c.disk_id:08x}-02 rootfstype=ext4 rootwait ' \
        'net.ifnames=0 logo.nologo console=serial0,115200 console=tty1\n'
    c.boot['config.txt'] = 'hdmi_blanking=1\ngpu_mem_512=16\n' \
        'enable_uart=1\ndtparam=sd_poll_once\ntemp_limit=65\n'
    c.boot['dietpi.txt'] = 'AUTO_SETUP_LOCALE=C.UTF-8\n'
    c.put('/boot/dietpi/.version', 'G_DIETPI_VERSION_CORE=9\n')
    c.put('/boot/dietpi/.hw_model', 'G_HW_MODEL=0\n')
    c.put('/etc/network/interfaces',
          'allow-hotplug eth0\niface eth0 inet dhcp\n')
    del c.files['/etc/systemd/system/multi-user.target.wants/'
                'NetworkManager.service']
    for unit in ('dietpi-preboot', 'dietpi-postboot', 'dietpi-ramlog',
                 'dietpi-fs_partition_resize', 'dropbear'):
        c.enable(unit + '.service')
    del c.files['/etc/systemd/system/multi-user.target.wants/ssh.service']
    return c


@card
def dietpi_old():
    """The FAT on /boot itself, with DietPi's folder in it."""
    c = dietpi()
    del c.files['/boot/dietpi/.version'], c.files['/boot/dietpi/.hw_model']
    del c.files['/boot/config.txt'], c.files['/boot/cmdline.txt']
    del c.files['/boot/overlays'], c.files['/boot/firmware']
    c.boot['dietpi/.version'] = 'G_DIETPI_VERSION_CORE=8\n'
    c.files['/etc/fstab'] = c.files['/etc/fstab'].replace(b'/boot/firmware',
                                                          b'/boot')
    return c


@card
def octopi():
    c = raspios('2022-09-bullseye')
    c.put('/etc/octopi_version', '1.0.0\n')
    c.enable('octoprint.service', '/home/pi/oprint/bin/octoprint')
    c.enable('webcamd.service')
    c.put('/home/pi/.octoprint/config.yaml',
          'serial:\n  port: /dev/ttyACM0\n  additionalPorts:\n'
          '  - /dev/serial/by-id/usb-1a86_USB_Serial-if00-port0\n')
    c.boot['config.txt'] += 'start_x=1\n'
    return c


@card
def mainsailos():
    c = raspios('2023-10-bookworm')
    c.put('/etc/mainsailos-release', 'MainsailOS release 1.3\n')
    c.put('/home/pi/printer_data/config/printer.cfg',
          '[mcu]\nserial: /dev/serial/by-id/usb-Klipper_stm32-if00\n')
    return c


@card
def armbian():
    c = raspios('2023-10-bookworm', 'arm64')
    del c.files['/etc/rpi-issue']
    c.packages = [p for p in c.packages if 'raspi-config' not in p]
    c.fat_label, c.root_label = 'RPICFG', 'armbi_root'
    c.put('/etc/armbian-release', 'BOARD=rpi4b\n')
    return c


@card
def ubuntu_armhf():
    c = Card()
    c.boot_start, c.boot_size = MIB, 256 * MIB
    c.fat_bits, c.fat_cluster = 32, 1
    c.fat_label, c.root_label = 'system-boot', 'writable'
    c.ext4 = 'metadata_csum,64bit'
    c.system('ubuntu', 'Ubuntu', '22.04', 'jammy')
    c.fstab('LABEL=writable / ext4 defaults 0 1\n'
            'LABEL=system-boot /boot/firmware vfat defaults 0 1\n')
    c.files['/boot/firmware'] = ('dir',)
    c.put('/etc/netplan/50-cloud-init.yaml', 'network: {version: 2}\n')
    c.boot['cmdline.txt'] = 'console=serial0,115200 dwc_otg.lpm_enable=0 ' \
        'console=tty1 root=LABEL=writable rootfstype=ext4 rootwait fixrtc\n'
    c.boot['config.txt'] = '[all]\nkernel=vmlinuz\ninitramfs initrd.img ' \
        'followkernel\n[pi4]\nmax_framebuffers=2\n[all]\ninclude ' \
        'syscfg.txt\n'
    c.boot['syscfg.txt'] = 'enable_uart=1\ndtparam=i2c_arm=on,spi=on\n'
    return c


@card
def ubuntu_arm64():
    c = ubuntu_armhf()
    del c.files['/usr/lib/ld-linux-armhf.so.3']
    c.packages = []
    c.system('ubuntu', 'Ubuntu', '24.04', 'noble', 'arm64')
    return c


@card
def ubuntu_core():
    c = Card()
    c.boot = {'cmdline.txt': 'console=tty1 snapd_recovery_mode=run\n'}
    c.files = {'/system-data/x': 'x'}
    c.parts = [
        Part(2048, 8192, 0x0c, c.fat(2048, 8192, 'ubuntu-seed')),
        Part(10240, 8192, 0x0c, c.fat(10240, 8192, 'ubuntu-boot', {})),
        Part(18432, 8192, 0x83, c.root(18432, 8192, 'ubuntu-save',
                                       {'/x': 'x'})),
        Part(26624, 8192, 0x83, c.root(26624, 8192, 'ubuntu-data',
                                       {'/system-data/x': 'x'}))]
    return c


LINUX = '0fc63daf-8483-4772-8e79-3d69d8477de4'
ESP = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b'


def squashfs(start):
    return patch(start * SECTOR, b'hsqs' + bytes(24) + b'\4\0\0\0' +
                 bytes(64))


def erofs(start):
    return patch(start * SECTOR + 1024, b'\xe2\xe1\xf5\xe0' + bytes(124))


def ha_backup(date, name, encrypted):
    """As the supervisor writes them: backup.json is the first member."""
    about = json.dumps({
        'slug': 'a1b2c3d4', 'version': 2, 'name': name,
        'date': date + 'T03:04:05.123456+00:00', 'type': 'full',
        'protected': encrypted, 'compressed': True,
        'homeassistant': {'version': '2025.11.1'}}).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.USTAR_FORMAT) as t:
        for path, content in (('./backup.json', about),
                              ('./homeassistant.tar.gz', bytes(40000))):
            info = tarfile.TarInfo(path)
            info.size = len(content)
            t.addfile(info, io.BytesIO(content))
    return out.getvalue()


def haos_card(hybrid):
    c = Card()
    c.gpt, c.hybrid = True, hybrid
    c.boot = {'cmdline.txt': 'dwc_otg.lpm_enable=0 console=tty0\n',
              'config.txt': 'kernel=u-boot.bin\narm_64bit=1\n[pi4]\n'
                            'dtoverlay=vc4-fkms-v3d\n'}
    data = {'/supervisor/backup/1.tar': ha_backup('2026-03-01', 'Weekly', True),
            '/supervisor/backup/2.tar': ha_backup('2026-11-02', 'Full', False),
            '/supervisor/backup/3.tar': ha_backup('2025-11-03', 'Old', False),
            '/supervisor/backup/no.tar': 'x',
            '/supervisor/backup/notes.txt': 'x',
            '/supervisor/homeassistant/configuration.yaml': 'x'}
    rows = [
        ('hassos-boot', ESP, 'b3dd0952-733c-4c88-8cba-cab9b8b4377f', 8192,
         lambda s, n: c.fat(s, n, 'hassos-boot')),
        ('hassos-kernel0', LINUX, '26700fc6-0000-4000-8000-000000000001',
         4096, lambda s, n: squashfs(s)),
        ('hassos-system0', LINUX, '8d3d53e3-6d49-4c38-8349-aff6859e82fd',
         4096, lambda s, n: erofs(s)),
        ('hassos-overlay', LINUX, 'f1326040-0000-4000-8000-000000000001',
         8192, lambda s, n: c.root(s, n, 'hassos-overlay', {'/etc/x': 'x'})),
        ('hassos-data', LINUX, 'a52a4597-0000-4000-8000-000000000001', 8192,
         lambda s, n: c.root(s, n, 'hassos-data', data)),
    ]
    c.parts, start = [], 2048
    for name, type_, uid, size, make in rows:
        c.parts.append(Part(start, size, type_, make(start, size), uid, name))
        start += size
    return c


@card
def haos():
    return haos_card(False)


@card
def haos_hybrid():
    return haos_card(True)


@card
def haos_mbr():
    c = Card()
    c.disk_id = 0x48617373
    c.boot = {'cmdline.txt': 'console=tty0\n'}
    c.parts = [Part(2048, 8192, 0x0c, c.fat(2048, 8192, 'hassos-boot')),
               Part(10240, 8192, 0x83, c.root(10240, 8192, 'hassos-data',
                                              {'/supervisor/x': 'x'}))]
    return c


def docker(c, arch):
    base = '/var/lib/docker'
    c.put(f'{base}/image/overlay2/imagedb/content/sha256/{HASH}',
          json.dumps({'architecture': arch, 'os': 'linux', 'rootfs': {}}))
    c.put(f'{base}/image/overlay2/repositories.json', json.dumps(
        {'Repositories': {'ghcr.io/x': {'ghcr.io/x:1': f'sha256:{HASH}'}}}))
    for name in ('homeassistant', 'hassio_supervisor'):
        c.put(f'{base}/containers/{name}/config.v2.json', json.dumps(
            {'Name': f'/{name}', 'Image': f'sha256:{HASH}',
             'Config': {'Image': 'ghcr.io/home-assistant/rpi'}}))


@card
def ha_supervised_64():
    c = raspios('2023-10-bookworm')
    c.put('/etc/hassio.json', '{"machine": "raspberrypi4"}\n')
    c.put('/usr/share/hassio/homeassistant/.storage/core.config_entries',
          '{"data":{"entries":[{"domain":"zha","data":{"device":{"path":'
          '"/dev/serial/by-id/usb-ITead_Sonoff_Zigbee-if00"}}}]}}')
    docker(c, 'arm64')
    return c


@card
def ha_container():
    c = raspios('2021-10-bullseye')
    c.put('/home/pi/homeassistant/configuration.yaml', 'x:\n')
    docker(c, 'arm')
    return c


@card
def containerd():
    c = raspios('2023-10-bookworm')
    base = '/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256'
    c.put(f'{base}/{HASH}', json.dumps(
        {'architecture': 'arm64', 'rootfs': {}, 'config': {'Labels': {
            'org.opencontainers.image.title': 'mosquitto'}}}))
    c.put(f'{base}/{"cd" * 32}', json.dumps(
        {'manifests': [{'platform': {'architecture': 'arm64'}}]}))
    return c


@card
def unit_64bit():
    c = raspios('2023-10-bookworm')
    c.enable('prometheus.service', '/opt/prometheus/prometheus --web')
    c.put('/opt/prometheus/prometheus', elf(2, 183))
    return c


def logical_card(systems, extended_row=2, name_of='/dev/mmcblk0p{}'):
    """NOOBS: RECOVERY, SETTINGS, and two logical partitions for each OS."""
    c = raspios('2021-10-bullseye')
    c.fat_bits = 16
    start = 32768
    gap, size = 8192, 16384
    settings = Part(start + gap, size, 0x83,
                    c.root(start + gap, size, 'SETTINGS',
                           {'/installed_os.json': '[]'}))
    logical, at = [settings], start + gap + size + gap
    for i in range(systems):
        boot, root = 6 + 2 * i, 7 + 2 * i
        name = 'Raspbian' if not i else 'Other'
        fat = {'cmdline.txt': 'console=serial0,115200 console=tty1 '
               f'root={name_of.format(root)} rootfstype=ext4 rootwait\n',
               'config.txt': 'dtparam=audio=on\n',
               'os_config.json': json.dumps({'flavour': name})}
        files = dict(c.files)
        files['/var/lib/dpkg/status'] = ''.join(c.packages)
        files['/etc/fstab'] = \
            f'{name_of.format(boot)} /boot vfat defaults 0 2\n' \
            f'{name_of.format(root)} / ext4 defaults,noatime 0 1\n'
        files['/etc/hostname'] = name.lower() + '\n'
        logical.append(Part(at, size, 0x0c, c.fat(at, size, f'boot{i}', fat)))
        at += size + gap
        logical.append(Part(at, size, 0x83, c.root(
            at, size, f'root{i}', files,
            uid=f'11111111-2222-3333-4444-55555555555{i}')))
        at += size + gap
    recovery = Part(8192, 16384, 0x0e, c.fat(
        8192, 16384, 'RECOVERY', {'recovery.cmdline': 'quiet\n',
                                  'recovery.rfs': 'x', 'bootcode.bin': 'x'}))
    outer = Part(start, at - start, 5)
    unused = Part(0, 0, 0)
    c.parts = [recovery] + [unused] * (extended_row - 2) + [outer]
    c.sectors = at + 4096

    def chain(image):
        with open(image, 'r+b') as f:
            extended(f, start, logical)
        for p in logical:
            p.make(image)
    c.after.append(chain)
    return c


@card
def noobs():
    return logical_card(1)


@card
def noobs_two():
    return logical_card(2)


@card
def noobs_p4():
    """An OS wanted the second row: the extended partition is the fourth."""
    return logical_card(1, 4)


@card
def pinn():
    return logical_card(1, name_of='PARTUUID=5e3da3da-0{}')


@card
def pinn_two():
    return logical_card(2, name_of='PARTUUID=5e3da3da-0{}')


@card
def rpi_image_gen():
    c = raspios('2023-10-bookworm')
    c.boot_start = 16384
    c.boot_size, c.fat_bits, c.fat_cluster = 16384, 16, 1
    c.fat_label, c.root_label = 'BOOT', 'ROOT'
    return c


@card
def rpi_image_gen_ab():
    c = Card()
    c.gpt = True
    c.parts = [
        Part(2048, 8192, ESP, c.fat(2048, 8192, 'BOOTCONFIG', {
            'autoboot.txt': '[all]\nboot_partition=2\n'}),
            '00000000-0000-4000-8000-000000000001', 'bootconfig'),
        Part(10240, 8192, LINUX, erofs(10240),
             '00000000-0000-4000-8000-000000000002', 'system_a')]
    return c


@card
def gpt():
    """Pi OS on a GPT, as on large disks."""
    c = raspios('2023-10-bookworm')
    c.gpt = True
    uids = ['0f9c1e2d-0000-4000-8000-00000000000%d' % i for i in (1, 2)]
    c.files['/etc/fstab'] = (
        f'PARTUUID={uids[0]} /boot/firmware vfat defaults 0 2\n'
        f'PARTUUID={uids[1]} / ext4 defaults,noatime 0 1\n').encode()
    c.boot['cmdline.txt'] = f'console=tty1 root=PARTUUID={uids[1]} rootwait\n'
    c.boot_size = 16384
    c.fat_bits, c.fat_cluster = 16, 1
    a, b = c.usual()
    a.type, a.uid, b.type, b.uid = ESP, uids[0], LINUX, uids[1]
    c.parts = [a, b]
    return c


@card
def gpt_hybrid():
    c = gpt()
    c.hybrid = True
    return c


@card
def fixed_addresses():
    c = raspios('2021-10-bullseye')
    c.put('/etc/dhcpcd.conf', 'interface eth0\n'
          'static ip_address=192.168.1.77/24\nstatic routers=192.168.1.1\n'
          'static domain_name_servers=192.168.1.1\n')
    return c


@card
def wifi_only():
    c = raspios('2023-10-bookworm')
    c.put('/etc/NetworkManager/system-connections/preconfigured.nmconnection',
          '[connection]\nid=preconfigured\ntype=wifi\n[wifi]\nssid=x\n')
    return c


WPA = 'country=DE\nnetwork={\n\tssid="x"\n\tpsk="secret"\n}\n'


@card
def wifi_fixed_nm():
    c = raspios('2023-10-bookworm')
    c.put('/etc/NetworkManager/system-connections/preconfigured.nmconnection',
          '[connection]\nid=preconfigured\ntype=wifi\n[wifi]\nssid=x\n'
          '[wifi-security]\npsk=secret\n[ipv4]\nmethod=manual\n'
          'address1=192.168.1.7/24,192.168.1.1\n[ipv6]\nmethod=auto\n')
    return c


@card
def wifi_fixed_dhcpcd():
    c = raspios('2021-10-bullseye')
    c.put('/etc/wpa_supplicant/wpa_supplicant.conf', WPA)
    c.put('/etc/dhcpcd.conf', 'hostname\ninterface wlan0\n'
          'static ip_address=192.168.1.7/24\nstatic routers=192.168.1.1\n')
    return c


def leases(c, folder, wired):
    """Of both; wired is when the cable's was written, as debugfs has it."""
    c.put(f'{folder}/wlan0-home.lease', 'x')
    c.put(f'{folder}/eth0.lease', 'x')
    c.after.append(debugfs((c.boot_start + c.boot_size) * SECTOR,
                           f'sif {folder}/eth0.lease mtime {wired}'))
    return c


@card
def wifi_old_cable():
    """Set up with a cable, on Wi-Fi since."""
    return leases(wifi_fixed_dhcpcd(), '/var/lib/dhcpcd', '20200203040506')


@card
def wifi_and_cable():
    """The Wi-Fi has a fixed address, the cable one by DHCP."""
    return leases(wifi_fixed_dhcpcd(), '/var/lib/dhcpcd', 'now')


IMAGER = 'network:\n  version: 2\n  ethernets:\n    eth0:\n' \
    '      dhcp4: true\n      dhcp6: true\n      optional: true\n' \
    '  wifis:\n    wlan0:\n      dhcp4: true\n' \
    '      regulatory-domain: "DE"\n      optional: true\n' \
    '      access-points:\n        "x": {password: "secret"}\n'


@card
def wifi_imager_dhcp():
    """Imager writes eth0 before each Wi-Fi."""
    c = raspios('2025-10-trixie')
    c.put('/etc/netplan/50-cloud-init.yaml', IMAGER)
    return c


@card
def wifi_imager_trixie():
    """The same, and an address was fixed later."""
    c = wifi_imager_dhcp()
    c.put('/etc/netplan/90-NM-1b4f.yaml', wifi_fixed_netplan().files[
        '/etc/netplan/90-NM-1b4f.yaml'])
    return c


def jessie():
    """Its own interfaces(5): all is left to dhcpcd."""
    c = raspios('2016-05-jessie')
    c.put('/etc/network/interfaces',
          'source-directory /etc/network/interfaces.d\n\nauto lo\n'
          'iface lo inet loopback\n\niface eth0 inet manual\n\n'
          'allow-hotplug wlan0\niface wlan0 inet manual\n'
          '    wpa-conf /etc/wpa_supplicant/wpa_supplicant.conf\n')
    return c


@card
def jessie_fixed():
    c = jessie()
    c.put('/etc/dhcpcd.conf', 'hostname\ninterface eth0\n'
          'static ip_address=192.168.1.77/24\nstatic routers=192.168.1.1\n')
    return c


@card
def jessie_wifi_fixed():
    c = jessie()
    c.put('/etc/wpa_supplicant/wpa_supplicant.conf', WPA)
    c.put('/etc/dhcpcd.conf', 'hostname\ninterface wlan0\n'
          'static ip_address=192.168.1.7/24\nstatic routers=192.168.1.1\n')
    return c


def ifupdown(text):
    c = raspios('2021-10-bullseye')
    del c.files['/etc/systemd/system/multi-user.target.wants/'
                'dhcpcd.service']
    c.enable('networking.service')
    c.put('/etc/network/interfaces', 'source /etc/network/interfaces.d/*\n' +
          text)
    c.files['/etc/network/interfaces.d'] = ('dir',)
    return c


@card
def wifi_fixed_ifupdown():
    return ifupdown(
        'auto lo wlan0\niface lo inet loopback\n'
        'iface wlan0 inet static\n\taddress 192.168.1.7/24\n'
        '\tgateway 192.168.1.1\n\twpa-ssid x\n\twpa-psk secret\n')


@card
def alias_eth0():
    """An alias, a VLAN and a second address come after the card's own."""
    return ifupdown(
        'auto lo eth0 eth0:1 eth0.10\niface lo inet loopback\n'
        'iface eth0 inet static\n\taddress 192.168.1.5/24\n'
        '\tgateway 192.168.1.1\niface eth0 inet static\n'
        '\taddress 172.16.0.5/16\niface eth0:1 inet static\n'
        '\taddress 10.0.0.5/8\niface eth0.10 inet static\n'
        '\taddress 192.168.10.5/24\n\tgateway 192.168.10.1\n')


@card
def router_eth1():
    """What is said of the second card is not said of the first."""
    return ifupdown(
        'auto lo eth0\niface lo inet loopback\niface eth0 inet dhcp\n'
        'auto eth1\niface eth1 inet static\n\taddress 192.168.50.1/24\n')


@card
def can_hat():
    """A CAN bus on the pins, and an adapter by its address; a VLAN is made."""
    return ifupdown(
        'auto lo can0\niface lo inet loopback\niface can0 can static\n'
        '\tbitrate 500000\nallow-hotplug eth0\niface eth0 inet dhcp\n'
        'auto enx00e04c680102\niface enx00e04c680102 inet manual\n'
        'auto eth7\niface eth7 inet static\n\taddress 10.7.0.1/24\n'
        '\tvlan-raw-device eth0\n')


@card
def bridge_ifupdown():
    """The card has no stanza of its own: its bridge has the address."""
    return ifupdown(
        'auto lo\niface lo inet loopback\nauto br0\n'
        'iface br0 inet static\n\taddress 192.168.1.6/24\n'
        '\tgateway 192.168.1.1\n\tbridge_ports eth0\n\tbridge_stp off\n')


@card
def nm_and_interfaces():
    """NetworkManager leaves alone what interfaces(5) names."""
    c = raspios('2023-10-bookworm')
    c.enable('networking.service')
    c.put('/etc/network/interfaces', 'auto lo\niface lo inet loopback\n'
          'auto eth0\niface eth0 inet static\n\taddress 192.168.1.9/24\n'
          '\tgateway 192.168.1.1\n')
    return c


@card
def nm_other_card():
    """The fixed address is the second card's, the first has another's."""
    c = raspios('2023-10-bookworm')
    c.put('/etc/NetworkManager/system-connections/lan.nmconnection',
          '[connection]\nid=lan\ntype=ethernet\ninterface-name=eth1\n'
          '[ipv4]\nmethod=manual\naddress1=192.168.50.1/24\n')
    return c


@card
def nm_and_dhcpcd():
    """Both are enabled, and dhcpcd has the address."""
    c = fixed_addresses()
    c.enable('NetworkManager.service')
    return c


def networkd():
    c = raspios('2021-10-bullseye')
    del c.files['/etc/systemd/system/multi-user.target.wants/dhcpcd.service']
    c.enable('systemd-networkd.service')
    return c


@card
def wifi_fixed_networkd():
    c = networkd()
    c.enable('wpa_supplicant@wlan0.service')
    c.put('/etc/wpa_supplicant/wpa_supplicant-wlan0.conf', WPA)
    c.put('/etc/wpa_supplicant/wpa_supplicant.conf', WPA)
    c.put('/etc/systemd/network/25-wlan.network', '[Match]\nName=wlan0\n'
          '[Network]\nAddress=192.168.1.7/24\nGateway=192.168.1.1\n')
    return c


@card
def wifi_fixed_netplan():
    c = raspios('2025-10-trixie')
    c.put('/etc/netplan/90-NM-1b4f.yaml',
          'network:\n  version: 2\n  wifis:\n    NM-1b4f:\n'
          '      renderer: NetworkManager\n      match: {name: "wlan0"}\n'
          '      addresses: ["192.168.1.7/24"]\n      routes:\n'
          '      - {to: default, via: 192.168.1.1}\n      access-points:\n'
          '        "x": {auth: {key-management: psk, password: secret}}\n')
    return c


@card
def all_rows():
    """Something of each that a conversion changes."""
    c = raspios('2023-10-bookworm')
    for path in ('kernel/postinst.d', 'kernel/postrm.d',
                 'initramfs/post-update.d'):
        c.put(f'/etc/{path}/z50-raspi-firmware', '#!/bin/sh\n')
    c.files['/etc/initramfs-tools/conf.d'] = ('dir',)
    c.files['/etc/udev/rules.d'] = ('dir',)
    c.put('/etc/modules', 'i2c-dev\nsnd-bcm2835\nloop\n')
    c.put('/etc/modules-load.d/pi.conf', 'bcm2835-v4l2\n')
    c.link('/etc/systemd/system/serial-getty@ttyAMA0.service', '/dev/null')
    c.enable('serial-getty@ttyS0.service')
    c.link('/vmlinuz', 'boot/vmlinuz-old')
    c.put('/etc/systemd/network/10-eth0.link', '[Match]\n'
          'MACAddress=b8:27:eb:12:34:56\n[Link]\nName=eth0\n')
    c.put('/etc/network/interfaces', 'auto lo wlan0\niface wlan0 inet dhcp\n')
    c.package('raspberrypi-kernel', '1:1.20230405-1')
    return c


@card
def all_rows_sysv():
    c = raspios('2013-wheezy')
    c.put('/etc/inittab', 'id:2:initdefault:\n'
          '#T0:23:respawn:/sbin/getty -L ttyAMA0 115200 vt100')
    c.put('/etc/modules', 'snd-bcm2835')
    return c


@card
def hats():
    c = raspios('2023-10-bookworm')
    c.boot['config.txt'] = \
        'dtparam=i2c_arm=on,spi=on\ndtparam=audio=off\n' \
        'dtoverlay=w1-gpio,gpiopin=4\ndtoverlay=i2c-rtc,ds3231\n' \
        'dtoverlay=disable-bt\nenable_uart=1\ndtoverlay=uart3\n' \
        'dtoverlay=strange-thing\n#dtoverlay=imx219\n[none]\n' \
        'dtoverlay=imx477\n[cm4]\nstart_x=1\n[all]\ninclude more.txt\n'
    c.boot['more.txt'] = 'dtoverlay=hifiberry-dac\ninclude more.txt\n'
    return c


@card
def serial_devices():
    c = raspios('2023-10-bookworm')
    c.put('/opt/zigbee2mqtt/data/configuration.yaml',
          'serial:\n  port: /dev/ttyUSB0\n')
    c.put('/etc/ser2net.yaml',
          'connection: &con1\n  connector: serialdev,/dev/ttyAMA0,9600n81\n')
    c.put('/home/pi/.node-red/flows.json',
          '[{"serialport":"/dev/serial/by-id/usb-FTDI_x-if00"}]')
    c.put('/home/pi/.local/share/deCONZ/config.ini',
          '[controller]\nport=/dev/ttyACM0\n')
    return c


@card
def desktop():
    """lightdm is enabled by its other name alone."""
    c = raspios('2023-10-bookworm')
    c.put('/usr/lib/systemd/system/lightdm.service',
          '[Service]\nExecStart=/usr/sbin/lightdm\n')
    c.link('/etc/systemd/system/display-manager.service',
           '/lib/systemd/system/lightdm.service')
    return c


def with_rc_local(text):
    """The owner's, and executable."""
    c = raspios('2021-10-bullseye')
    c.put('/etc/rc.local', text + 'cd /home/pi/server\n./run &\nexit 0\n')
    c.after.append(debugfs((c.boot_start + c.boot_size) * SECTOR,
                           'sif /etc/rc.local mode 0100755'))
    return c


@card
def rc_local():
    """As shipped, and lines for the Pi in front of the server."""
    return with_rc_local(
        '#!/bin/sh -e\n#\n# rc.local\n\n_IP=$(hostname -I) || true\n'
        'if [ "$_IP" ]; then\n  printf "My IP address is %s\\n" "$_IP"\nfi\n'
        '/sbin/iw dev wlan0 set power_save off\n'
        'echo none > /sys/class/leds/led0/trigger\n')


@card
def rc_local_safe():
    return with_rc_local(
        '#!/bin/sh -e\n/usr/bin/tvservice -o || true\n'
        '# echo 17 > /sys/class/gpio/export\nset +e\n'
        'echo ds1307 0x68 > /sys/class/i2c-adapter/i2c-1/new_device\n')


@card
def rc_local_goes_on():
    return with_rc_local('#!/bin/sh\ntvservice -o\n')


@card
def nut_usb():
    """A UPS on USB, by NUT, and by apcupsd; serial ones in examples alone."""
    c = raspios('2023-10-bookworm')
    c.put('/etc/nut/ups.conf', '# [apc]\n#   driver = apcsmart\n'
          '#   port = /dev/ttyS0\nmaxretry = 3\n[eaton]\n'
          '\tdriver = "usbhid-ups"\n\tport = auto\n')
    c.put('/etc/apcupsd/apcupsd.conf', '## apcupsd.conf v1.1 ##\n'
          '# DEVICE /dev/ttyS0\nUPSCABLE usb\nUPSTYPE usb\nDEVICE\n')
    c.put('/etc/default/apcupsd', 'ISCONFIGURED=yes\n')
    return c


@card
def ups_of_none():
    """Both are installed, as packages leave them."""
    c = raspios('2023-10-bookworm')
    c.put('/etc/nut/ups.conf', '# [apc]\n#   driver = usbhid-ups\n'
          ' #   port = /dev/ttyS0\nmaxretry = 3\n')
    c.put('/etc/apcupsd/apcupsd.conf', 'UPSCABLE usb\nUPSTYPE usb\nDEVICE\n')
    c.put('/etc/default/apcupsd', '#ISCONFIGURED=yes\nISCONFIGURED=no\n')
    return c


@card
def udev_name():
    """Sticks by names of the owner's; those that nothing uses do not count."""
    c = raspios('2023-10-bookworm')
    c.put('/etc/udev/rules.d/99-com.rules', 'KERNEL=="ttyAMA[01]", '
          'PROGRAM="/bin/sh -c \'x\'", SYMLINK+="serial%c"\n')
    c.put('/etc/udev/rules.d/99-usb.rules',
          '# SUBSYSTEM=="tty", SYMLINK+="old"\n'
          'SUBSYSTEM=="tty", ATTRS{idVendor}=="10c4", SYMLINK+="zigbee"\n'
          'KERNEL=="ttyUSB*", ATTRS{serial}=="A1", \\\n'
          '  SYMLINK+="zwave meters/heat"\n'
          'SUBSYSTEM=="input", SYMLINK+="remote"\n')
    c.put('/opt/zigbee2mqtt/data/configuration.yaml',
          'serial:\n  port: /dev/zigbee\nadvanced:\n  log: /dev/old\n')
    c.put('/etc/vzlogger.conf', '{"device": "/dev/meters/heat"}\n')
    return c


@card
def docker_device():
    c = raspios('2023-10-bookworm')
    docker(c, 'arm')
    c.put(f'/var/lib/docker/containers/{HASH}/hostconfig.json', json.dumps(
        {'Binds': ['/dev/serial/by-id/usb-x-if00:/dev/ttyUSB0'],
         'Devices': [{'PathOnHost': '/dev/ttyACM0',
                      'PathInContainer': '/dev/ttyACM0'}]}))
    return c


@card
def domoticz():
    """A database: its first NUL is no end, and what is beside touches it."""
    c = raspios('2023-10-bookworm')
    db = sqlite3.connect(':memory:')
    db.execute('create table Hardware (Name, Address, Port, SerialPort, User)')
    db.execute('insert into Hardware values (?, ?, ?, ?, ?)',
               ('P1', 'localhost', 1, '/dev/ttyUSB0', 'admin'))
    db.commit()
    c.put('/home/pi/domoticz/domoticz.db', db.serialize())
    return c


@card
def ssh_by_file():
    c = raspios('2023-10-bookworm')
    del c.files['/etc/systemd/system/multi-user.target.wants/ssh.service']
    c.boot['ssh'] = ''
    return c


@card
def overlay_root():
    c = raspios('2023-10-bookworm')
    c.boot['cmdline.txt'] = 'overlayroot=tmpfs ' + c.boot['cmdline.txt']
    return c


@card
def usb_data_disk():
    c = raspios('2023-10-bookworm')
    c.files['/etc/fstab'] += b'UUID=4711-0815 /mnt/data ext4 defaults 0 2\n'
    return c


@card
def mac_known():
    c = raspios('2023-10-bookworm')
    c.put('/var/log/syslog', 'Oct 10 pi kernel: smsc95xx 1-1.1:1.0 eth0: '
          'register, b8:27:eb:12:34:56\n')
    return c


@card
def mac_of_others():
    """eth0 hears of many addresses: senders', those of who asks it for one."""
    c = raspios('2023-10-bookworm')
    c.put('/var/log/syslog', ''.join('Oct 10 10:00:00 pi ' + line + '\n' for line in (
        'kernel: [UFW BLOCK] IN=eth0 OUT= MAC=01:00:5e:00:00:16:dc:a6:32:aa:'
        'bb:cc:08:00 SRC=192.168.1.9 DST=224.0.0.22',
        'kernel: [UFW BLOCK] IN=wlan0 OUT=eth0 MAC=b8:27:eb:01:02:03:00:11:22:'
        '33:44:55:08:00 SRC=192.168.4.9',
        'dnsmasq-dhcp[1]: DHCPACK(eth0) 10.10.0.1 b8:27:eb:3a:e2:c8 pi-foo',
        'dhcpcd[4]: eth0: hardware address dc:a6:32:00:00:01 claims '
        '192.168.1.5')))
    return c


@card
def networkd_mac():
    """The wired card is known by its address alone, the Wi-Fi's too."""
    c = networkd()
    c.put('/etc/systemd/network/05-wlan.network', '[Match]\nType=wlan\n'
          'MACAddress=b8:27:eb:00:00:01\n[Network]\nAddress=10.0.0.1/8\n')
    c.put('/etc/systemd/network/10-lan.network', '[Match]\n'
          'MACAddress=b8:27:eb:12:34:56\n\n[Network]\n'
          'Address=192.168.1.77/24\nGateway=192.168.1.1\n')
    return c


@card
def netplan_mac():
    c = raspios('2025-10-trixie')
    c.put('/etc/netplan/50-cloud-init.yaml',
          'network:\n  version: 2\n  ethernets:\n    eth0:\n'
          '      match: {macaddress: "B8:27:EB:12:34:56"}\n'
          '      set-name: eth0\n      addresses: ["192.168.1.77/24"]\n'
          '      routes:\n      - {to: default, via: 192.168.1.1}\n')
    return c


@card
def end0():
    """Predictable names: the network is configured for end0."""
    c = raspios('2023-10-bookworm')
    del c.files['/etc/systemd/network/99-default.link'], c.files[
        '/etc/systemd/system/multi-user.target.wants/NetworkManager.service']
    c.enable('networking.service')
    c.put('/etc/network/interfaces', 'auto lo end0\niface end0 inet static\n'
          'address 192.168.1.9/24\ngateway 192.168.1.1\n')
    return c


@card
def enx():
    """Named by the Pi's address; eth0 is in comments alone, as shipped."""
    c = raspios('2017-08-stretch')
    c.put('/etc/dhcpcd.conf', 'hostname\n\n# Example static IP configuration:'
          '\n#interface eth0\n#static ip_address=192.168.0.10/24\n\n'
          'interface enxb827eb123456\nstatic ip_address=192.168.1.77/24\n'
          'static routers=192.168.1.1\n')
    return c


@card
def usb_card():
    """A second card, on USB, that has a name by its address."""
    c = fixed_addresses()
    c.put('/etc/systemd/network/10-lan1.link', '[Match]\n'
          'MACAddress=00:e0:4c:68:01:02\n\n[Link]\nName=lan1\n')
    return c


@card
def made_elsewhere():
    """By tools of Debian 13 or Ubuntu 24.04, whose mke2fs has more features."""
    c = raspios('2023-10-bookworm')
    c.boot_size, c.fat_bits, c.fat_cluster = 16384, 16, 1
    c.ext4 = 'metadata_csum,metadata_csum_seed,orphan_file,64bit'
    return c


@card
def trixie_pi5():
    c = raspios('2025-10-trixie')
    c.boot['config.txt'] += '[pi5]\ndtoverlay=nospi10\n'
    return c


@card
def rpi_swap():
    c = raspios('2025-10-trixie')
    c.package('rpi-swap', '1.0', 'all')
    c.package('rpi-loop-utils', '1.0', 'all')
    c.package('systemd-zram-generator', '1.2')
    c.put('/etc/rpi/swap.conf', '[Main]\nMechanism=zram+file\n')
    c.put('/usr/lib/systemd/system-generators/rpi-swap-generator')
    return c


@card
def decoy_links():
    c = raspios('2023-10-bookworm')
    for name in ('config.txt', 'cmdline.txt'):
        c.link('/boot/' + name, 'firmware/' + name)
    return c


@card
def trixie_netplan():
    c = raspios('2025-10-trixie')
    c.put('/etc/netplan/90-NM-0c9d7a2c-6f1e-4b43-9a55-3e6a1cf2a002.yaml',
          'network:\n  version: 2\n  ethernets:\n'
          '    NM-0c9d7a2c-6f1e-4b43-9a55-3e6a1cf2a002:\n'
          '      renderer: NetworkManager\n      match:\n'
          '        name: "eth0"\n      addresses:\n'
          '      - "192.168.1.8/24"\n      routes:\n'
          '      - to: default\n        via: 192.168.1.1\n')
    return c


@card
def haos_squashfs():
    c = haos_card(False)
    slot = c.parts[2]
    slot.make = squashfs(slot.start)
    return c


class Labels:
    """Names by label, in place of a text to be formatted."""
    @staticmethod
    def format(number):
        return f'LABEL={"root" if number % 2 else "boot"}{(number - 6) // 2}'


@card
def noobs_labels():
    return logical_card(1, name_of=Labels)
