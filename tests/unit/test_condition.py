"""What of everything that is measured means that the bot is not ready, and how often the database is asked."""

import asyncio
import math
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot.catalog.live import LiveContent
from bot.config import ROOT
from bot.domain.condition import CARD_FILES, Backlog, Condition, Hold, State, Stored
from bot.scheduling import Beat, Ticker
from bot.services import condition as module
from bot.services.condition import ConditionService, Troubles
from tests.chat.world import MONDAY_MORNING, FixedClock

NOW = MONDAY_MORNING
STORED = Stored("SQLite", 1_000_000, Backlog(10, 0, None), 0)
WELL = Condition(NOW, NOW, "1.0", 0, 0.05, True, STORED, None, 49, "abcdef01", True, NOW, {})


def late(**by: float) -> Stored:
    return replace(STORED, backlog=Backlog(10, 2, NOW - timedelta(**by)))


def state_of(condition: Condition, name: str) -> State:
    [found] = [signal.state for signal in condition.signals if signal.name == name]
    return found


def test_all_is_well() -> None:
    assert WELL.ready
    assert {signal.state for signal in WELL.signals} == {State.FINE}


@pytest.mark.parametrize(
    ("changes", "name", "state"),
    [
        ({"offline_for": math.inf}, "gateway", State.RED),
        ({"offline_for": 31.0}, "gateway", State.RED),
        ({"offline_for": 29.0}, "gateway", State.STRAINED),
        ({"stored": None}, "database", State.RED),
        ({"writable": False}, "database", State.RED),
        ({"hold": Hold("429", NOW + timedelta(minutes=10))}, "delivery", State.RED),
        ({"hold": Hold("refused", datetime.max.replace(tzinfo=NOW.tzinfo))}, "delivery", State.RED),
        ({"stored": late(seconds=90)}, "lateness", State.FINE),
        ({"stored": late(minutes=6)}, "lateness", State.STRAINED),
        ({"backup": None}, "backup", State.STRAINED),
        ({"backup": NOW - timedelta(hours=27)}, "backup", State.STRAINED),
        ({"backup": NOW - timedelta(hours=25)}, "backup", State.FINE),
        ({"backup": None, "backs_up": False}, "backup", State.FINE),
        ({"failing": {CARD_FILES: 1}}, "content", State.STRAINED),
        ({"failing": {"delivery": 2}}, "beats", State.FINE),
        ({"failing": {"delivery": 3}}, "beats", State.STRAINED),
    ],
)
def test_what_is_not_well(changes: dict[str, object], name: str, state: State) -> None:
    condition = replace(WELL, **changes)
    assert state_of(condition, name) is state
    assert condition.ready == (state is not State.RED)
    assert {signal.name for signal in condition.signals if signal.state is not State.FINE} <= {name}


def test_without_a_gateway_none_is_asked_for() -> None:
    condition = replace(WELL, offline_for=None)
    assert condition.ready
    assert "gateway" not in {signal.name for signal in condition.signals}


async def test_a_beat_that_fails_is_a_trouble_until_it_works_again() -> None:
    troubles, done, seen = Troubles(), asyncio.Event(), list[int]()

    async def work() -> None:
        seen.append(troubles.failing.get("chore", 0))
        if len(seen) < 3:
            raise OSError
        done.set()

    ticker = Ticker([Beat("chore", 0.01, work)], troubles)
    ticker.start()
    async with asyncio.timeout(10):
        await done.wait()
    await ticker.stop(1)
    assert seen[:3] == [0, 1, 2]
    assert troubles.failing == {}


@dataclass
class ToldVitals:
    """Our own port: counts how often it is asked, and hangs when told to."""

    hangs: bool = False
    asked: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def writes(self, now: datetime) -> bool:
        del now
        return True

    async def measured(self, now: datetime) -> Stored | None:
        del now
        self.asked += 1
        if self.hangs:
            await self.go_on.wait()
        return STORED


@dataclass
class Sends:
    hold: Hold | None = None


@dataclass
class Gateway:
    offline_for: float = 0.0
    latency: float = math.nan


@pytest.fixture
def vitals() -> ToldVitals:
    return ToldVitals()


@pytest.fixture
def service(vitals: ToldVitals) -> ConditionService:
    library = LiveContent(ROOT / "content").load()
    return ConditionService(FixedClock(), vitals, lambda: NOW, Sends(), library, Gateway(), "1.0")


async def test_however_many_ask_the_database_is_asked_once(service: ConditionService, vitals: ToldVitals) -> None:
    found = await asyncio.gather(*(service.now() for _ in range(50)))
    assert all(each.ready for each in found)
    assert found[0].latency is None  # NaN
    assert found[0].content == found[-1].content
    assert vitals.asked == 1


async def test_and_again_when_that_is_some_seconds_old(
    service: ConditionService, vitals: ToldVitals, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.now()
    monkeypatch.setattr(module, "KEPT", 0.0)
    await service.now()
    assert vitals.asked == 2


async def test_a_database_that_hangs_is_red_and_is_asked_no_second_time(
    service: ConditionService, vitals: ToldVitals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    monkeypatch.setattr(module, "KEPT", 0.0)
    vitals.hangs = True
    for _ in range(3):
        assert not (await service.now()).ready
    assert vitals.asked == 1
    vitals.go_on.set()
    async with asyncio.timeout(10):
        while not (await service.now()).ready:
            pass
    await service.close()


async def test_a_look_that_goes_on_is_given_up_at_the_end(
    service: ConditionService, vitals: ToldVitals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    vitals.hangs = True
    assert not (await service.now()).ready
    async with asyncio.timeout(5):
        await service.close()
