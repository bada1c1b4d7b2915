"""200 power cuts while members answer and are erased."""

import itertools
import random
import time
from pathlib import Path

import pytest

from tests.drill.cuts import MOODS, Told, cut_at_random, lay_out, lost_in, recorded
from tests.drill.disk import compiler, power_cut
from tests.drill.fleet import number, report

pytestmark = [pytest.mark.drill, pytest.mark.skipif(compiler() is None, reason="there is no C compiler here")]

CUTS = number("CUTS", 200)


async def test_fault_05_no_power_cut_takes_what_a_member_was_told_is_saved(tmp_path: Path) -> None:
    started = time.monotonic()
    promises, broken = await cut_at_random(tmp_path, members=120, cuts=CUTS)
    report("power", cuts=CUTS, promises=promises, broken=len(broken), seconds=round(time.monotonic() - started))
    assert broken == []


async def test_fault_05_after_a_power_cut_anywhere_in_the_first_start_the_next_start_succeeds(tmp_path: Path) -> None:
    started, done = time.monotonic(), recorded(tmp_path, members=1)
    moments = range(0, len(done), max(1, len(done) * len(MOODS) // CUTS))
    broken = list[str]()
    for moment, mood in itertools.product(moments, MOODS):
        told, files = Told.by(done[:moment]), power_cut(done[:moment], random.Random(moment), mood)  # noqa: S311
        place = lay_out(files, tmp_path / "written", tmp_path / f"{moment}-{mood}")
        broken += [f"{mood} at {moment}: {each}" for each in await lost_in(place, told)]
    report("first start", cuts=len(moments) * len(MOODS), broken=len(broken), seconds=round(time.monotonic() - started))
    assert broken == []
