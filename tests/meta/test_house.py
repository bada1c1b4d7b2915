"""Rules about the repository itself."""

import re
import subprocess
from pathlib import Path

import pytest

from bot.config import PREFIX, ROOT, Settings

TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
]
SOURCES = [path for path in TRACKED if path.suffix == ".py" and path.exists()]


def text(path: Path) -> str:
    return path.read_text("utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{PREFIX}{name.upper()}`" in text(ROOT / "README.md")


def test_every_documented_setting_exists() -> None:
    named = set(re.findall(r"`SPOONFUL_([A-Z_]+)`", text(ROOT / "README.md")))
    assert named == {name.upper() for name in Settings.model_fields}


def test_every_command_is_in_help() -> None:
    from bot.chat.ui.help import HELP

    cogs = "".join(text(path) for path in (ROOT / "bot/chat/cogs").glob("*.py"))
    commands = re.findall(r"app_commands\.command\(\).*?async def (\w+)", cogs, re.DOTALL)
    commands += re.findall(r"app_commands\.command\(name=\"(\w+)\"\)", cogs)
    commands += re.findall(r"treatments\.command\(name=\"(\w+)\"\)", cogs)
    commands += re.findall(r"app_commands\.Command\(\s*name=\"(\w+)\"", cogs)
    assert commands
    for command in commands:
        assert re.search(rf"`/(\w+ )?{command}`", HELP) or command == "help", command


def test_no_test_mocks_without_a_spec() -> None:
    bare = re.compile(r"\b(Magic|Async)?Mock\(\s*\)|sleep\(\s*[1-9]")
    offenders = [path for path in SOURCES if path.is_relative_to(ROOT / "tests") and bare.search(text(path))]
    assert not [path for path in offenders if path != Path(__file__)]


def test_the_lock_names_no_registry_and_pins_by_hash() -> None:
    lock = text(ROOT / "requirements.lock")
    assert "://" not in lock
    pins = re.findall(r"^[A-Za-z0-9._-]+==[^\s\\]+", lock, re.MULTILINE)
    assert len(pins) > 50
    for block in re.split(r"\n(?=[A-Za-z0-9])", lock):
        assert "--hash=sha256:" in block, block.splitlines()[0]


@pytest.mark.parametrize("forbidden", ["utils", "helpers", "core", "common", "managers"])
def test_no_junk_drawers(forbidden: str) -> None:
    assert not [path for path in SOURCES if forbidden in path.with_suffix("").parts]
