"""Delivery against a real database and a messenger of our own port that answers as told."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import time as wall_time
from datetime import timedelta
from pathlib import Path

import pytest

from bot.catalog.loader import load
from bot.config import ROOT
from bot.domain.checkins import Delivery, PromptStatus
from bot.domain.questionnaires import DEFAULT
from bot.domain.schedules import EVERY_DAY, Schedule
from bot.services.checkins import CheckInService
from bot.services.delivery import LEASE, STALE_AFTER, DeliveryService
from bot.services.ports import Delivered, Outcome, Uncertain, Unreachable
from bot.storage import Storage
from tests.chat.world import FixedClock

DAILY = load(ROOT / "content").questionnaires[DEFAULT]


@dataclass
class ToldMessenger:
    """Answers with what it was told, in turn, then with `Delivered`; remembers what it was given."""

    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    sent: list[Delivery] = field(default_factory=list[Delivery])

    async def send_prompt(self, delivery: Delivery) -> Outcome:
        self.sent.append(delivery)
        return self.outcomes.pop(0) if self.outcomes else Delivered(1000 + len(self.sent))


@dataclass
class Scene:
    """One member, due at 09:00 London time, and the service under test."""

    storage: Storage
    clock: FixedClock
    messenger: ToldMessenger
    delivery: DeliveryService
    checkins: CheckInService

    async def due(self) -> None:
        moment = await self.storage.prompts.next_due()
        assert moment is not None
        self.clock.moment = moment


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    storage = await Storage.open(None, tmp_path, tmp_path / "master.key")
    clock, messenger = FixedClock(), ToldMessenger()
    delivery = DeliveryService(clock, messenger, storage.members, storage.prompts)
    checkins = CheckInService(clock, DAILY, storage.members, storage.plans, storage.prompts, storage.entries)
    await checkins.enroll(1, 11, "Europe/London", Schedule(wall_time(9), EVERY_DAY))
    yield Scene(storage, clock, messenger, delivery, checkins)
    await storage.close()


async def status(scene: Scene, number: int = -1) -> PromptStatus:
    prompt = await scene.storage.prompts.get(scene.messenger.sent[number].prompt.id)
    assert prompt is not None
    return prompt.status


async def test_nothing_is_sent_before_it_is_due(scene: Scene) -> None:
    assert await scene.delivery.deliver_due() == 0


async def test_what_is_due_is_sent_once_to_the_stored_channel(scene: Scene) -> None:
    await scene.due()
    assert await scene.delivery.deliver_due() == 1
    assert await scene.delivery.deliver_due() == 0
    assert scene.messenger.sent[0].channel_id == 11
    stored = await scene.storage.prompts.get(scene.messenger.sent[0].prompt.id)
    assert stored is not None
    assert (stored.status, stored.message_id) == (PromptStatus.SENT, 1001)


async def test_an_uncertain_send_is_repeated_with_the_same_prompt_after_its_lease(scene: Scene) -> None:
    scene.messenger.outcomes.append(Uncertain("TimeoutError"))
    await scene.due()
    await scene.delivery.deliver_due()
    assert await status(scene) is PromptStatus.SENDING
    assert await scene.delivery.deliver_due() == 0
    scene.clock.moment += LEASE + timedelta(seconds=1)
    assert await scene.delivery.deliver_due() == 1
    first, second = scene.messenger.sent
    assert first.prompt.id == second.prompt.id
    assert await status(scene) is PromptStatus.SENT


async def test_an_unreachable_member_is_paused_at_once_and_not_asked_again(scene: Scene) -> None:
    scene.messenger.outcomes.append(Unreachable("50007"))
    await scene.due()
    await scene.delivery.deliver_due()
    assert await status(scene) is PromptStatus.UNDELIVERABLE
    scene.clock.advance(days=2)
    assert await scene.delivery.deliver_due() == 0
    assert await scene.checkins.unreachable(1)


async def test_after_three_days_offline_nothing_stale_is_sent(scene: Scene) -> None:
    await scene.due()
    scene.clock.moment += timedelta(days=3) + STALE_AFTER + timedelta(minutes=1)
    await scene.delivery.deliver_due()
    assert scene.messenger.sent == []
    following = await scene.storage.prompts.next_due()
    assert following is not None
    assert following > scene.clock.now()


async def test_a_little_late_is_still_sent(scene: Scene) -> None:
    await scene.due()
    scene.clock.moment += STALE_AFTER - timedelta(minutes=1)
    assert await scene.delivery.deliver_due() == 1
    assert len(scene.messenger.sent) == 1


async def test_many_members_at_once_are_each_sent_once(scene: Scene) -> None:
    for member in range(2, 252):
        await scene.checkins.enroll(member, member, "Europe/London", Schedule(wall_time(9), EVERY_DAY))
    await scene.due()
    assert await scene.delivery.deliver_due() == 251
    assert len({each.prompt.id for each in scene.messenger.sent}) == len(scene.messenger.sent) == 251


async def test_erased_between_claim_and_mark_is_no_error(scene: Scene) -> None:
    await scene.due()

    class Erasing(ToldMessenger):
        async def send_prompt(self, delivery: Delivery) -> Outcome:
            await scene.checkins.erase(1)
            return await super().send_prompt(delivery)

    delivery = DeliveryService(scene.clock, Erasing(), scene.storage.members, scene.storage.prompts)
    assert await delivery.deliver_due() == 1
    assert await scene.storage.members.get(1) is None
