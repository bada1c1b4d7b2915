"""Delivery against a real database and a messenger of our own port that answers as told."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from bot.domain.checkins import Delivery, PromptStatus
from bot.domain.members import Member
from bot.domain.plans import CheckIn, Plan, Reminder, Timetable
from bot.domain.schedules import Schedule
from bot.services.delivery import LEASE, STALE_AFTER, DeliveryService
from bot.services.ports import Delivered, Outcome, Uncertain, Unreachable
from bot.storage import Storage
from tests.chat.world import FixedClock


@dataclass
class ToldMessenger:
    """Answers with what it was told, in turn, then with `Delivered`; remembers what it was given."""

    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    sent: list[Delivery] = field(default_factory=list[Delivery])
    plans: list[Plan] = field(default_factory=list[Plan])

    async def send_prompt(self, delivery: Delivery, plan: Plan) -> Outcome:
        self.sent.append(delivery)
        self.plans.append(plan)
        return self.outcomes.pop(0) if self.outcomes else Delivered(1000 + len(self.sent))


@dataclass
class Scene:
    """One member, due at 09:00 London time, and the service under test."""

    storage: Storage
    clock: FixedClock
    messenger: ToldMessenger
    delivery: DeliveryService

    async def due(self) -> None:
        moment = await self.storage.prompts.next_due()
        assert moment is not None
        self.clock.moment = moment

    async def start(self, member_id: int, *plans: Plan) -> None:
        now = self.clock.now()
        member = Member(member_id, "Europe/London", 1, now, member_id + 10)
        await self.storage.plans.save(member, plans or [daily(member_id, now)], now)


def daily(member_id: int, now: datetime) -> Plan:
    return Plan(f"plan-{member_id}", member_id, CheckIn(), Timetable(Schedule.daily(time(9))), now)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    storage = await Storage.open(None, tmp_path, tmp_path / "master.key")
    clock, messenger = FixedClock(), ToldMessenger()
    delivery = DeliveryService(clock, messenger, storage.members, storage.plans, storage.prompts)
    scene = Scene(storage, clock, messenger, delivery)
    await scene.start(1)
    yield scene
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


async def test_each_prompt_is_sent_with_the_plan_it_belongs_to(scene: Scene) -> None:
    now, nine = scene.clock.now(), Timetable(Schedule.daily(time(9)))
    reminder = Plan("reminder", 1, Reminder(text="Stretch"), nine, now)
    await scene.start(1, reminder)
    await scene.due()
    assert await scene.delivery.deliver_due() == 2
    sent = zip(scene.messenger.sent, scene.messenger.plans, strict=True)
    assert {delivery.prompt.plan_id: plan for delivery, plan in sent} == {"plan-1": daily(1, now), "reminder": reminder}


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
    found = scene.clock.now()
    scene.clock.advance(days=2)
    assert await scene.delivery.deliver_due() == 0
    member = await scene.storage.members.get(1)
    assert member is not None
    assert member.unreachable_since == found


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
    for member in range(2, 152):
        await scene.start(member)
    await scene.due()
    assert await scene.delivery.deliver_due() == 151
    assert len({each.prompt.id for each in scene.messenger.sent}) == len(scene.messenger.sent) == 151


async def stop(scene: Scene) -> None:
    await scene.storage.plans.stop("plan-1", scene.clock.now())


async def erase(scene: Scene) -> None:
    await scene.storage.members.erase(1)


@pytest.mark.parametrize("happening", [stop, erase])
async def test_fault_49_a_plan_stopped_or_erased_after_the_claim_means_silence(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, happening: Callable[[Scene], Awaitable[None]]
) -> None:
    claim_due = scene.storage.prompts.claim_due

    async def claim_and_more(now: datetime, lease: datetime, stale: datetime, limit: int) -> Sequence[Delivery]:
        claimed = await claim_due(now, lease, stale, limit)
        await happening(scene)
        return claimed

    monkeypatch.setattr(scene.storage.prompts, "claim_due", claim_and_more)
    await scene.due()
    assert await scene.delivery.deliver_due() == 1
    scene.clock.moment += LEASE + timedelta(seconds=1)
    assert await scene.delivery.deliver_due() == 0
    assert scene.messenger.sent == []
    assert await scene.storage.prompts.next_due() is None


async def test_erased_between_claim_and_mark_is_no_error(scene: Scene) -> None:
    await scene.due()

    class Erasing(ToldMessenger):
        async def send_prompt(self, delivery: Delivery, plan: Plan) -> Outcome:
            await erase(scene)
            return await super().send_prompt(delivery, plan)

    storage = scene.storage
    delivery = DeliveryService(scene.clock, Erasing(), storage.members, storage.plans, storage.prompts)
    assert await delivery.deliver_due() == 1
    assert await scene.storage.members.get(1) is None


async def test_one_that_cannot_be_read_does_not_hold_up_the_others(scene: Scene) -> None:
    await scene.start(2)
    await scene.storage.plans._vault.destroy(1)
    await scene.due()
    assert await scene.delivery.deliver_due() == 2
    assert [delivery.prompt.member_id for delivery in scene.messenger.sent] == [2]
