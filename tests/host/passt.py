#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest's network by passt, over -netdev stream.

    passt.py EMULATOR

In namespaces: "host" runs passt and the emulator, "lan" a web server.  The
guest has the host's address and reaches the server, a port of the host leads to
the guest's own; passt ends, and the guest's cable is pulled.  Exits 77 with the reason where something is missing.
"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

from small import LIMIT, Console, Failed, wait_for

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
HOST, LAN = '10.97.6.1', '10.97.6.2'
GATEWAY = '10.97.6.3'  # which passt takes for the host itself


def skip(why):
    print(f'skipped: {why}')
    sys.exit(77)


def ip(words):
    subprocess.run(['ip', *words.split()], check=True)


def start_guest(emulator, folder, network):
    mine, its = socket.socketpair()
    process = subprocess.Popen(
        [emulator, '-M', 'virt', '-cpu', 'cortex-a7', '-m', '128',
         '-nodefaults', '-display', 'none', '-chardev',
         f'socket,id=s,fd={its.fileno()}', '-serial', 'chardev:s', '-kernel',
         str(folder / 'vmlinuz'), '-initrd', str(folder / 'initrd.img'),
         '-append', 'console=ttyAMA0 quiet', '-netdev',
         f'stream,id=n,server=off,addr.type=unix,addr.path={network}',
         '-device', 'virtio-net-device,netdev=n'], pass_fds=[its.fileno()])
    its.close()
    return process, Console(mine)


def forwarded(console, enter):
    """A port, from the host and from the LAN.  Now that the guest has sent
    something: before, passt does not know its address."""
    console.shell('mkdir /web; echo from the guest >/web/word; '
                  'httpd -p 80 -h /web')
    for who, host in (([], '127.0.0.1'), ([], HOST), (enter, HOST)):
        got = subprocess.run(
            [*who, 'curl', '-sS', '--max-time', str(LIMIT),
             f'http://{host}:8080/word'], capture_output=True, text=True,
            check=False)
        if got.stdout != 'from the guest\n':
            raise Failed(f'port 8080 of {host}: {got.stdout}{got.stderr}')


def test(emulator, folder, children, enter):
    network = folder / 'passt.socket'
    passt = subprocess.Popen(
        ['passt', '--foreground', '--socket', str(network), '--log-file',
         str(folder / 'passt.log'), '--tcp-ports', '8080:80'],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    children.append(passt)
    wait_for('passt listens',
             lambda: network.exists() or passt.poll() is not None)
    if passt.poll() is not None:
        skip(f'passt does not run here: {passt.stderr.read().strip()}')
    guest, console = start_guest(emulator, folder, network)
    children.append(guest)
    console.expect('guest ready')
    console.shell(f'ip addr add {HOST}/24 dev eth0; '
                  f'ip route add default via {GATEWAY}')
    got = console.shell(f'wget -q -O - http://{LAN}:8000/word')
    if got != 'from the LAN':
        raise Failed(f'the guest read {got!r}')
    forwarded(console, enter)
    passt.kill()
    passt.wait()
    wait_for('the guest sees that its cable is pulled', lambda: console.shell(
        'cat /sys/class/net/eth0/carrier') == '0')
    if guest.poll() is not None:
        raise Failed('the emulator ended with passt')


def inside(emulator, folder):
    children = [subprocess.Popen(['unshare', '--net', 'sleep', 'infinity'])]
    try:
        own = os.readlink('/proc/self/ns/net')
        lan = children[0].pid
        wait_for('a namespace', lambda: os.readlink(f'/proc/{lan}/ns/net') !=
                 own)
        ip('link set lo up')
        ip(f'link add eth0 type veth peer name eth1 netns {lan}')
        ip(f'address add {HOST}/24 dev eth0')
        ip('link set eth0 up')
        ip(f'route add default via {GATEWAY}')
        enter = ['nsenter', f'--net=/proc/{lan}/ns/net']
        subprocess.run([*enter, 'ip', 'address', 'add', f'{LAN}/24', 'dev',
                        'eth1'], check=True)
        subprocess.run([*enter, 'ip', 'link', 'set', 'eth1', 'up'], check=True)
        web = folder / 'web'
        web.mkdir()
        (web / 'word').write_text('from the LAN')
        children.append(subprocess.Popen(
            [*enter, sys.executable, '-m', 'http.server', '--directory',
             str(web), '8000'], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL))
        test(emulator, folder, children, enter)
    finally:
        for child in children:
            child.kill()
            child.wait()


def main():
    emulator = sys.argv[1]
    if os.environ.get('PRIVATE'):
        inside(emulator, pathlib.Path(os.environ['PRIVATE']))
        return
    if os.geteuid() != 0:
        skip('not root')
    for program in ('passt', 'unshare', 'nsenter', 'ip', 'curl'):
        if not shutil.which(program):
            skip(f'no {program} here')
    with tempfile.TemporaryDirectory(dir='/var/tmp') as name:
        os.chmod(name, 0o777)  # passt becomes nobody
        made = subprocess.run([TOP / 'tests/libvirt/make-guest.sh', name],
                              check=False)
        if made.returncode:
            sys.exit(made.returncode)
        sys.exit(subprocess.run(
            ['unshare', '--net', sys.executable, __file__, emulator],
            env={**os.environ, 'PRIVATE': name}, check=False).returncode)


try:
    main()
except Failed as why:
    print(f'FAILED: {why}', file=sys.stderr)
    sys.exit(1)
