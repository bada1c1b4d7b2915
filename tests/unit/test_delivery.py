"""Delivery against a real database and a messenger of our own port that answers as told."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.domain.checkins import Delivery, PromptStatus
from bot.domain.members import Member
from bot.domain.plans import CheckIn, Plan, Reminder, Timetable
from bot.domain.schedules import Schedule
from bot.services.delivery import LEASE, STALE_AFTER, WORKERS, DeliveryService
from bot.services.pace import Pace
from bot.services.ports import Delivered, Held, Outcome, TokenRefused, Uncertain, Unreachable
from bot.storage import Storage
from tests.chat.world import FixedClock
from tests.ready import open_ready


@dataclass
class ToldMessenger:
    """Answers with what it was told, in turn, then with `Delivered`; remembers what it was given."""

    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    found: list[Outcome | None] = field(default_factory=list[Outcome | None])
    looked_for: list[Delivery] = field(default_factory=list[Delivery])
    sent: list[Delivery] = field(default_factory=list[Delivery])
    plans: list[Plan] = field(default_factory=list[Plan])

    async def look_for(self, delivery: Delivery) -> Outcome | None:
        self.looked_for.append(delivery)
        return self.found.pop(0) if self.found else None

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
    storage = await open_ready(tmp_path)
    clock, messenger = FixedClock(), ToldMessenger()
    delivery = DeliveryService(clock, messenger, Pace(10_000), storage.members, storage.plans, storage.prompts)
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
    assert [delivery.prompt.id for delivery in scene.messenger.looked_for] == [first.prompt.id]
    assert await status(scene) is PromptStatus.SENT


async def uncertain_then(scene: Scene, later: timedelta, found: Outcome | None = None) -> None:
    """A first attempt without an answer, and a second one when its lease has run out."""
    scene.messenger.outcomes.append(Uncertain("TimeoutError"))
    scene.messenger.found.append(found)
    await scene.due()
    await scene.delivery.deliver_due()
    scene.clock.moment += later
    await scene.delivery.deliver_due()


async def test_fault_02_what_is_found_in_the_channel_is_not_sent_again(scene: Scene) -> None:
    await uncertain_then(scene, LEASE, Delivered(77))
    assert len(scene.messenger.sent) == 1
    stored = await scene.storage.prompts.get(scene.messenger.sent[0].prompt.id)
    assert stored is not None
    assert (stored.status, stored.message_id) == (PromptStatus.SENT, 77)


@pytest.mark.parametrize(("found", "status"), [(Delivered(77), "sent"), (None, "missed"), (Uncertain("?"), "sending")])
async def test_too_late_to_send_again_it_is_only_looked_for(scene: Scene, found: Outcome | None, status: str) -> None:
    await uncertain_then(scene, STALE_AFTER + timedelta(minutes=1), found)
    assert len(scene.messenger.sent) == 1
    stored = await scene.storage.prompts.get(scene.messenger.sent[0].prompt.id)
    assert stored is not None
    assert stored.status == status


async def test_fault_13_sends_are_held_back_as_long_as_discord_wants(scene: Scene) -> None:
    for member in range(2, 31):
        await scene.start(member)
    scene.messenger.outcomes.append(Held(600, "429"))
    await scene.due()
    await scene.delivery.deliver_due()
    in_flight = len(scene.messenger.sent)
    assert in_flight <= WORKERS
    scene.clock.moment += timedelta(seconds=599)
    assert await scene.delivery.deliver_due() == 0
    scene.clock.moment += timedelta(seconds=2)
    assert await scene.delivery.deliver_due() > 0
    assert len({delivery.prompt.id for delivery in scene.messenger.sent}) == 30


async def test_fault_10_one_server_error_after_another_makes_pauses_that_grow(scene: Scene) -> None:
    await scene.due()
    tried: list[int] = []
    for second in range(0, 1200, 10):
        if len(scene.messenger.outcomes) < WORKERS:
            scene.messenger.outcomes += [Uncertain("503", server_fault=True)] * WORKERS
        scene.clock.moment += timedelta(seconds=10)
        before = len(scene.messenger.sent)
        await scene.delivery.deliver_due()
        if len(scene.messenger.sent) > before:
            tried.append(second)
    assert len(tried) < 20  # one lease after another, with pauses after five in a row
    scene.messenger.outcomes.clear()
    scene.clock.moment += timedelta(minutes=10)
    await scene.delivery.deliver_due()
    assert await status(scene) is PromptStatus.SENT


async def test_fault_14_a_refused_token_ends_all_sending(scene: Scene) -> None:
    for member in range(2, 31):
        await scene.start(member)
    scene.messenger.outcomes.append(TokenRefused())
    await scene.due()
    await scene.delivery.deliver_due()
    assert scene.delivery.refused.is_set()
    sent = len(scene.messenger.sent)
    scene.clock.moment += LEASE
    assert await scene.delivery.deliver_due() == 0
    assert len(scene.messenger.sent) == sent <= WORKERS


async def test_fault_46_a_clock_that_cannot_be_right_stops_everything(scene: Scene) -> None:
    await scene.due()
    now = scene.clock.moment
    scene.clock.moment = datetime(1970, 1, 1, tzinfo=UTC)
    assert await scene.delivery.deliver_due() == 0
    scene.clock.moment = now - timedelta(hours=1)
    assert await scene.delivery.deliver_due() == 0
    scene.clock.moment = now
    assert await scene.delivery.deliver_due() == 1


async def test_told_to_stop_it_finishes_what_is_claimed_and_claims_no_more(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.delivery.BATCH", 50)
    for member in range(2, 152):
        await scene.start(member)

    class Stopping(ToldMessenger):
        async def send_prompt(self, delivery: Delivery, plan: Plan) -> Outcome:
            service.stop()
            return await super().send_prompt(delivery, plan)

    storage, messenger = scene.storage, Stopping()
    service = DeliveryService(scene.clock, messenger, Pace(10_000), storage.members, storage.plans, storage.prompts)
    await scene.due()
    claimed = await service.deliver_due()
    assert claimed == len(messenger.sent) == 50


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


async def test_fault_47_after_three_days_offline_nothing_stale_is_sent(scene: Scene) -> None:
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


async def test_fault_49_erased_between_claim_and_mark_is_no_error(scene: Scene) -> None:
    await scene.due()

    class Erasing(ToldMessenger):
        async def send_prompt(self, delivery: Delivery, plan: Plan) -> Outcome:
            await erase(scene)
            return await super().send_prompt(delivery, plan)

    storage = scene.storage
    delivery = DeliveryService(scene.clock, Erasing(), Pace(10_000), storage.members, storage.plans, storage.prompts)
    assert await delivery.deliver_due() == 1
    assert await scene.storage.members.get(1) is None


async def test_fault_51_one_that_cannot_be_read_does_not_hold_up_the_others(scene: Scene) -> None:
    await scene.start(2)
    await scene.storage.plans._vault.destroy(1, "tombstone", scene.clock.now())  # pyright: ignore[reportPrivateUsage] - no other way to a lost key
    await scene.due()
    assert await scene.delivery.deliver_due() == 2
    assert [delivery.prompt.member_id for delivery in scene.messenger.sent] == [2]
