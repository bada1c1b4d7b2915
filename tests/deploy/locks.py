"""Every lock: what it pins, and whether each pin has hashes. `python -m tests.deploy.locks` checks them."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.deploy import ROOT

RUN_TIME = ROOT / "deploy/requirements.lock"
_PIN = re.compile(r"([A-Za-z0-9._-]+)==([^\s\\;]+)")


def files() -> list[Path]:
    """Whatever Git keeps, or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.lock"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in sorted(listed)]


def pins(lock: str) -> dict[str, set[str]]:
    """The versions of each name; more than one where Python versions differ."""
    found: dict[str, set[str]] = {}
    for name, version in (match.groups() for line in lock.splitlines() if (match := _PIN.match(line))):
        found.setdefault(name, set()).add(version)
    return found


def problems(lock: str) -> list[str]:
    """First lines of the entries that name no version, no SHA-256 hash, or a place to fetch from."""
    bare = [line for line in lock.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    entries = re.split(r"\n(?=\S)", "\n".join(bare))
    return [entry.splitlines()[0] for entry in entries if not _good(entry)]


def _good(entry: str) -> bool:
    hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}(?=\s|$)", entry)
    return bool(_PIN.match(entry)) and bool(hashes) and len(hashes) == entry.count("--hash=") and "://" not in entry


def main() -> int:
    found: Mapping[str, list[str]] = {
        str(path.relative_to(ROOT)): problems(path.read_text("utf-8")) for path in files()
    }
    for name, wrong in found.items():
        count = len(pins((ROOT / name).read_text("utf-8")))
        sys.stdout.write(f"{name}: {count} dependencies, {'all with hashes' if not wrong else f'WITHOUT: {wrong}'}\n")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
