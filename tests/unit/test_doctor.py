"""`spoonful doctor` without Discord: every finding, what to do about it, and that no secret is in any of them."""

import asyncio
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest

from bot import cli
from bot.config import PREFIX, ROOT, load_settings
from bot.doctor import examine, machine, stored
from bot.doctor.findings import Finding, Level, as_data, as_text, ok, problem, warning
from bot.errors import ExitCode
from bot.storage import Storage
from bot.storage.backups.folder import Home, backups_in
from bot.storage.backups.making import create
from bot.storage.checkup import Checkup
from bot.storage.state import ZONES

# Put together from parts so that no scanner, and no person, takes it for a real one.
TOKEN = ".".join(("not-a-real-token-at-all", "doctor", "made-up-for-these-tests"))
MARKER = "a-secret-that-only-the-operator-knows"
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In an empty folder, with nothing set."""
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a database, as a bot that was stopped left it."""
    folder = tmp_path / "data"
    asyncio.run(make(folder))
    return folder


async def make(folder: Path) -> None:
    storage = await Storage.open(None, folder, folder / "master.key")
    await storage.close()


def back_up(folder: Path, at: datetime = NOW) -> None:
    home = Home(None, folder, folder / "master.key", folder / "backups")
    asyncio.run(create(home, at))


def findings(*, now: datetime = NOW, asks_discord: bool = False) -> Sequence[Finding]:
    return asyncio.run(examine(load_settings, asks_discord=asks_discord, now=lambda: now))


def of(name: str, *, now: datetime = NOW) -> list[Finding]:
    """The findings of that name, after a look at everything."""
    return [finding for finding in findings(now=now) if finding.name == name]


def only(name: str, *, now: datetime = NOW) -> Finding:
    [found] = of(name, now=now)
    return found


def levels(found: Sequence[Finding]) -> dict[str, Level]:
    return {finding.name: finding.level for finding in found}


def test_a_new_machine_has_no_problem_and_nothing_is_made(tmp_path: Path) -> None:
    found = findings()
    assert set(levels(found).values()) <= {Level.OK, Level.NOT_CHECKED, Level.WARNING}
    assert levels(found)["token"] is Level.NOT_CHECKED
    assert list(tmp_path.iterdir()) == []


def test_a_bot_that_was_stopped(data: Path) -> None:
    back_up(data)
    before = sorted((path, path.read_bytes()) for path in data.rglob("*") if path.is_file())
    found = findings()
    assert not [each for each in found if each.is_problem]
    assert only("in use").said == "No bot is running on it."
    assert levels(found).keys() >= {"database", "schema", "master key", "time zones", "backups", "disk", "clock"}
    copies = [finding for finding in found if finding.name.endswith(" copy")]
    assert {finding.level for finding in copies} == {Level.OK}
    assert len(copies) == 2
    after = sorted((path, path.read_bytes()) for path in data.rglob("*") if path.is_file() and path.suffix != ".lock")
    assert after == [each for each in before if each[0].suffix != ".lock"]


def test_beside_a_running_bot(data: Path) -> None:
    async def meanwhile() -> Sequence[Finding]:
        storage = await Storage.open(None, data, data / "master.key")
        try:
            return await examine(load_settings)
        finally:
            await storage.close()

    found = asyncio.run(meanwhile())
    assert not [each for each in found if each.is_problem]
    assert "A bot is running on it." in {each.said for each in found}


def test_a_setting_that_does_not_fit_is_the_only_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOONFUL_SEND_RATE", MARKER)
    [found] = findings()
    assert (found.name, found.level) == ("settings", Level.PROBLEM)
    assert MARKER not in found.said


class TestMachine:
    def test_a_clock_from_before_this_program(self) -> None:
        assert only("clock", now=datetime(2025, 12, 31, tzinfo=UTC)).is_problem

    @pytest.mark.parametrize(("free", "level"), [(2_000_000_000, Level.OK), (900_000_000, Level.WARNING)])
    def test_little_room(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: Level) -> None:
        monkeypatch.setattr(machine, "LEAST_FREE", shutil.disk_usage(tmp_path).free + 1_000_000_000 - free)
        assert machine.disk(tmp_path / "not" / "there", None).level is level

    def test_room_for_five_copies(self, tmp_path: Path) -> None:
        size = shutil.disk_usage(tmp_path).free // 4
        assert machine.disk(tmp_path, Checkup("SQLite 3", size, in_use=False)).level is Level.WARNING

    @pytest.mark.parametrize("name", ["data", "data/spoonful.db", "data/vault.db", "data/master.key", "token", ".env"])
    def test_what_others_can_read(self, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        for each in ("token", ".env"):
            (tmp_path / each).touch(mode=0o600)
        (tmp_path / "token").write_text(TOKEN)
        monkeypatch.setenv("SPOONFUL_DISCORD_TOKEN_FILE", str(tmp_path / "token"))
        assert data.exists()
        assert [finding.level for finding in of("files")] == [Level.OK]
        (tmp_path / name).chmod(0o755 if (tmp_path / name).is_dir() else 0o640)
        found = of("files")
        assert [finding.level for finding in found] == [Level.PROBLEM]
        assert Path(found[0].advice.rpartition(" ")[2]).name == Path(name).name

    def test_backups_that_others_can_read(self, data: Path) -> None:
        back_up(data)
        newest = backups_in(data / "backups")[0].path
        newest.chmod(0o644)
        assert newest.name in only("files").said

    def test_a_file_in_the_place_of_the_data_folder(self, tmp_path: Path) -> None:
        (tmp_path / "data").write_text("not a folder")
        (tmp_path / "data").chmod(0o600)
        assert any(finding.is_problem for finding in of("files"))


class TestDatabase:
    def test_one_that_is_damaged(self, data: Path) -> None:
        (data / "spoonful.db").write_bytes(b"this is no database, " * 500)
        found = only("database")
        assert found.is_problem
        assert "spoonful backup restore" in found.advice

    def test_one_of_a_newer_version(self, data: Path) -> None:
        with closing(sqlite3.connect(data / "spoonful.db")) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        assert "newer Spoonful" in only("database").said

    def test_one_that_waits_for_an_upgrade(self, data: Path) -> None:
        with closing(sqlite3.connect(data / "spoonful.db")) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = '0001'")
        found = only("schema")
        assert found.level is Level.WARNING
        assert "spoonful db upgrade" in found.advice

    @pytest.mark.parametrize(
        ("engine", "found"),
        [
            ("SQLite 3.40.1", [Level.WARNING]),
            ("SQLite 3.51.2", [Level.WARNING]),
            ("SQLite 3.51.3", [Level.OK]),
            ("SQLite 3.52.0", [Level.OK]),
            ("PostgreSQL 16.2", []),
        ],
    )
    def test_fault_40_an_sqlite_that_can_damage_a_database_is_named(self, engine: str, found: list[Level]) -> None:
        told = stored._engine(Checkup(engine, 1, in_use=False))  # pyright: ignore[reportPrivateUsage] - one version is here
        assert [each.level for each in told] == found
        assert all(engine.split()[1] in each.said for each in told)

    def test_fault_40_the_version_that_is_here_is_named(self, data: Path) -> None:
        assert data.exists()
        safe = sqlite3.sqlite_version_info >= stored.SAFE_SQLITE
        assert only("sqlite").level is (Level.OK if safe else Level.WARNING)
        assert sqlite3.sqlite_version in only("sqlite").said

    def test_time_zones_of_another_version(self, data: Path) -> None:
        with closing(sqlite3.connect(data / "spoonful.db")) as connection, connection:
            connection.execute("INSERT INTO bot_state VALUES (?, '2019c')", (ZONES,))
        assert only("time zones").level is Level.WARNING
        assert "2019c" in only("time zones").said

    def test_a_server_out_of_reach(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SPOONFUL_DATABASE_URL", f"postgresql://me:{MARKER}@127.0.0.1:9/nothing")
        found = findings()
        assert levels(found)["database"] is Level.PROBLEM
        assert MARKER not in as_text(found)


class TestKey:
    def test_one_that_is_gone(self, data: Path) -> None:
        (data / "master.key").unlink()
        assert only("master key").is_problem

    def test_one_of_another_vault(self, data: Path) -> None:
        (data / "master.key").write_bytes(bytes(32))
        assert "not the key" in only("master key").said

    def test_keys_that_are_gone(self, data: Path) -> None:
        with closing(sqlite3.connect(data / "spoonful.db")) as connection, connection:
            connection.execute("INSERT INTO bot_state VALUES ('anything', 'at all')")
        (data / "vault.db").unlink()
        assert only("master key").is_problem


class TestBackups:
    def test_none(self, data: Path) -> None:
        assert data.exists()
        found = only("backups")
        assert found.level is Level.WARNING
        assert "spoonful backup create" in found.advice

    def test_old_ones(self, data: Path) -> None:
        back_up(data)
        assert only("backups", now=NOW + timedelta(hours=25)).level is Level.OK
        assert only("backups", now=NOW + timedelta(hours=27)).level is Level.WARNING

    def test_one_that_is_damaged(self, data: Path) -> None:
        back_up(data)
        newest = backups_in(data / "backups")[0].path
        newest.write_bytes(newest.read_bytes()[:-20])
        assert [finding.level for finding in findings() if finding.name.endswith(" copy")].count(Level.PROBLEM) == 1

    def test_switched_off(self, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert data.exists()
        monkeypatch.setenv("SPOONFUL_BACKUP_DAYS", "0")
        assert only("backups").level is Level.NOT_CHECKED


class TestToken:
    def test_one_that_has_the_shape(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SPOONFUL_DISCORD_TOKEN", TOKEN)
        assert only("token").level is Level.OK
        assert "--online" in only("discord").advice

    def test_one_that_has_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SPOONFUL_DISCORD_TOKEN", MARKER)
        assert only("token").is_problem
        assert MARKER not in as_text(findings())

    def test_without_one_discord_is_not_asked(self) -> None:
        assert levels(findings(asks_discord=True))["token"] is Level.NOT_CHECKED


def test_a_broken_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = tmp_path / "content"
    shutil.copytree(ROOT / "content", content)
    (content / "cards/yoga.yaml").write_text("id: yoga\n", "utf-8")
    monkeypatch.setenv("SPOONFUL_CONTENT_DIR", str(content))
    assert "yoga.yaml:1" in only("content").said


def test_a_bot_that_should_tell_how_it_is_and_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOONFUL_HEALTH_PORT", "9")
    assert only("running bot").is_problem


def test_the_command_ends_with_what_it_found(
    data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SPOONFUL_DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("SPOONFUL_HEARTBEAT_URL", f"https://example.org/{MARKER}")
    monkeypatch.setattr(cli, "configure", Mock(spec=cli.configure))  # the log of this process is pytest's
    back_up(data)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["spoonful", "doctor", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capfd.readouterr()
        for secret in (TOKEN, MARKER, (data / "master.key").read_bytes().hex()):
            assert secret not in said.out + said.err
        return int(ended.value.code or 0), said.out

    code, text = run()
    assert code == ExitCode.OK, text
    assert " 0 problem" in text.splitlines()[-1]
    code, text = run("--json")
    assert code == ExitCode.OK
    assert json.loads(text)["problems"] == 0
    (data / "master.key").chmod(0o644)
    code, text = run("--json")
    assert code == ExitCode.PROBLEMS_FOUND
    told = json.loads(text)
    assert told["problems"] == len([each for each in told["findings"] if each["level"] == "problem"]) > 0
    assert all(each["advice"] for each in told["findings"] if each["level"] in {"problem", "warning"})


def test_text_and_data() -> None:
    found = [ok("a", "Well."), warning("b", "So " * 60, "Do this."), problem("c", "Bad\x1b[31m red.", "Do that.")]
    text = as_text(found)
    assert max(len(line) for line in text.splitlines()) <= 110
    assert "\x1b" not in text
    assert text.splitlines()[-1] == "1 ok, 1 warning, 1 problem, 0 not checked"
    assert json.loads(as_data(found)) == {
        "problems": 1,
        "findings": [
            {"name": "a", "level": "ok", "said": "Well.", "advice": ""},
            {"name": "b", "level": "warning", "said": "So " * 60, "advice": "Do this."},
            {"name": "c", "level": "problem", "said": "Bad\x1b[31m red.", "advice": "Do that."},
        ],
    }


@pytest.mark.parametrize("url", ["ftp://example.org/x", MARKER, "http:///x", "https://exa mple.org/x"])
def test_a_heartbeat_address_that_does_not_fit_is_not_quoted(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SPOONFUL_HEARTBEAT_URL", url)
    [found] = findings()
    assert "SPOONFUL_HEARTBEAT_URL does not fit" in found.said
    assert url not in found.said
