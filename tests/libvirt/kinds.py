# SPDX-License-Identifier: GPL-2.0-or-later
"""The guests that verbs.py drives."""
import os
import re
import subprocess
import xml.sax.saxutils

from host import Failed, files

MIB = 1 << 20


class Small:
    """Of make-guest.sh, up in seconds: Debian's kernel, busybox, a shell."""
    memory = 256
    own_disks = []
    data = 'vda'  # may be written over
    cmdline = 'console=ttyAMA0 quiet'

    def __init__(self, host, folder):
        names = ('vmlinuz', 'initrd.img')
        files(host, *(os.path.join(folder, name) for name in names))
        self.kernel, self.initrd = (os.path.join(host.folder, name)
                                    for name in names)

    @staticmethod
    def is_up(serial, boot):
        return serial.count('guest ready on 2 cpus') >= boot

    @staticmethod
    def log_in(console, _in_order):
        console.prompt()


# Its end is noted, where a boot ends in order.
UNIT_FILE = '/etc/systemd/system/witness.service'
UNIT = r'''[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/bin/cp /proc/sys/kernel/random/boot_id /var/lib/stopped
[Install]
WantedBy=multi-user.target
'''.replace('\n', r'\n')


class Card:
    """A guest that `pimigrate convert` made of a card of tools/make-card.sh:
    Debian with systemd.  Its disk is written to."""
    memory = 512
    data = 'vdb'
    boot = None  # its id

    def __init__(self, host, folder):
        # Where libvirt's user may pass.
        here = os.path.join(host.folder, 'guest')
        os.mkdir(here)
        subprocess.run(['mount', '--bind', folder, here], check=True)
        with open(os.path.join(here, 'guest.yaml'), encoding='utf-8') as f:
            self.yaml = f.read()
        self.kernel, self.initrd = (
            os.path.realpath(os.path.join(here, self.setting(name)))
            for name in ('kernel', 'initrd'))
        self.cmdline = xml.sax.saxutils.escape(self.setting('cmdline'))
        self.own_disks = [(os.path.join(here, self.setting('- file')), 'vda',
                           'virtio')]

    def setting(self, name):
        found = re.search(f'^ *{name}: (.*)$', self.yaml, re.M)
        if not found:
            raise Failed(f'guest.yaml has no {name}')
        return found[1].strip('"')

    @staticmethod
    def is_up(serial, boot):
        boots = serial.split('Linux version ')[1:]
        return len(boots) >= boot and ' login: ' in boots[-1]

    def log_in(self, console, in_order):
        console.prompt(' login: ')
        console.answer('pi', 'Password: ')
        console.answer('raspberry', r'pi@\S*.*\$')
        console.answer("exec sudo env PS1='gue''st# ' sh", 'guest# ')
        # What the kernel and systemd (55: SIGRTMIN + 21) say would come between.
        console.shell('dmesg -n 1; kill -55 1')
        boot = console.shell('cat /proc/sys/kernel/random/boot_id')
        if self.boot is None:
            console.shell(f"printf '{UNIT}' >{UNIT_FILE} && "
                          'systemctl -q enable --now witness && sync')
        elif (self.boot == console.shell('cat /var/lib/stopped || true')) != \
                in_order:
            raise Failed(f'the boot before this one ended '
                         f'{"not " if in_order else ""}in order')
        self.boot = boot


def kind_of(folder):
    return Card if os.path.exists(os.path.join(folder, 'guest.yaml')) else \
        Small
