"""Starts and parts: how often a bot may crash, and what each process does."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.app import Part, Role, Shards
from bot.errors import ExitCode, StartupError
from bot.services.starts import MOST_A_DAY, MOST_AT_ONCE, Starts
from tests.chat.world import FixedClock


@dataclass
class Remembering:
    """The `StateStore` port in memory."""

    kept: dict[str, str] = field(default_factory=dict[str, str])

    async def get(self, name: str) -> str | None:
        return self.kept.get(name)

    async def put(self, name: str, value: str) -> None:
        self.kept[name] = value


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def starts(clock: FixedClock) -> Starts:
    return Starts(clock, Remembering(), "all")


async def test_fault_34_the_sixth_crash_in_ten_minutes_is_the_last(starts: Starts, clock: FixedClock) -> None:
    for _ in range(MOST_AT_ONCE):
        await starts.begin()
        clock.advance(minutes=1)
    with pytest.raises(StartupError, match="in 5 minutes") as refused:
        await starts.begin()
    assert refused.value.code is ExitCode.CRASH_LOOP
    clock.advance(minutes=5)
    await starts.begin()


async def test_fault_34_fifty_crashes_a_day_are_enough(starts: Starts, clock: FixedClock) -> None:
    for _ in range(MOST_A_DAY):
        await starts.begin()
        clock.advance(minutes=15)
    with pytest.raises(StartupError, match="50 times today"):
        await starts.begin()
    clock.advance(hours=12)
    await starts.begin()


async def test_a_start_that_ended_as_it_should_does_not_count(starts: Starts) -> None:
    for _ in range(3 * MOST_AT_ONCE):
        await starts.begin()
        await starts.end()


async def test_a_clock_that_was_put_back_locks_nobody_out(starts: Starts, clock: FixedClock) -> None:
    for _ in range(MOST_AT_ONCE):
        await starts.begin()
    clock.moment -= timedelta(days=400)
    await starts.begin()


async def test_each_part_counts_for_itself(clock: FixedClock) -> None:
    state = Remembering()
    for _ in range(MOST_AT_ONCE):
        await Starts(clock, state, "gateway 0-1/4").begin()
    await Starts(clock, state, "gateway 2-3/4").begin()


@pytest.mark.parametrize(("text", "here", "count"), [("0-3/16", range(4), 16), (" 2/4 ", range(2, 3), 4)])
def test_shards_are_read(text: str, here: range, count: int) -> None:
    assert Shards.parse(text) == Shards(here, count)


@pytest.mark.parametrize("text", ["", "4", "3-1/4", "0-4/4", "a-b/c", "0-3", "-1/4", "0/0"])
def test_shards_that_cannot_be_are_one_sentence(text: str) -> None:
    with pytest.raises(StartupError, match="0-3/16") as refused:
        Shards.parse(text)
    assert refused.value.code is ExitCode.CONFIG


def test_a_part_has_a_name_of_its_own() -> None:
    assert Part().name == "all"
    assert Part(Role.GATEWAY, Shards(range(2, 4), 8)).name == "gateway 2-3/8"
