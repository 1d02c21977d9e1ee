#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pimigrate-emu as a process: options that are wrong, going into the
background, descriptors that are handed over, the terminal, the end.

    process.py EMULATOR [TEST]...
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time

import deny_exec
import guests

# Where the address sanitizer keeps what was freed, for a while, memory is not
# what a test can measure.
os.environ['ASAN_OPTIONS'] = ':'.join(
    filter(None, [os.environ.get('ASAN_OPTIONS'), 'quarantine_size_mb=1']))

EMULATOR = ''
SECONDS = 30
QUIET = ['-nodefaults', '-display', 'none']


def check(true, what):
    if not true:
        raise AssertionError(what)


def argv(*more, guest='wait'):
    return [EMULATOR, '-kernel', guests.write(guest, 'kernel'), *more]


def run(*more, guest='wait'):
    return subprocess.run(argv(*more, guest=guest), capture_output=True,
                          text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)


def wait_for(true, what):
    end = time.time() + SECONDS
    while not true():
        check(time.time() < end, what)
        time.sleep(0.01)


def wait_file(path, content):
    def there():
        try:
            with open(path) as f:
                return content in f.read()
        except FileNotFoundError:
            return False
    wait_for(there, f'{path} has not {content!r}')


def alive(pid):
    try:
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False


def test_refusals():
    """One line on standard error, status 1, before anything runs."""
    open('empty', 'w').close()
    with open('cow', 'wb') as f:
        f.write(b'QFI\xfb' + bytes(1020))
    for words, want in [
        (['-m', '9G'], '8G'),
        (['-nographic', '-serail', 'stdio'], "-serial"),
        (['-device', 'virtio-blk-device'], 'drive='),
        (['-device', 'virtio-blk-device,drive=none'], "'none'"),
        (['-device', 'e1000'], "'e1000'"),
        (['-device', 'virtio-net-device,mac=1:2:3'], 'mac='),
        (['-device', 'virtio-net-device,mac=01:00:00:00:00:00'], 'mac='),
        (['-device', 'virtio-rng-device,rng=r'], "'r'"),
        (['-device', 'scsi-hd,drive=d'], 'virtio-scsi-device'),
        (['-device', 'virtio-rng-device,id=a', '-device',
          'virtio-rng-device,id=a'], "'a'"),
        (['-drive', 'file=absent,format=raw'], 'absent'),
        (['-drive', 'file=empty,format=raw'], 'empty'),
        (['-drive', 'file=cow'], 'qcow2'),
        (['-drive', 'file=kernel,format=qcow2'], '"kernel"'),
        (['-drive', 'file=kernel,format=raw,if=ide'], 'if=ide'),
        (['-drive', 'file=kernel,format=raw,fromat=raw'], "'format'"),
        (['-netdev', 'bridge,id=n'], 'type=bridge'),
        (['-netdev', 'user,id=n,hostfwd=22'], 'hostfwd'),
        (['-netdev', 'user,id=n,hotsfwd=tcp::1-:22'], "'hostfwd'"),
        (['-netdev', 'tap,id=n,script=/etc/qemu-ifup'], 'script=no'),
        (['-serial', 'chardev:c'], "'c'"),
        (['-serial', 'tcp::4444'], 'tcp::4444'),
        (['-chardev', 'socket,id=c,path=x'], 'server=on'),
        (['-chardev', 'socket,id=c,fd=999'], '999'),
        (['-chardev', 'null,id=c', '-chardev', 'pty,id=c'], "'c'"),
        (['-serial', 'null', '-serial', 'null', '-serial', 'null'], '2'),
        (['-mon', 'chardev=c,mode=readline'], 'control'),
        (['-qmp', 'unix:/absent/x,server=on,wait=off'], '/absent/x'),
        (['-append', 'x' * 100000], 'command line'),
        (['-initrd', '/absent'], '/absent'),
        (['-pidfile', '/absent/x'], '/absent/x'),
        (['-object', 'rng-egd,id=r'], 'qom-type=rng-egd'),
    ]:
        got = run(*QUIET, *words)
        check(got.returncode == 1, f'{words}: status {got.returncode}')
        lines = got.stderr.splitlines()
        check(len(lines) == 1 and lines[0].startswith('pimigrate-emu: ') and
              want in lines[0], f'{words}: {got.stderr}')
        check(not got.stdout, f'{words}: {got.stdout}')


def test_no_executable_memory():
    """A host that forbids it is named, and the interpreter runs."""
    def forbidden(*more):
        return subprocess.run(
            argv(*more, '-smp', '4', '-nographic', '-net', 'none',
                 guest='off'), capture_output=True, text=True,
            timeout=SECONDS, stdin=subprocess.DEVNULL, check=False,
            preexec_fn=deny_exec.deny)
    if run(*QUIET, '-accel', 'jit', guest='off').returncode:
        return  # nothing to forbid
    got = forbidden()
    check((got.returncode, got.stdout) == (0, 'A'), repr(got))
    check(len(got.stderr.splitlines()) == 1 and 'interpreter' in got.stderr and
          'MemoryDenyWriteExecute' in got.stderr, got.stderr)
    got = forbidden('-accel', 'jit')
    check(got.returncode == 1 and 'translator' in got.stderr and
          'MemoryDenyWriteExecute' in got.stderr, repr(got))
    got = forbidden('-accel', 'interp')
    check((got.returncode, got.stdout, got.stderr) == (0, 'A', ''), repr(got))


def test_slots():
    """33 devices are too many, 32 are not; the text says so."""
    words = ['-device', 'virtio-rng-device'] * 33
    got = run(*QUIET, *words)
    check(got.returncode == 1 and '32' in got.stderr, got.stderr)
    got = run(*QUIET, *words[2:], guest='off')
    check(got.returncode == 0, got.stderr)


def test_pci():
    """PCI devices are taken as their twins, with one line."""
    got = run(*QUIET, '-device', 'virtio-rng-pci', '-device',
              'virtio-scsi-pci-non-transitional', '-device',
              'virtio-net', guest='off')
    check(got.returncode == 0, got.stderr)
    check(len(got.stderr.splitlines()) == 1 and 'virtio-rng-pci' in got.stderr,
          got.stderr)


def test_output():
    """-nographic: the serial line on standard output, whole at the end."""
    got = run('-nographic', '-net', 'none', guest='off')
    check((got.returncode, got.stdout, got.stderr) == (0, 'A', ''), repr(got))
    got = run('-nodefaults', '-nographic', guest='off')
    check((got.returncode, got.stdout) == (0, ''), repr(got))


def test_log():
    """-d writes to -D's file."""
    got = run(*QUIET, '-d', 'in_asm', '-D', 'log', guest='off')
    check(got.returncode == 0, got.stderr)
    with open('log') as f:
        check('40010000' in f.read(), 'no address in the log')


def test_lock():
    """Two emulators do not write one image."""
    with open('disk', 'wb') as f:
        f.truncate(1 << 20)
    words = QUIET + ['-drive', 'file=disk,format=raw', '-serial', 'file:out']
    with subprocess.Popen(argv(*words)) as first:
        wait_file('out', 'A')
        got = run(*words)
        first.terminate()
        check(first.wait(SECONDS) == 0, 'SIGTERM')
    check(got.returncode == 1 and 'disk' in got.stderr, got.stderr)


def test_daemonize():
    """The parent's end means: all is there; the child holds no output, and
    user networking's process neither."""
    words = QUIET + ['-daemonize', '-nic', 'user', '-pidfile', 'pid', '-qmp',
                     'unix:qmp,server=on,wait=off', '-S']
    got = run(*words)  # returns only when nobody holds its pipes
    check(got.returncode == 0 and not got.stderr, got.stderr)
    check(os.path.exists('qmp'), 'no monitor')
    with open('pid') as f:
        pid = int(f.read())
    try:
        for fd in range(3):
            check(os.readlink(f'/proc/{pid}/fd/{fd}') == '/dev/null', fd)
        check(os.getsid(pid) == pid, 'no session of its own')
        again = run(*words[:-3], '-S')
        check(again.returncode == 1, 'the pidfile is held')
        check('pidfile' in again.stderr, again.stderr)
        with open('pid') as f:
            check(int(f.read()) == pid, 'the pidfile was changed')
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not alive(pid), 'it does not end')
    check(not os.path.exists('qmp') and not os.path.exists('pid'),
          'files are left')


def test_daemonize_fails():
    """What goes wrong in the child is said, and is the parent's status."""
    got = run(*QUIET, '-daemonize', '-device', 'nonsense')
    check(got.returncode == 1 and "'nonsense'" in got.stderr, got.stderr)
    got = run('-daemonize', '-nographic')
    check(got.returncode == 1 and '-nographic' in got.stderr, got.stderr)


def talk(sock, line):
    """Send a command; the first answer that is no event."""
    sock.settimeout(SECONDS)
    sock.sendall(line.encode() + b'\r\n')
    buf = b''
    while True:
        got = sock.recv(4096)
        check(got, 'the monitor was closed')
        buf += got
        for text in buf.split(b'\r\n')[:-1]:
            answer = json.loads(text)
            if 'return' in answer or 'error' in answer:
                return answer


def pass_fds(serial, monitor, *more):
    """The supervisor's way: descriptors 3 and 4."""
    def place():
        s, m = os.dup(serial), os.dup(monitor)
        a, b = fcntl.fcntl(s, fcntl.F_DUPFD, 20), \
            fcntl.fcntl(m, fcntl.F_DUPFD, 20)
        os.dup2(a, 3)
        os.dup2(b, 4)
    return subprocess.Popen(
        argv(*QUIET, '-chardev', 'socket,id=monitor0,fd=4', '-mon',
             'chardev=monitor0,mode=control', '-chardev',
             'socket,id=serial0,fd=3', '-serial', 'chardev:serial0', *more),
        preexec_fn=place, close_fds=False)


def test_connected():
    """Sockets that are connected already."""
    serial, theirs = socket.socketpair()
    monitor, their_monitor = socket.socketpair()
    with pass_fds(theirs.fileno(), their_monitor.fileno()) as proc:
        theirs.close()
        their_monitor.close()
        serial.settimeout(SECONDS)
        check(serial.recv(10) == b'A', 'serial line')
        check(talk(monitor, '{"execute":"qmp_capabilities"}') ==
              {'return': {}}, 'negotiation')
        serial.close()  # somebody leaves: the guest goes on
        state = talk(monitor, '{"execute":"query-status"}')
        check(state['return']['running'], state)
        talk(monitor, '{"execute":"quit"}')
        check(proc.wait(SECONDS) == 0, 'status')
    monitor.close()


def test_listening():
    """A monitor that listens already, as libvirt hands it over."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind('mon')
    listener.listen(1)
    serial, theirs = socket.socketpair()
    with pass_fds(theirs.fileno(), listener.fileno()) as proc:
        theirs.close()
        for _ in range(2):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect('mon')
                check(talk(client, '{"execute":"qmp_capabilities"}') ==
                      {'return': {}}, 'negotiation')
        proc.terminate()
        check(proc.wait(SECONDS) == 0, 'status')
    listener.close()
    serial.close()
    check(os.path.exists('mon'), "somebody else's socket was removed")


def fails_listening(name, *more):
    """One that cannot start; its monitor listens already."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        listener.listen(1)
        return subprocess.Popen(
            argv(*QUIET, '-chardev',
                 f'socket,id=m,fd={listener.fileno()},server=on,wait=off',
                 '-mon', 'chardev=m,mode=control', *more),
            pass_fds=[listener.fileno()], stderr=subprocess.PIPE, text=True)


def test_refusal_is_heard():
    """Who is late to connect finds the monitor open, and then closed; the
    reason was said before.  Nobody is waited for without end."""
    with fails_listening('nobody', '-drive', 'file=absent') as alone:
        for i, words in enumerate((['-cpu', 'z80'], ['-device', 'e1000'],
                                   ['-drive', 'file=absent,format=raw'],
                                   ['-initrd', '/absent'])):
            with fails_listening(f'mon{i}', *words) as proc:
                check('pimigrate-emu: ' in proc.stderr.readline(), words)
                time.sleep(0.3)  # for it to end, if it did not wait
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(SECONDS)
                    client.connect(f'mon{i}')
                    check(client.recv(1) == b'', f'{words}: not closed')
                check(proc.wait(SECONDS) == 1, f'{words}: status')
        check(alone.wait(SECONDS) == 1, 'status')


def test_deaf():
    """A client that sends and never reads stops nobody."""
    with subprocess.Popen(argv(*QUIET, '-qmp', 'unix:a,server=on,wait=off',
                               '-qmp', 'unix:b,server=on,wait=off'),
                          stderr=subprocess.DEVNULL) as proc:
        wait_for(lambda: os.path.exists('b'), 'no monitor')
        with socket.socket(socket.AF_UNIX) as deaf, \
                socket.socket(socket.AF_UNIX) as client:
            deaf.connect('a')
            deaf.settimeout(SECONDS)
            deaf.sendall(b'{"execute":"qmp_capabilities"}' +
                         b'{"execute":"query-commands"}' * 3000)
            client.connect('b')
            talk(client, '{"execute":"qmp_capabilities"}')
            state = talk(client, '{"execute":"query-status"}')
            check(state['return']['running'], state)
            buf = b''
            while len(buf) < 1 << 20:  # what it then reads is whole messages
                buf += deaf.recv(65536)
            for text in buf.split(b'\r\n')[:-1]:
                json.loads(text)
            talk(client, '{"execute":"quit"}')
        check(proc.wait(SECONDS) == 0, 'status')


def test_long():
    """A message of more than 1 MiB is refused, the next is served."""
    with subprocess.Popen(argv(*QUIET, '-qmp',
                               'unix:a,server=on,wait=off')) as proc:
        wait_for(lambda: os.path.exists('a'), 'no monitor')
        with socket.socket(socket.AF_UNIX) as client:
            client.connect('a')
            talk(client, '{"execute":"qmp_capabilities"}')
            long = '{"execute":"query-name","id":"%s"}'
            answer = talk(client, long % ('x' * 1000000))
            check(len(answer['id']) == 1000000, 'an id of 1 MB')
            answer = talk(client, long % ('x' * 1100000))
            check('too long' in answer['error']['desc'], answer)
            talk(client, '{"execute":"quit"}')
        check(proc.wait(SECONDS) == 0, 'status')


class Monitor:
    """An emulator with one monitor, and a way to go on using it."""

    def __enter__(self):
        self.proc = subprocess.Popen(
            argv(*QUIET, '-qmp', 'unix:a,server=on,wait=off'),
            stderr=subprocess.DEVNULL)
        wait_for(self.well, 'no monitor')
        self.fds = self.open_fds()
        return self

    def __exit__(self, *_):
        self.proc.kill()
        self.proc.wait()

    def open_fds(self):
        return len(os.listdir(f'/proc/{self.proc.pid}/fd'))

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.connect('a')  # waits while others are before it
        client.settimeout(SECONDS)
        return client

    def well(self):
        """It serves a client as if nothing had been."""
        try:
            with self.connect() as client:
                talk(client, '{"execute":"qmp_capabilities"}')
                return talk(client, '{"execute":"query-status"}')['return']
        except (FileNotFoundError, ConnectionRefusedError):
            return None

    def check(self):
        check(self.well()['running'], 'not running')
        wait_for(lambda: self.open_fds() <= self.fds, 'descriptors are left')


def test_garbage():
    """Clients that send anything at all, and leave in the middle."""
    with Monitor() as monitor:
        for junk in (bytes(range(256)) * 64, b'\0' * 5000, b'[' * 100000,
                     b'{"execute":' * 1000, b'\xff\xfe{}\r\n' * 100,
                     b'{"execute":"qmp_capabilities"}{"execute":"que',
                     b'"' + b'x' * 5000, b''):
            with monitor.connect() as client:
                try:
                    client.sendall(junk)
                except (BrokenPipeError, ConnectionResetError):
                    pass
            monitor.check()


def resident(monitor):
    with open(f'/proc/{monitor.proc.pid}/statm') as f:
        return int(f.read().split()[1]) * 4096


def test_endless():
    """100 MB without the end of a line, and the memory does not grow."""
    with Monitor() as monitor:
        before = resident(monitor)
        with monitor.connect() as client:
            part = b'{"execute":"' + b'x' * (1 << 20)
            client.sendall(part)
            for _ in range(100):
                client.sendall(part[12:])
        monitor.check()
        grown = resident(monitor) - before
        check(grown < 32 << 20, f'{grown >> 20} MiB more')


def test_many():
    """1,000 clients one after another."""
    with Monitor() as monitor:
        for n in range(1000):
            with monitor.connect() as client:
                if n % 3 == 0:
                    talk(client, '{"execute":"qmp_capabilities"}')
                elif n % 3 == 1:
                    client.sendall(b'{"execute"')
        monitor.check()


def closed(end):
    """Has nobody the other end of this pipe any more?"""
    ready, _, _ = select.select([end], [], [], SECONDS)
    return bool(ready) and os.read(end, 1) == b''


def send_with(client, text, *fds):
    socket.send_fds(client, [text.encode()], fds)
    return talk(client, '')


def test_passed_descriptors():
    """getfd keeps one until closefd; what no command takes is closed."""
    with Monitor() as monitor:
        ends = [os.pipe() for _ in range(4)]
        get = '{"execute":"getfd","arguments":{"fdname":"%s"}}'
        with monitor.connect() as client:
            talk(client, '{"execute":"qmp_capabilities"}')
            got = talk(client, get % 'a')
            check('error' in got, got)
            got = send_with(client, get % 'a', ends[0][1])
            check(got['return'] == {}, got)
            got = send_with(client, '{"execute":"nobody"}', ends[1][1])
            check(got['error']['class'] == 'CommandNotFound', got)
            got = send_with(client, get % 'a', ends[2][1], ends[3][1])
            check(got['return'] == {}, got)
            for _, theirs in ends:
                os.close(theirs)
            check(closed(ends[1][0]), 'of a command that failed')
            check(closed(ends[0][0]), 'whose name another got')
            check(closed(ends[3][0]), 'one too many')
            got = talk(client, '{"execute":"closefd","arguments":'
                               '{"fdname":"a"}}')
            check(got['return'] == {}, got)
            check(closed(ends[2][0]), 'after closefd')
            got = talk(client, '{"execute":"closefd","arguments":'
                               '{"fdname":"a"}}')
            check('error' in got, got)
        monitor.check()
        for ours, _ in ends:
            os.close(ours)


def test_fdset():
    """A descriptor as /dev/fdset/N: for a file, and for a line's log."""
    ours, theirs = os.pipe()
    log, log_end = os.pipe()
    words = ['-add-fd', f'set=0,fd={theirs},opaque=x', '-add-fd',
             f'set=1,fd={log_end}', '-chardev',
             'file,id=c,path=/dev/fdset/0,append=on,logfile=/dev/fdset/1,'
             'logappend=on', '-serial', 'chardev:c']
    with subprocess.Popen(argv(*QUIET, *words, guest='off'),
                          pass_fds=(theirs, log_end)) as proc:
        check(proc.wait(SECONDS) == 0, 'status')
    check(os.read(ours, 10) == b'A' and os.read(log, 10) == b'A', 'output')
    for fd in (ours, theirs, log, log_end):
        os.close(fd)
    got = run(*QUIET, '-chardev', 'file,id=c,path=/dev/fdset/7')
    check(got.returncode == 1 and '/dev/fdset/7' in got.stderr, got.stderr)
    got = run(*QUIET, '-chardev', 'pty,id=c,logfile=absent/log', '-serial',
              'chardev:c')
    check(got.returncode == 1 and 'absent/log' in got.stderr, got.stderr)


def test_nodes():
    """-blockdev: one disk is not two devices'; a chain is not -snapshot's."""
    with open('disk', 'wb') as f:
        f.truncate(1 << 20)
    file = ['-blockdev', 'driver=file,filename=disk,node-name=f']
    raw = ['-blockdev', 'driver=raw,file=f,node-name=r']
    blk = ['-device', 'virtio-blk-device,drive=']
    for words, says in (
            (file + raw + [blk[0], blk[1] + 'f'], 'below another node'),
            (file + raw + [blk[0], blk[1] + 'r'] * 2, "another device's"),
            (file + raw + [blk[0], blk[1] + 's'], "id 's'"),
            (raw, "id 'f'"),
            (file + file, 'disk'),
            (file + raw + raw, 'already'),
            (file + raw + ['-snapshot'], '-snapshot'),
            (file + raw + [blk[0], blk[1] + 'r,werror=never'], 'never')):
        got = run(*QUIET, *words)
        check(got.returncode == 1 and says in got.stderr, got.stderr)
    got = run(*QUIET, *file, *raw, blk[0], blk[1] + 'r,werror=stop',
              guest='off')
    check(got.returncode == 0, got.stderr)


def test_waiting_socket():
    """A socket with wait=on (the default): the guest starts with its client,
    and Ctrl-C ends the waiting."""
    words = QUIET + ['-serial', 'unix:line,server=on']
    with subprocess.Popen(argv(*words, guest='off'),
                          stderr=subprocess.DEVNULL) as proc:
        wait_for(lambda: os.path.exists('line'), 'no socket')
        with socket.socket(socket.AF_UNIX) as client:
            client.connect('line')
            client.settimeout(SECONDS)
            check(client.recv(10) == b'A', 'serial line')
        check(proc.wait(SECONDS) == 0, 'status')
    with subprocess.Popen(argv(*words), stderr=subprocess.PIPE) as proc:
        proc.stderr.readline()  # it says that it waits
        proc.send_signal(signal.SIGINT)
        check(proc.wait(SECONDS) == -signal.SIGINT, 'SIGINT')


def on_terminal(how):
    """Run on a terminal until how() ended it; its settings are as before."""
    main, other = pty.openpty()
    before = termios.tcgetattr(other)
    with subprocess.Popen(argv('-nographic', '-nic', 'none'), stdin=other,
                          stdout=other, stderr=other,
                          start_new_session=True) as proc:
        try:
            ready, _, _ = select.select([main], [], [], SECONDS)
            check(ready and os.read(main, 10) == b'A', 'serial line')
            wait_for(lambda: termios.tcgetattr(other) != before, 'not raw')
            how(proc, main)
            status = proc.wait(SECONDS)
        finally:
            proc.kill()
    check(termios.tcgetattr(other) == before, 'the terminal is not as before')
    os.close(main)
    os.close(other)
    return status


def test_terminal():
    """Raw while it runs; restored after Ctrl-A x, signals, a failed start."""
    check(on_terminal(lambda p, tty: os.write(tty, b'\x01x')) == 0, 'Ctrl-A x')
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        check(on_terminal(lambda p, tty: p.send_signal(name)) == 0, name)
    main, other = pty.openpty()
    before = termios.tcgetattr(other)
    subprocess.run(argv('-nographic', '-device', 'nonsense'), stdin=other,
                   stdout=other, stderr=other, timeout=SECONDS, check=False)
    check(termios.tcgetattr(other) == before, 'a failed start')


def test_pty():
    """-serial pty says where it is."""
    with subprocess.Popen(argv(*QUIET, '-serial', 'pty'), text=True,
                          stderr=subprocess.PIPE) as proc:
        line = proc.stderr.readline()
        check(re.search(r'/dev/pts/\d+', line), line)
        proc.terminate()
        check(proc.wait(SECONDS) == 0, 'status')


def test_help():
    """-help and -version end with 0 and need nothing else."""
    for word in ('-help', '--help', '-h', '-version'):
        got = subprocess.run([EMULATOR, word], capture_output=True, text=True,
                             timeout=SECONDS, check=False)
        check(got.returncode == 0 and 'pimigrate-emu' in got.stdout, word)
    got = subprocess.run([EMULATOR, '-cpu', 'help'], capture_output=True,
                         text=True, timeout=SECONDS, check=False)
    check(got.returncode == 0 and 'cortex-a7' in got.stdout, '-cpu help')


def main(emulator, *names):
    global EMULATOR
    EMULATOR = os.path.abspath(emulator)
    failed = 0
    for name, test in list(globals().items()):
        if not name.startswith('test_') or (names and name not in names):
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                test()
                print('ok', name)
            except (AssertionError, OSError, subprocess.SubprocessError) as e:
                failed += 1
                print('not ok', name, e)
            os.chdir('/')
    return bool(failed)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
