"""Power cuts: 200 while members answer and are erased, and at every moment of what operators do."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.drill.cuts import cut_at_random, lost_in
from tests.drill.disk import Act, Death, compiler
from tests.drill.fleet import number, report
from tests.drill.outages import Recording
from tests.storage.places import Place
from tests.storage.test_faults_disk import first_start
from tests.storage.test_faults_power import Backups, Rotation

pytestmark = [pytest.mark.drill, pytest.mark.skipif(compiler() is None, reason="there is no C compiler here")]

CUTS = number("CUTS", 200)
DEATHS = number("DEATHS", 12)


async def test_fault_05_no_power_cut_takes_what_a_member_was_told_is_saved(tmp_path: Path) -> None:
    started = time.monotonic()
    promises, broken = await cut_at_random(tmp_path, members=120, cuts=CUTS)
    report("power", cuts=CUTS, promises=promises, broken=len(broken), seconds=round(time.monotonic() - started))
    assert broken == []


async def test_fault_05_after_a_power_cut_anywhere_in_a_first_start_the_next_one_succeeds(tmp_path: Path) -> None:
    recording = first_start(Place(tmp_path / "bot", None))
    everywhere = reversed(range(len(recording.done) + 1))  # of what looks alike, the last was told the most
    lost = [await lost_in(cut.place, cut.told) for cut in recording.cuts(everywhere)]
    report("power in a first start", cuts=len(lost))
    assert not any(lost)


def deaths(recording: Recording) -> list[Death]:
    """Every operation of a run, as a moment to be killed at."""
    counts = Counter(each.act for each in recording.done)
    return [(act, n) for act, count in counts.items() for n in range(1, count + 1)]


def some_deaths(whole: Recording, seed: int) -> list[Death]:
    return random.Random(seed).sample(deaths(whole), DEATHS)  # noqa: S311 - the same every time


async def test_fault_51_no_power_cut_in_an_exchange_of_the_master_key_takes_a_key(tmp_path: Path) -> None:
    """At every moment; and when an earlier run was killed, whenever something is done to a key file."""
    whole = await Rotation.of(Place(tmp_path / "bot", None))
    everywhere = range(len(whole.recording.done) + 1)
    cuts = len([await whole.starts_after(cut) for cut in whole.recording.cuts(everywhere)])
    for n, death in enumerate(some_deaths(whole.recording, 51)):
        rotation = await Rotation.of(Place(tmp_path / f"bot-{n}", None), death)
        cuts += len([await rotation.starts_after(cut) for cut in rotation.recording.cuts(rotation.on_key_files, n)])
    report("power in an exchange", cuts=cuts, kills=DEATHS)


async def test_no_power_cut_leaves_a_backup_that_is_not_whole(tmp_path: Path) -> None:
    """At every moment; and when an earlier run was killed, whenever something is done to a backup."""
    whole = await Backups.created(Place(tmp_path / "bot", None))
    everywhere = range(len(whole.recording.done) + 1)
    cuts = len([await whole.whole_after(cut) for cut in whole.recording.cuts(everywhere)])
    for n, death in enumerate(some_deaths(whole.recording, 40)):
        backups = await Backups.created(Place(tmp_path / f"bot-{n}", None), death)
        cuts += len([await backups.whole_after(cut) for cut in backups.recording.cuts(backups.on_backups, n)])
    report("power in a backup", cuts=cuts, kills=DEATHS)


async def test_fault_41_no_power_cut_in_a_restore_leaves_a_mix(tmp_path: Path) -> None:
    """At every moment; and when an earlier run was killed, after each change of a name."""
    whole = await Backups.restored(Place(tmp_path / "bot", None))
    everywhere = range(len(whole.recording.done) + 1)
    found = [await whole.restored_after(cut) for cut in whole.recording.cuts(everywhere)]
    for n, death in enumerate(some_deaths(whole.recording, 41)):
        backups = await Backups.restored(Place(tmp_path / f"bot-{n}", None), death)
        moments = backups.recording.after(Act.LINK, Act.RENAME, Act.UNLINK)
        found += [await backups.restored_after(cut) for cut in backups.recording.cuts(moments, n)]
    report("power in a restore", cuts=len(found), kills=DEATHS, restored=found.count(True))
