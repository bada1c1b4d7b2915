"""The daily round, on a real database with a herald of our own port that answers as told."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from bot.domain.checkins import Prompt, PromptKind, PromptStatus, new_id
from bot.domain.lifetimes import Lifetimes
from bot.domain.members import Member
from bot.services.pace import Pace
from bot.services.ports import Delivered, Held, Outcome, TokenRefused, TombstoneStore, Uncertain, Unreachable
from bot.services.retention import AT_ONCE, DONE, MEMBERS_AT_ONCE, RetentionService
from bot.storage import Storage
from tests.chat.world import FixedClock
from tests.ready import open_ready
from tests.storage.curation_examples import GUILD, event
from tests.storage.examples import DAY, enroll, entry, own_prompt


@dataclass
class ToldHerald:
    """Answers with what it was told, in turn, then with `Unreachable`; remembers whom it was to tell what."""

    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    told: list[tuple[int, datetime]] = field(default_factory=list[tuple[int, datetime]])

    async def tell_leaving(self, member: Member, on: datetime) -> Outcome:
        self.told.append((member.id, on))
        return self.outcomes.pop(0) if self.outcomes else Unreachable("50007")


@dataclass
class Scene:
    storage: Storage
    clock: FixedClock
    herald: ToldHerald
    retention: RetentionService

    async def later(self, days: float) -> None:
        """So many days later the round is made again, if it is due."""
        self.clock.advance(days=days)
        await self.retention.run_if_due()

    async def lose(self, *member_ids: int) -> None:
        """Members who cannot be reached from now on."""
        for member_id in member_ids:
            await enroll(self.storage, member_id, now=self.clock.now())
            await self.storage.members.set_unreachable(member_id, self.clock.now())

    async def there(self, *member_ids: int) -> list[int]:
        return [each for each in member_ids if await self.storage.members.get(each)]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    storage = await open_ready(tmp_path)
    clock, herald = FixedClock(), ToldHerald()
    yield Scene(storage, clock, herald, round_of(storage, clock, herald, storage.tombstones))
    await storage.close()


def round_of(storage: Storage, clock: FixedClock, herald: ToldHerald, tombstones: TombstoneStore) -> RetentionService:
    members, prompts, entries, logs = storage.members, storage.prompts, storage.entries, storage.communities
    pace = Pace(10_000)
    return RetentionService(
        clock, Lifetimes(), storage.state, members, prompts, entries, logs, tombstones, herald, pace
    )


async def answered(scene: Scene, member_id: int = 1) -> Prompt:
    """A check-in of now."""
    now = scene.clock.now()
    prompt = replace(own_prompt(member_id, f"plan-{member_id}"), id=new_id(), due_at=now)
    await scene.storage.prompts.add(prompt)
    await scene.storage.entries.record(entry(prompt, at=now))
    return prompt


async def ignored(scene: Scene, status: PromptStatus = PromptStatus.EXPIRED) -> Prompt:
    """A prompt of now that nobody answered."""
    now = scene.clock.now()
    prompt = replace(own_prompt(), id=new_id(), due_at=now, status=status, kind=PromptKind.SNOOZE)
    await scene.storage.prompts.add(prompt)
    return prompt


async def test_answers_are_forgotten_with_their_prompts_after_five_years_and_not_before(scene: Scene) -> None:
    await enroll(scene.storage)
    prompt = await answered(scene)
    await scene.later(5 * 365)
    assert await scene.storage.entries.of_prompt(prompt.id) is not None
    await scene.later(1.1)
    assert await scene.storage.entries.of_member(1) == []
    assert await scene.storage.prompts.get(prompt.id) is None


async def test_prompts_nobody_answered_go_after_400_days_and_those_answered_stay(scene: Scene) -> None:
    await enroll(scene.storage)
    kept, gone = await answered(scene), await ignored(scene)
    waiting = await ignored(scene, PromptStatus.DUE)
    await scene.later(400)
    assert await scene.storage.prompts.get(gone.id) is not None
    await scene.later(1.1)
    assert await scene.storage.prompts.get(gone.id) is None
    assert await scene.storage.prompts.get(kept.id) is not None
    assert await scene.storage.prompts.get(waiting.id) is not None


async def test_more_than_one_part_is_forgotten_in_one_round(scene: Scene) -> None:
    await enroll(scene.storage)
    now = scene.clock.now()
    prompts = [replace(own_prompt(), id=f"{number:016}", due_at=now) for number in range(2 * AT_ONCE + 1)]
    await scene.storage.entries.add_all([(prompt, entry(prompt, at=now)) for prompt in prompts])
    await scene.later(5 * 365 + 2)
    assert await scene.storage.entries.of_member(1) == []


async def test_the_round_is_made_once_a_day_whatever_starts_and_stops(scene: Scene) -> None:
    await scene.lose(1)
    await scene.later(180)
    assert len(scene.herald.told) == 1
    await scene.lose(2)
    made = await scene.storage.state.get(DONE)
    await scene.later(0.9)
    assert await scene.storage.state.get(DONE) == made
    await scene.later(0.1)
    assert await scene.storage.state.get(DONE) != made


class FailingTombstones:
    """Some step that fails, such as when the disk does."""

    async def purge(self, before: datetime) -> int:
        raise OSError(before.isoformat())


async def test_a_round_that_failed_is_made_again_at_the_next_beat(scene: Scene) -> None:
    await enroll(scene.storage)
    prompt = await ignored(scene)
    scene.clock.advance(days=401)
    failing = round_of(scene.storage, scene.clock, scene.herald, FailingTombstones())
    for _ in range(2):
        with pytest.raises(OSError, match="2027"):
            await failing.run_if_due()
    assert await scene.storage.state.get(DONE) is None
    assert await scene.storage.prompts.get(prompt.id) is None
    await scene.retention.run_if_due()
    assert await scene.storage.state.get(DONE) is not None


async def test_a_clock_put_back_does_not_end_the_rounds(scene: Scene) -> None:
    await scene.retention.run_if_due()
    scene.clock.moment -= 100 * DAY
    await scene.retention.run_if_due()
    assert await scene.storage.state.get(DONE) == scene.clock.now().isoformat()


async def test_the_lost_are_told_once_and_erased_two_weeks_later(scene: Scene) -> None:
    await scene.lose(1)
    await scene.later(179.9)
    assert scene.herald.told == []
    await scene.later(1)
    assert scene.herald.told == [(1, scene.clock.now() + 14 * DAY)]
    await scene.later(13.9)
    assert await scene.there(1) == [1]
    await scene.later(1.1)
    assert await scene.there(1) == []
    assert len(scene.herald.told) == 1
    assert len(await scene.storage.tombstones.all()) == 1


@pytest.mark.parametrize("outcome", [Delivered(5), Uncertain("TimeoutError"), Unreachable("10013")])
async def test_however_the_one_message_ends_the_two_weeks_run(scene: Scene, outcome: Outcome) -> None:
    scene.herald.outcomes.append(outcome)
    await scene.lose(1)
    await scene.later(181)
    await scene.later(15)
    assert (await scene.there(1), len(scene.herald.told)) == ([], 1)


@pytest.mark.parametrize("outcome", [Held(600, "429"), TokenRefused()])
async def test_while_discord_takes_nothing_nobody_is_told_and_nobody_erased(scene: Scene, outcome: Outcome) -> None:
    await scene.lose(1, 2)
    scene.herald.outcomes.append(outcome)
    await scene.later(181)
    assert [each for each, _ in scene.herald.told] == [1]
    await scene.later(15)
    assert [each for each, _ in scene.herald.told] == [1, 1, 2]
    assert await scene.there(1, 2) == [1, 2]
    await scene.later(15)
    assert await scene.there(1, 2) == []


async def test_who_is_back_is_spared_and_the_next_time_begins_anew(scene: Scene) -> None:
    await scene.lose(1)
    await scene.later(181)
    await scene.storage.members.set_unreachable(1, None)
    await scene.later(15)
    assert await scene.there(1) == [1]
    await scene.storage.members.set_unreachable(1, scene.clock.now())
    await scene.later(179)
    assert (await scene.there(1), len(scene.herald.told)) == ([1], 1)
    await scene.later(2)
    assert len(scene.herald.told) == 2
    await scene.later(15)
    assert await scene.there(1) == []


async def test_who_still_checks_in_without_messages_is_spared(scene: Scene) -> None:
    await scene.lose(1)
    await scene.later(100)
    await answered(scene)
    await scene.later(100)
    assert scene.herald.told == []
    await scene.later(81)
    assert len(scene.herald.told) == 1
    await answered(scene)
    await scene.later(30)
    assert await scene.there(1) == [1]


async def test_after_a_long_time_off_everybody_is_told_before_they_are_erased(scene: Scene) -> None:
    many = range(1, MEMBERS_AT_ONCE + 6)
    await scene.lose(*many)
    await enroll(scene.storage, 1000)
    await scene.later(700)
    assert sorted(each for each, _ in scene.herald.told) == list(many)
    assert len(await scene.there(*many)) == len(many)
    await scene.later(15)
    assert await scene.there(*many, 1000) == [1000]


async def test_tombstones_are_forgotten_after_sixty_days(scene: Scene) -> None:
    await enroll(scene.storage)
    await scene.storage.members.erase(1, scene.clock.now())
    await scene.later(59)
    assert len(await scene.storage.tombstones.all()) == 1
    await scene.later(2)
    assert len(await scene.storage.tombstones.all()) == 0


async def test_lines_of_a_servers_log_are_forgotten_after_two_years(scene: Scene) -> None:
    await scene.storage.communities.note(event(at=scene.clock.now()))
    await scene.later(730)
    assert len(await scene.storage.communities.events(GUILD, 10)) == 1
    await scene.later(1.1)
    assert await scene.storage.communities.events(GUILD, 10) == []
