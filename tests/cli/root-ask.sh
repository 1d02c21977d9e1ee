#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# --root ask asks on a terminal, until the answer is one of the systems.
. "$(dirname "$0")/functions.sh"
requires mkfs.vfat mcopy mke2fs python3
"$here/../data/make.py" noobs-two card.img || fail "make.py"

python3 - "$PIMIGRATE" >out <<'END' || fail "asking on a terminal"
import os, pty, sys
pid, fd = pty.fork()
if not pid:
    os.execv(sys.argv[1], [sys.argv[1], 'inspect', '--root', 'ask', 'card.img'])
os.write(fd, b'8\n9\n')
text = b''
while True:
    try:
        more = os.read(fd, 65536)
    except OSError:     # the terminal's end
        more = b''
    if not more:
        break
    text += more
print(text.decode().replace('\r', ''))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
says '7 Raspbian GNU/Linux 11 (bullseye) raspbian' '9 Raspbian GNU/Linux 11 (bullseye) other'
[ "$(grep -o 'Which of these' out | wc -l)" = 2 ] || fail "8 is no system, and was taken"
says 'Name other'
