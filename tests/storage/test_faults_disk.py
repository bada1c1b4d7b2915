"""Disks that lose power, fill up, fail, or are found damaged: below real SQLite in a process of its own."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import ROOT
from bot.errors import ExitCode, StartupError
from tests.drill.cuts import MOODS, Told, cut_at_random, lay_out, lost_in, recorded
from tests.drill.disk import Act, Death, Mood, Operation, compiler, environment, library, power_cut
from tests.drill.outages import Recording, Run
from tests.storage.examples import entry, sent_prompt
from tests.storage.places import Place

needs_compiler = pytest.mark.skipif(compiler() is None, reason="there is no C compiler here")


@needs_compiler
async def test_fault_05_a_power_cut_takes_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    promises, broken = await cut_at_random(tmp_path, members=24, cuts=12)
    assert promises > 80
    assert broken == []


def first_start(place: Place, *deaths: Death) -> Recording:
    """With one member; killed so often, and then run to its end."""
    place.folder.mkdir()
    return Recording.of(place, *(Run("tests.drill.writer", (place.folder, "1"), dies) for dies in (*deaths, None)))


@needs_compiler
async def test_fault_05_after_a_power_cut_in_a_first_start_the_next_one_succeeds(tmp_path: Path) -> None:
    """Where it is most delicate: while the master key is made, and while the databases have no write-ahead log yet."""
    recording = first_start(Place(tmp_path / "bot", None))
    named = {each.path for each in recording.done if "/keys/" in each.path or each.path.endswith("-journal")}
    cuts = [await lost_in(cut.place, cut.told) for cut in recording.cuts(recording.around(*map(Path, named)))]
    assert len(cuts) > 12
    assert not any(cuts)


@needs_compiler
async def test_fault_05_a_power_cut_after_a_start_that_was_killed_takes_no_master_key(tmp_path: Path) -> None:
    """The next start finds the key that the first one did not come to make certain."""
    recording = first_start(Place(tmp_path / "bot", None), (Act.LINK, 1))
    moments = recording.around(recording.place.key_file.parent, recording.place.folder / "acks")
    for cut in recording.cuts(reversed(moments)):  # of what looks alike, the last was told the most
        assert not await lost_in(cut.place, cut.told)


@pytest.mark.parametrize("synced", ["", "/from", "/to"])
@pytest.mark.parametrize("mood", MOODS)
def test_after_a_power_cut_a_renamed_file_has_one_name(mood: Mood, synced: str) -> None:
    """So that what relies on it says something about the bot and not about this disk."""
    done = [Operation(Act.CREATE, "/from/new", 0, b""), Operation(Act.RENAME, "/from/new", 0, b"/to/old")]
    before = {"/to/old": b"old"}
    found = power_cut([*done, Operation(Act.SYNC, synced, 0, b"")], random.Random(1), mood, before)  # noqa: S311
    renamed = bool(synced) or mood in {"only names", "all there"}
    assert found.get("/to/old") == (b"" if renamed else b"old")
    assert not (renamed and "/from/new" in found)


@needs_compiler
async def test_fault_05_on_a_disk_that_only_says_it_synced_the_same_look_finds_losses(tmp_path: Path) -> None:
    """So that the test above is known to see a loss."""
    done = recorded(tmp_path, members=8)
    lying = [each for each in done if each.act is not Act.SYNC or not each.path.endswith("db-wal")]
    last_ack = max(n for n, each in enumerate(lying) if each.path.endswith("/acks"))
    files = power_cut(lying[: last_ack + 1], random.Random(1), "all gone")  # noqa: S311 - the same every time
    place = lay_out(files, tmp_path / "written", tmp_path / "cut")
    assert await lost_in(place, Told.by(lying[: last_ack + 1]))


def refusals(place: Place, tmp_path: Path) -> list[list[str]]:
    """What a process was told that saved entries on a disk that failed now and then, as `writer` notes it."""
    place.folder.mkdir()
    command = [sys.executable, "-m", "tests.drill.writer", str(place.folder), "9", str(tmp_path / "fails")]
    surroundings = environment(library(tmp_path), place.data_dir, fails=tmp_path / "fails")
    subprocess.run(command, cwd=ROOT, check=True, timeout=60, env=surroundings)
    return [line.split() for line in (place.folder / "acks").read_text().splitlines()]


@needs_compiler
async def test_fault_38_full_failing_and_read_only_disks_save_nothing_half_and_recover(tmp_path: Path) -> None:
    place = Place(tmp_path / "bot", None)
    said = refusals(place, tmp_path)
    assert [int(each[1]) for each in said if each[0] == "refused"] == [3, 6, 9]
    standing = {each[2] for each in said if each[0] == "entry" and each[1] != "7"}
    assert standing >= {each[2] for each in said if each[0] == "refused"}  # saved when the disk was well again
    assert {row[0] for row in await place.sql("SELECT prompt_id FROM entry")} == standing
    assert {row[0] for row in await place.sql("SELECT id FROM prompt WHERE status = 'answered'")} == standing
    assert await place.sql("PRAGMA integrity_check") == [("ok",)]


async def closed_with_an_entry_in_the_log(place: Place) -> tuple[str, bytes]:
    """A bot that died with its last entry in the write-ahead log; the entry's prompt, and the log."""
    storage = await place.open()
    first = entry(await sent_prompt(storage, 1))
    await storage.entries.record(first)
    await storage.close()
    storage = await place.open()
    second = entry(await sent_prompt(storage, 2))
    await storage.entries.record(second)
    for name in ("spoonful.db", "spoonful.db-wal"):
        shutil.copy(place.data_dir / name, place.folder / name)
    await storage.close()
    for name in ("spoonful.db", "spoonful.db-wal"):
        (place.folder / name).replace(place.data_dir / name)
    return second.prompt_id, (place.data_dir / "spoonful.db-wal").read_bytes()


async def entries_of(place: Place) -> dict[str, bool]:
    """Prompts with an entry, and whether it opens."""
    storage = await place.open()
    found = {row[0]: await storage.entries.of_prompt(row[0]) for row in await place.sql("SELECT prompt_id FROM entry")}
    await storage.close()
    return {name: each is not None for name, each in found.items()}


async def test_fault_39_a_whole_log_is_taken_over_and_of_a_damaged_one_its_sound_beginning(
    sqlite_place: Place,
) -> None:
    last, log = await closed_with_an_entry_in_the_log(sqlite_place)
    copy = sqlite_place.file.read_bytes()
    assert (await entries_of(sqlite_place)).keys() >= {last}
    sqlite_place.file.write_bytes(copy)
    (sqlite_place.data_dir / "spoonful.db-wal").write_bytes(log[: len(log) // 3] + b"\xa5" * (len(log) * 2 // 3))
    found = await entries_of(sqlite_place)
    assert len(found) == 1
    assert last not in found
    assert await sqlite_place.sql("PRAGMA integrity_check") == [("ok",)]


async def test_fault_39_without_its_log_the_database_is_as_it_was_before(sqlite_place: Place) -> None:
    last, _ = await closed_with_an_entry_in_the_log(sqlite_place)
    (sqlite_place.data_dir / "spoonful.db-wal").unlink()
    found = await entries_of(sqlite_place)
    assert len(found) == 1
    assert last not in found


async def test_fault_38_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(StartupError, match="cannot be written") as caught:
        await Place(tmp_path, None).open()
    assert caught.value.code is ExitCode.DATABASE
