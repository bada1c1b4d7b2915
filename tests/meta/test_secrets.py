"""No secret is in the repository, nor in a file that Git would take."""

import fnmatch
import re
import subprocess
from pathlib import Path

import pytest

from bot.config import ROOT

SECRETS = {
    "a Discord token": rb"(?<![\w.-])[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w.-])",
    "a Discord webhook": rb"/api/webhooks/\d{17,20}/[\w-]{60,}",
    "a private key": rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY",
    "an age key": rb"AGE-SECRET-KEY-1[0-9A-Z]{50,}",
    "an AWS key": rb"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])",
    "a GitHub token": rb"(?<!\w)(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,})",
    "a PyPI token": rb"(?<!\w)pypi-AgE[\w-]{40,}",
    "a Slack token": rb"(?<!\w)xox[abprs]-[\w-]{20,}",
}
"""What it is, and what it looks like."""

NEVER = [
    ".env", ".env.*", "*.pem", "*.key", "*.p12", "*.db", "*.db-wal", "*.backup", "id_rsa*", "id_ed25519*", "pgpass",
    "token.txt", "discord-token", "tombstones",
]  # fmt: skip
"""Names of files that hold secrets, or what members wrote."""

TO_IGNORE = [
    ".env", "token.txt", "data/master.key", "data/spoonful.db", "data/backups/x.backup", "deploy/secrets/discord-token",
    "dist/sbom.cdx.json", ".venv-tools/bin/python",
]  # fmt: skip
"""What following the instructions leaves in the folder."""

# Put together from parts, so that this file holds none of them either.
PLANTED = {
    "a Discord token": "M" + "TIzNDU2Nzg5MDEyMzQ1Njc4" + ".Gx1y2Z." + "aB3" * 10,
    "a Discord webhook": "https://discord.com/api" + "/webhooks/" + "123456789012345678/" + "aB3_" * 17,
    "a private key": "-----BEGIN " + "OPENSSH PRIVATE KEY-----",
    "an age key": "AGE-SECRET-" + "KEY-1" + "Q3" * 29,
    "an AWS key": "AK" + "IA" + "Z7" * 8,
    "a GitHub token": "gh" + "p_" + "aB3" * 12,
    "a PyPI token": "pypi-" + "AgE" + "IcHlwaS5vcmc" * 5,
    "a Slack token": "xox" + "b-" + "1234567890-" * 3,
}


def files() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def found(content: bytes) -> list[str]:
    """What kinds of secrets are in there."""
    return [what for what, looks in SECRETS.items() if re.search(looks, content)]


def forbidden(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in NEVER)


def test_no_file_holds_a_secret() -> None:
    kept = files()
    assert len(kept) > 100
    assert {path.relative_to(ROOT): kinds for path in kept if (kinds := found(path.read_bytes()))} == {}


def test_no_file_is_of_a_kind_that_holds_secrets() -> None:
    assert [path for path in files() if forbidden(path.name)] == []


@pytest.mark.parametrize("what", SECRETS)
def test_a_planted_one_is_found(what: str, tmp_path: Path) -> None:
    for around in ("{}", "TOKEN={}\n", '"{}"', "<p>{}</p>", "\0\x89PNG\0{} "):
        place = tmp_path / "planted"
        place.write_bytes(around.format(PLANTED[what]).encode())
        assert found(place.read_bytes()) == [what]


@pytest.mark.parametrize("name", [".env", ".env.production", "tls.pem", "master.key", "spoonful.db", "discord-token"])
def test_a_planted_file_is_found(name: str) -> None:
    assert forbidden(name)


@pytest.mark.parametrize("name", TO_IGNORE)
def test_git_ignores_what_the_instructions_leave_behind(name: str) -> None:
    assert subprocess.run(["git", "check-ignore", "--quiet", name], cwd=ROOT, check=False).returncode == 0
