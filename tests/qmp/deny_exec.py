# SPDX-License-Identifier: GPL-2.0-or-later
"""A host that allows no memory to be both writable and executable, made by a
seccomp filter: what systemd's MemoryDenyWriteExecute= does, on x86-64."""
import ctypes
import platform
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
MMAP, MPROTECT, PKEY_MPROTECT = 9, 10, 329
PROT_WRITE, PROT_EXEC = 2, 4
LD, JEQ, AND, RET = 0x20, 0x15, 0x54, 0x06
ALLOW, EACCES = 0x7fff0000, 0x00050000 | 13
AUDIT_ARCH_X86_64 = 0xc000003e
NR, ARCH, ARG2 = 0, 4, 32  # of struct seccomp_data; the lower half of args[2]

FILTER = [
    (LD, 0, 0, ARCH), (JEQ, 0, 11, AUDIT_ARCH_X86_64),
    (LD, 0, 0, NR), (JEQ, 0, 3, MMAP),
    (LD, 0, 0, ARG2), (AND, 0, 0, PROT_WRITE | PROT_EXEC),
    (JEQ, 5, 6, PROT_WRITE | PROT_EXEC),
    (JEQ, 1, 0, MPROTECT), (JEQ, 0, 4, PKEY_MPROTECT),
    (LD, 0, 0, ARG2), (AND, 0, 0, PROT_EXEC), (JEQ, 0, 1, PROT_EXEC),
    (RET, 0, 0, EACCES),
    (RET, 0, 0, ALLOW),
]


def deny():
    """From now on, for this process and its children; no way back."""
    if platform.machine() != 'x86_64':
        raise OSError('deny_exec.py knows the system calls of x86-64 only')
    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(
        b''.join(struct.pack('HBBI', *row) for row in FILTER))
    program = ctypes.create_string_buffer(
        struct.pack('HxxxxxxQ', len(FILTER), ctypes.addressof(code)))
    if (libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or
            libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program)):
        raise OSError(ctypes.get_errno(), 'cannot set a seccomp filter')
