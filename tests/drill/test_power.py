"""Power cuts: 200 while members answer and are erased, and at every moment of what operators do."""

import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from tests.drill.cuts import cut_at_random, lost_in
from tests.drill.disk import Death, compiler
from tests.drill.fleet import number, report
from tests.drill.outages import Cut, Recording
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


class Recorded(Protocol):
    @property
    def recording(self) -> Recording: ...


T = TypeVar("T", bound=Recorded)
Found = TypeVar("Found")


def some_deaths(recording: Recording, seed: int) -> list[Death]:
    """Operations of a run, as moments to be killed at."""
    counts = Counter(each.act for each in recording.done)
    deaths = [(act, n) for act, count in counts.items() for n in range(1, count + 1)]
    return random.Random(seed).sample(deaths, DEATHS)  # noqa: S311 - the same every time


async def cut_everywhere(
    make: Callable[..., Awaitable[T]],
    look: Callable[[T, Cut], Awaitable[Found]],
    delicate: Callable[[T], Iterable[int]],
    folder: Path,
    seed: int,
) -> list[Found]:
    """What is found after a cut at every moment; and, when an earlier run was killed, at the delicate ones."""
    whole = await make(Place(folder / "bot", None))
    everywhere = range(len(whole.recording.done) + 1)
    found = [await look(whole, cut) for cut in whole.recording.cuts(everywhere)]
    for n, death in enumerate(some_deaths(whole.recording, seed)):
        again = await make(Place(folder / f"bot-{n}", None), death)
        found += [await look(again, cut) for cut in again.recording.cuts(delicate(again), n)]
    return found


async def test_fault_51_no_power_cut_in_an_exchange_of_the_master_key_takes_a_key(tmp_path: Path) -> None:
    found = await cut_everywhere(Rotation.of, Rotation.starts_after, lambda each: each.on_key_files, tmp_path, 51)
    report("power in an exchange", cuts=len(found), kills=DEATHS)


async def test_no_power_cut_leaves_a_backup_that_is_not_whole(tmp_path: Path) -> None:
    found = await cut_everywhere(Backups.created, Backups.whole_after, lambda each: each.on_backups, tmp_path, 40)
    report("power in a backup", cuts=len(found), kills=DEATHS)


async def test_fault_41_no_power_cut_in_a_restore_leaves_a_mix(tmp_path: Path) -> None:
    found = await cut_everywhere(Backups.restored, Backups.restored_after, lambda each: each.on_names, tmp_path, 41)
    report("power in a restore", cuts=len(found), kills=DEATHS, restored=found.count(True))
