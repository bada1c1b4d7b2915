"""A process without its rights: another user, most of the file system read-only, no capabilities, filtered calls.

Made of bubblewrap and a few lines that run inside, so it needs Linux and root; nobody needs it to run the bot.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

UID = 10001

ENTER = """
import base64, ctypes, json, os, resource, sys

class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

wanted, command = json.loads(sys.argv[1]), sys.argv[2:]
prctl = ctypes.CDLL(None, use_errno=True).prctl
prctl.argtypes = [ctypes.c_int] + [ctypes.c_void_p] * 4
for number in range(64):
    prctl(24, number, 0, 0, 0)  # PR_CAPBSET_DROP
for name, limit in wanted["limits"].items():
    resource.setrlimit(getattr(resource, name), (limit, limit))
os.umask(0o077)
os.setgroups([])
os.setresgid(*[wanted["uid"]] * 3)
os.setresuid(*[wanted["uid"]] * 3)
assert prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
if wanted["filter"]:
    rules = base64.b64decode(wanted["filter"])
    program = Program(len(rules) // 8, ctypes.cast(rules, ctypes.c_void_p))
    assert prctl(22, 2, ctypes.addressof(program), 0, 0) == 0, ctypes.get_errno()  # PR_SET_SECCOMP
os.execvp(command[0], command)
"""
"""Runs inside, in any Python: gives up what is left of root's rights and becomes the command."""


@dataclass(frozen=True)
class Box:
    """What a process sees and may do in there."""

    mounts: Sequence[str]
    """Arguments of bwrap; /dev and /tmp are made on top of them, with what every system has there."""

    environment: Mapping[str, str]
    folder: str
    python: str
    """One that the process can see."""

    limits: Mapping[str, int]
    """Names of the `resource` module to numbers."""

    uid: int = UID
    filter: bytes = b""
    """Berkeley packet filter code, or nothing."""

    prefix: Sequence[str] = ()
    """What starts bwrap."""

    own_processes: bool = True
    """Whether the process is number 1 and sees only its own children."""

    def command(self, *words: str) -> list[str]:
        wanted = {"uid": self.uid, "limits": self.limits, "filter": base64.b64encode(self.filter).decode()}
        processes = ["--unshare-pid", "--as-pid-1", "--proc", "/proc"] if self.own_processes else []
        settings = [word for pair in self.environment.items() for word in ("--setenv", *pair)]
        entering = [self.python, "-I", "-c", ENTER, json.dumps(wanted)]
        isolation = ["--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session", "--clearenv"]
        everybodys = [word for path in ("/dev/shm", "/tmp") for word in ("--perms", "1777", "--tmpfs", path)]  # noqa: S108
        places = [*self.mounts, "--dev", "/dev", *everybodys, *processes, "--chdir", self.folder]
        return [*self.prefix, "bwrap", *isolation, "--cap-add", "ALL", *places, *settings, *entering, *words]

    def run(self, *words: str, within: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*words), capture_output=True, text=True, timeout=within, check=False)


def missing() -> str | None:
    """Why no box can be made here, if so."""
    if sys.platform != "linux":
        return "this is not Linux"
    if os.geteuid() != 0:
        return "it needs root"
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed"
    tried = subprocess.run(
        ["bwrap", "--ro-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "true"], capture_output=True, check=False
    )
    return None if tried.returncode == 0 else "namespaces cannot be made here"


def interpreter_mounts() -> list[str]:
    """The Python that made this environment, where it does not live below /usr."""
    base = Path(sys.base_prefix).resolve()
    return [] if base.is_relative_to("/usr") else shown(base)


def shown(folder: Path) -> list[str]:
    """A folder in its own place, read-only, also where what is above it has been hidden."""
    above = [str(each) for each in (*reversed(folder.parents), folder)][1:]
    return [*(word for each in above for word in ("--perms", "0755", "--dir", each)), "--ro-bind", *[str(folder)] * 2]


def descendants(process: int) -> list[int]:
    """The processes below one, the nearest first."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text("utf-8").rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, look = list[int](), [process]
    while look:
        below = children.get(look.pop(0), [])
        found += below
        look += below
    return found
