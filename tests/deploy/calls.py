"""The unit's filter of system calls as the kernel takes it, made with the sets that systemd itself names."""

import ctypes
import errno
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterable
from typing import ClassVar

from tests.deploy.unit import Unit

ALLOW = 0x7FFF0000
REFUSE = 0x00050000
EQUAL = 4
FAMILIES = 46
"""Address families that Linux knows."""


class _Comparison(ctypes.Structure):
    _fields_: ClassVar = [
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("mask", ctypes.c_uint64),
    ]


def allowed(unit: Unit) -> set[str]:
    """The names of the calls that the unit lets through."""
    found: set[str] = set()
    for line in unit.settings["SystemCallFilter"]:
        names = _expand(line.removeprefix("~").split())
        found = found - names if line.startswith("~") else found | names
    return found | _expand(["@default"]) | {"execve"}


def _expand(names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for name in names:
        if name.startswith("@"):
            listed = subprocess.run(
                ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True
            )
            lines = [line.strip() for line in listed.stdout.splitlines()[1:]]
            found |= _expand(line for line in lines if line and not line.startswith("#"))
        else:
            found.add(name)
    return found


def program(unit: Unit) -> bytes:
    """The filter: what is not let through gets EPERM, what systemd does not know ENOSYS, other sockets EAFNOSUPPORT.

    `clone3` gets ENOSYS as `RestrictNamespaces=` makes it. The rest of what the unit forbids by calls (namespaces,
    realtime, personality, set-user-id bits) is not in it.
    """
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(REFUSE | errno.ENOSYS)))
    through = allowed(unit)
    for name in sorted(_expand(["@known"]) - {"clone3", "socket"}):
        action = ALLOW if name in through else REFUSE | errno.EPERM
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            _add(library, context, action, number)
    families = {getattr(socket, name).value for name in unit.words("RestrictAddressFamilies")}
    number = library.seccomp_syscall_resolve_name(b"socket")
    for family in range(FAMILIES):
        action = ALLOW if family in families else REFUSE | errno.EAFNOSUPPORT
        _add(library, context, action, number, _Comparison(0, EQUAL, family, 0))
    with tempfile.TemporaryFile() as file:
        if failed := library.seccomp_export_bpf(context, file.fileno()):
            raise OSError(-failed, os.strerror(-failed))
        file.seek(0)
        return file.read()


def _add(library: ctypes.CDLL, context: ctypes.c_void_p, action: int, number: int, *where: _Comparison) -> None:
    compared = (_Comparison * len(where))(*where)
    failed = library.seccomp_rule_add_array(context, ctypes.c_uint32(action), number, len(where), compared)
    if failed:
        raise OSError(-failed, os.strerror(-failed))
