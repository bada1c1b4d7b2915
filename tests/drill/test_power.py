"""200 power cuts while members answer and are erased."""

import time
from pathlib import Path

import pytest

from tests.drill.cuts import cut_at_random
from tests.drill.disk import compiler
from tests.drill.fleet import number, report

pytestmark = [pytest.mark.drill, pytest.mark.skipif(compiler() is None, reason="there is no C compiler here")]

CUTS = number("CUTS", 200)


async def test_fault_05_no_power_cut_takes_what_a_member_was_told_is_saved(tmp_path: Path) -> None:
    started = time.monotonic()
    promises, broken = await cut_at_random(tmp_path, members=120, cuts=CUTS)
    report("power", cuts=CUTS, promises=promises, broken=len(broken), seconds=round(time.monotonic() - started))
    assert broken == []
