"""`spoonful backup`: its sentences and exit codes."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import ExitCode
from bot.storage.backups.folder import backups_in
from tests.storage.backing import backed_up, fill
from tests.storage.places import Place
from tests.unit.test_cli import Command, spoonful

__all__ = ["spoonful"]  # a fixture


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "bot", None)
    asyncio.run(fill(place))
    return place


@pytest.fixture
def backup(spoonful: Command, place: Place, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("SPOONFUL_DATA_DIR", str(place.data_dir))
    monkeypatch.setenv("SPOONFUL_MASTER_KEY_FILE", str(place.key_file))
    return spoonful


def folder(place: Place) -> Path:
    return place.data_dir / "backups"


def test_create_list_verify_and_restore(backup: Command, place: Place) -> None:
    made = backup("backup", "create")
    assert (made.code, made.err) == (0, "")
    assert made.out.count("made and verified: ") == 2
    assert "entry 5" in made.out
    listed = backup("backup", "list")
    assert [line.split()[3] for line in listed.out.splitlines()] == ["vault", "database"]
    verified = backup("backup", "verify")
    assert (verified.code, verified.out.count("good: ")) == (0, 2)
    restored = backup("backup", "restore")
    assert restored.code == 0
    assert "5 members, 5 entries" in restored.out
    assert "The keys stayed as they were." in restored.out
    assert str(place.data_dir / "spoonful.db.before-restore-") in restored.out


def test_named_files_are_restored(backup: Command, place: Place) -> None:
    backup("backup", "create")
    names = [str(each.path) for each in backups_in(folder(place))]
    restored = backup("backup", "restore", *names)
    assert restored.code == 0
    assert "The keys are those of " in restored.out
    twice = backup("backup", "restore", names[0], names[0])
    assert (twice.code, twice.out) == (ExitCode.CONFIG, "")


def test_a_bad_one_is_named_and_the_others_are_looked_at_all_the_same(backup: Command, place: Place) -> None:
    backup("backup", "create")
    bad = backups_in(folder(place))[0].path
    bad.write_bytes(bad.read_bytes()[:-1])
    verified = backup("backup", "verify")
    assert verified.code == ExitCode.PROBLEMS_FOUND
    assert f"{bad} is damaged, cut off or changed" in verified.out
    assert verified.out.count("good: ") == 1
    refused = backup("backup", "restore", str(bad))
    assert (refused.code, refused.out) == (ExitCode.DATABASE, "")
    assert refused.err.startswith(f"spoonful: {bad} is damaged")


def test_backups_go_where_the_setting_says(backup: Command, place: Place, tmp_path: Path) -> None:
    backup("backup", "create", backup_dir=str(tmp_path / "other disk"))
    assert len(backups_in(tmp_path / "other disk")) == 2
    assert not folder(place).exists()


def test_prune_removes_what_is_too_old(backup: Command, place: Place) -> None:
    now = datetime.now(UTC)
    for days in (0, 3, 8, 31):
        asyncio.run(backed_up(place, now - timedelta(days=days)))
    pruned = backup("backup", "prune", backup_dir=str(place.folder / "backups"), vault_backup_days="2")
    assert (pruned.code, pruned.err) == (0, "")
    assert pruned.out.splitlines()[-1] == "4 files removed."
    assert len(backups_in(place.folder / "backups")) == 4


def test_the_drill_prints_each_step_and_its_time(backup: Command) -> None:
    drilled = backup("backup", "drill")
    assert (drilled.code, drilled.err) == (0, "")
    *steps, end = drilled.out.splitlines()
    assert len(steps) == 6
    assert all(step.split()[1] == "s" and float(step.split()[0]) >= 0 for step in steps)
    assert end == "The drill went well: what is stored here can be restored."


@pytest.mark.parametrize("command", ["create", "drill", "restore"])
def test_without_any_data_it_is_one_sentence(spoonful: Command, tmp_path: Path, command: str) -> None:
    outcome = spoonful("backup", command, data_dir=str(tmp_path / "nowhere"))
    assert outcome.code in {ExitCode.DATABASE, ExitCode.CONFIG}
    assert (outcome.out, len(outcome.err.splitlines())) == ("", 1)


def test_keeping_longer_than_is_promised_is_refused(spoonful: Command) -> None:
    assert "SPOONFUL_BACKUP_DAYS does not fit" in spoonful.refusal(ExitCode.CONFIG, backup_days="31")
    assert "SPOONFUL_VAULT_BACKUP_DAYS does not fit" in spoonful.refusal(
        ExitCode.CONFIG, backup_days="30", vault_backup_days="8"
    )
