"""`python -m tests.deploy.service`: the bot under the rules of deploy/spoonful.service, where systemd does not run.

What systemd would do is done by hand, from the unit itself: the read-only file system, its own /tmp, the state folder,
the credential, the hidden folders and processes, the limits, no capabilities, and the filter of system calls.
"""

import asyncio
import os
import shutil
import struct
import sys
import tempfile
from pathlib import Path

from tests.deploy import ROOT
from tests.deploy.box import UID, Box, interpreter_mounts, missing, shown
from tests.deploy.calls import program
from tests.deploy.trials import Report, attempt, commands, online
from tests.deploy.unit import Unit
from tests.loopback.process import TOKEN

HOME = "/opt/spoonful"
CREDENTIALS = "/run/credentials/spoonful.service"

NOT_SHOWN = {
    "systemd as the first process": "the user that it makes up, its user namespace, the owner of the state folder over "
    "several starts, MemoryMax= and the devices, restarts and their limits, and the ordering at the machine's start",
    "filters beside SystemCallFilter= and RestrictAddressFamilies=": "namespaces, realtime, personality, set-user-id",
}

REFUSED = """
import errno, os, socket
def refused(what, *codes):
    try:
        what()
    except OSError as error:
        assert error.errno in codes, error
    else:
        raise SystemExit(f"{what} of {locals()} is not refused")
for place in ("/etc/x", "/usr/x", "/opt/spoonful/x", "/var/lib/x", "/run/x"):
    refused(lambda: os.open(place, os.O_CREAT | os.O_WRONLY), errno.EROFS, errno.EACCES)
for folder in ("/home", "/root", "/opt/spoonful/tests"):
    refused(lambda: os.listdir(folder), errno.EACCES)
refused(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW), errno.EAFNOSUPPORT)
refused(lambda: os.chroot("/"), errno.EPERM)
refused(lambda: os.sched_setaffinity(0, {0}), errno.EPERM)
assert not os.path.exists("/proc/meminfo") and not os.path.exists("/proc/1/fd/0")
print(os.getuid(), sorted(name for name in os.listdir("/proc") if not name.isdigit()))
"""


def _mounts(unit: Unit, scratch: Path) -> list[str]:
    state = unit.one("StateDirectory")
    given = [word.removeprefix("-") for word in unit.words("InaccessiblePaths")]
    empty = scratch / "nothing"
    hidden = [path.replace(HOME, str(place)) for path in given for place in (HOME, ROOT)]
    closed = [word for path in sorted(set(hidden)) if _there(path) for word in ("--ro-bind", str(empty), path)]
    return [
        *("--ro-bind", "/", "/"),
        *("--perms", "0711", "--tmpfs", "/home", "--perms", "0711", "--tmpfs", "/root"),
        *("--perms", "0755", "--tmpfs", "/opt", "--ro-bind", str(ROOT), HOME),
        *("--ro-bind", str(_installed(scratch)), f"{HOME}/.venv/bin/spoonful"),
        *interpreter_mounts(),
        *shown(ROOT),
        *("--perms", "0755", "--tmpfs", "/var/lib", "--bind", str(scratch / "state"), f"/var/lib/{state}"),
        *("--perms", "0755", "--tmpfs", "/run", "--perms", "0755", "--dir", str(Path(CREDENTIALS).parent)),
        *("--ro-bind", str(scratch / "credentials"), CREDENTIALS),
        *(word for path in ("/run", "/var/lib", "/opt", "/home", "/root") for word in ("--remount-ro", path)),
        *closed,
    ]


def _installed(scratch: Path) -> Path:
    """The command as it is where it was installed under `HOME`: its first line names the interpreter there."""
    script = scratch / "spoonful"
    _, *rest = (ROOT / ".venv/bin/spoonful").read_text("utf-8").splitlines(keepends=True)
    script.write_text("".join([f"#!{HOME}/.venv/bin/python\n", *rest]), "utf-8")
    script.chmod(0o755)
    return script


def _there(path: str) -> bool:
    return Path(path.replace(HOME, str(ROOT))).exists()


def _credential(folder: Path) -> None:
    """As systemd leaves it where the file system has access lists: root's, and the service's user may read it."""
    folder.mkdir()
    token = folder / "token"
    token.write_text(TOKEN + "\n", "utf-8")
    token.chmod(0o400)
    entries = [(1, 4, -1), (2, 4, UID), (4, 0, -1), (16, 4, -1), (32, 0, -1)]  # owner, this user, group, mask, others
    packed = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    os.setxattr(token, "system.posix_acl_access", packed)


def _box(unit: Unit, scratch: Path) -> Box:
    (scratch / "nothing").mkdir(mode=0o000)
    (scratch / "proc").mkdir()
    state = scratch / "state"
    state.mkdir(mode=int(unit.one("StateDirectoryMode"), 8))
    os.chown(state, UID, UID)
    _credential(scratch / "credentials")
    environment = {name: value.replace("%d", CREDENTIALS) for name, value in unit.environment.items()}
    environment |= {"PATH": "/usr/bin:/bin", "CREDENTIALS_DIRECTORY": CREDENTIALS}
    environment["PYTHONPATH"] = HOME  # the environment was made elsewhere, and knows the program by that place
    limits = {"RLIMIT_CORE": int(unit.one("LimitCORE")), "RLIMIT_NPROC": int(unit.one("TasksMax"))}
    proc = str(scratch / "proc")
    hiding = f"mount -t proc -o subset={unit.one('ProcSubset')},hidepid={unit.one('ProtectProc')} proc {proc}"
    alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", f'{hiding}; exec "$@"', "sh"]
    return Box(
        [*_mounts(unit, scratch), "--bind", proc, "/proc"],
        environment,
        unit.one("WorkingDirectory"),
        f"{HOME}/.venv/bin/python",
        limits,
        filter=program(unit),
        prefix=alone,
        own_processes=False,
    )


def main() -> int:
    why = missing() or (None if shutil.which("systemd-analyze") else "systemd-analyze is not installed")
    if why:
        sys.stdout.write(f"service-steps: NOT SHOWN: {why}\n")
        return 0
    unit, report = Unit.read(), Report()
    spoonful, *_ = unit.one("ExecStart").split()
    with tempfile.TemporaryDirectory(prefix="spoonful-service-") as folder:
        Path(folder).chmod(0o755)
        box = _box(unit, Path(folder))
        said = attempt(report, "what the unit forbids is refused", box, box.python, "-c", REFUSED)
        sys.stdout.write(f"                  user and /proc: {said.strip()}\n")
        commands(report, box, spoonful, box.python)
        asyncio.run(online(report, box, spoonful))
    return report.close(NOT_SHOWN)


if __name__ == "__main__":
    sys.exit(main())
