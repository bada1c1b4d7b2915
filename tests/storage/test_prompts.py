"""What becomes of a prompt: put off, nudged about, answered late, over, and looked back at."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.checkins import EntryKind, PromptKind, PromptStatus
from bot.domain.journal import PastPrompt
from bot.domain.plans import NUDGE_AFTER, Timetable
from bot.storage import Storage
from tests.storage.examples import (
    DAY,
    DUE,
    HOUR,
    MINUTE,
    NINE,
    NINE_AND_NINE,
    NUDGED,
    TUESDAY,
    claim,
    claim_one,
    enroll,
    entry,
    own_prompt,
    send_one,
    sent_prompt,
    snooze,
    status_of,
)
from tests.storage.places import Place

NUDGE_DUE = DUE + NUDGE_AFTER
SNOWFLAKE = 175928847299117063
ITS_TIME = datetime(2016, 4, 30, 11, 18, 25, 796000, UTC)
"""The example in Discord's documentation of ids."""


async def kinds_due(place: Place) -> list[str]:
    return [row[0] for row in await place.sql("SELECT kind FROM prompt WHERE status = 'due' ORDER BY due_at")]


class TestPutOff:
    async def test_one_that_is_put_off_comes_again_at_its_time(self, storage: Storage) -> None:
        first = await sent_prompt(storage, schedule=NINE_AND_NINE, at=DUE - 12 * HOUR)
        later = snooze(first, DUE - HOUR)
        assert await storage.prompts.put_off(first.id, later)
        assert await status_of(storage, first) is PromptStatus.SNOOZED
        assert await storage.prompts.next_due() == later.due_at
        assert await claim(storage, later.due_at - MINUTE) == []
        assert await claim_one(storage, later.due_at) == replace(later, status=PromptStatus.SENDING)
        assert await storage.prompts.next_due() == DUE  # the schedule goes on as it was

    async def test_it_can_be_put_off_again_and_after_its_time_was_over(self, storage: Storage) -> None:
        prompt = await sent_prompt(storage)
        await storage.prompts.expire(DUE + 12 * HOUR)
        for number in (1, 2):
            until = DUE + (12 + number) * HOUR
            assert await storage.prompts.put_off(prompt.id, snooze(prompt, until))
            prompt = await send_one(storage, until)
        assert prompt.kind is PromptKind.SNOOZE

    @pytest.mark.parametrize("status", [PromptStatus.ANSWERED, PromptStatus.SKIPPED])
    async def test_one_that_has_ended_or_is_gone_is_not(self, storage: Storage, status: PromptStatus) -> None:
        prompt = await sent_prompt(storage)
        await storage.prompts.settle(prompt.id, status)
        assert not await storage.prompts.put_off(prompt.id, snooze(prompt, DUE + HOUR))
        assert await status_of(storage, prompt) is status
        await storage.members.erase(1)
        assert not await storage.prompts.put_off(prompt.id, snooze(prompt, DUE + HOUR))
        assert await storage.prompts.next_due() is None

    async def test_fault_24_of_two_clicks_at_once_one_wins(self, storage: Storage, place: Place) -> None:
        prompt = await sent_prompt(storage)
        laters = [snooze(prompt, DUE + minutes * MINUTE) for minutes in (10, 20, 30, 40)]
        won = await asyncio.gather(*(storage.prompts.put_off(prompt.id, later) for later in laters))
        assert sorted(won) == [False] * 3 + [True]
        assert await place.sql("SELECT id FROM prompt WHERE kind = 'snooze'") == [(laters[won.index(True)].id,)]

    async def test_an_answer_to_the_first_takes_the_later_one_away(self, storage: Storage, place: Place) -> None:
        prompt = await sent_prompt(storage)
        await storage.prompts.put_off(prompt.id, snooze(prompt, DUE + HOUR))
        await storage.entries.record(entry(prompt))
        assert await status_of(storage, prompt) is PromptStatus.ANSWERED
        assert await kinds_due(place) == ["scheduled"]


class TestNudge:
    async def test_a_plan_that_wants_it_nudges_once_about_a_silent_prompt(self, storage: Storage) -> None:
        prompt = await sent_prompt(storage, schedule=NUDGED, at=DUE + 10 * MINUTE)
        assert await storage.prompts.next_due() == NUDGE_DUE + 10 * MINUTE
        nudge = await send_one(storage, NUDGE_DUE + 10 * MINUTE)
        assert (nudge.kind, nudge.about, nudge.local_date) == (PromptKind.NUDGE, prompt.id, TUESDAY)
        assert await storage.prompts.next_due() == DUE + DAY

    async def test_one_that_was_put_off_is_nudged_about_too(self, storage: Storage) -> None:
        prompt = await sent_prompt(storage, schedule=NUDGED)
        await storage.prompts.put_off(prompt.id, snooze(prompt, DUE + HOUR))
        later = await send_one(storage, DUE + HOUR)
        assert await claim(storage, NUDGE_DUE) == []  # the one about the first is idle
        assert (await claim_one(storage, NUDGE_DUE + HOUR)).about == later.id

    @pytest.mark.parametrize(
        "timetable",
        [
            Timetable(NINE),
            replace(NUDGED, answer_within=NUDGE_AFTER),
            replace(NUDGED, eased_until=date(2026, 6, 7)),
        ],
        ids=["not wanted", "no time left", "in a flare"],
    )
    async def test_there_is_none(self, storage: Storage, place: Place, timetable: Timetable) -> None:
        await sent_prompt(storage, schedule=timetable)
        assert await kinds_due(place) == ["scheduled"]

    async def test_there_is_none_about_what_was_missed(self, storage: Storage, place: Place) -> None:
        await enroll(storage, schedule=NUDGED)
        assert await claim(storage, DUE + 3 * HOUR) == []
        assert await kinds_due(place) == ["scheduled"]

    async def test_it_is_dropped_when_there_is_nothing_to_nudge_about_any_more(
        self, storage: Storage, place: Place
    ) -> None:
        short = replace(NUDGED, answer_within=NUDGE_AFTER + 10 * MINUTE)
        sent = [await sent_prompt(storage, number, schedule=short if number == 4 else NUDGED) for number in range(1, 8)]
        answered, skipped, put_off, _, unwanted, easy, silent = sent
        await storage.prompts.settle(answered.id, PromptStatus.ANSWERED)
        await storage.prompts.settle(skipped.id, PromptStatus.SKIPPED)
        await storage.prompts.put_off(put_off.id, snooze(put_off, DUE + 5 * HOUR))
        back = NUDGE_DUE + 20 * MINUTE
        assert await storage.prompts.expire(back) == 1
        await enroll(storage, unwanted.member_id, schedule=NINE, now=DUE)
        eased = replace(NUDGED, eased_until=date(2026, 6, 7))
        await enroll(storage, easy.member_id, schedule=eased, now=DUE)
        assert [delivery.prompt.about for delivery in await claim(storage, back)] == [silent.id]
        assert len(await place.sql("SELECT id FROM prompt WHERE kind = 'nudge'")) == 1

    async def test_recording_an_answer_takes_it_away_at_once(self, storage: Storage, place: Place) -> None:
        first, second = [await sent_prompt(storage, number, schedule=NUDGED) for number in (1, 2)]
        await storage.entries.record(entry(first))
        assert await place.sql("SELECT about FROM prompt WHERE kind = 'nudge'") == [(second.id,)]


class TestExpiry:
    async def test_only_what_waits_for_an_answer_is_over_when_its_time_is(self, storage: Storage) -> None:
        within = (timedelta(hours=1), timedelta(hours=1), timedelta(hours=3))
        sent = [
            await sent_prompt(storage, number, schedule=Timetable(NINE, answer_within=each))
            for number, each in enumerate(within, 1)
        ]
        await storage.prompts.settle(sent[1].id, PromptStatus.SKIPPED)
        await storage.prompts.add(own_prompt())
        assert await storage.prompts.expire(DUE + HOUR - MINUTE) == 0
        assert await storage.prompts.expire(DUE + HOUR) == 1
        assert await storage.prompts.expire(DUE + HOUR) == 0
        statuses = [await status_of(storage, prompt) for prompt in sent]
        assert statuses == [PromptStatus.EXPIRED, PromptStatus.SKIPPED, PromptStatus.SENT]

    async def test_a_late_answer_still_counts(self, storage: Storage) -> None:
        prompt = await sent_prompt(storage)
        await storage.prompts.expire(DUE + DAY)
        late = replace(entry(prompt, at=DUE + DAY), late=True)
        assert await storage.entries.record(late) == (late, True)
        assert await status_of(storage, prompt) is PromptStatus.ANSWERED


class TestHistory:
    async def test_it_says_what_became_of_each_prompt(self, storage: Storage) -> None:
        await enroll(storage, schedule=NUDGED)
        first = await send_one(storage, DUE, SNOWFLAKE)
        await storage.prompts.put_off(first.id, snooze(first, DUE + HOUR))
        second = await send_one(storage, DUE + HOUR)
        await send_one(storage, DUE + HOUR + NUDGE_AFTER)  # the nudge is no line of its own
        await storage.entries.record(replace(entry(second, None), late=True))
        own = replace(own_prompt(), due_at=DUE + 5 * HOUR)
        await storage.prompts.add(own)
        await enroll(storage, 2)
        assert await claim(storage, DUE + DAY + 3 * HOUR) == []
        past = list(await storage.prompts.history(1, 9))
        assert [(each.due_at, each.status, each.kind) for each in past] == [
            (DUE + DAY, PromptStatus.MISSED, PromptKind.SCHEDULED),
            (DUE + 5 * HOUR, PromptStatus.SENT, PromptKind.OWN),
            (DUE + HOUR, PromptStatus.ANSWERED, PromptKind.SNOOZE),
            (DUE, PromptStatus.SNOOZED, PromptKind.SCHEDULED),
        ]
        assert [each.sent_at for each in past] == [None, None, past[2].sent_at, ITS_TIME]
        assert (past[2].put_off_from, past[2].answered, past[2].late) == (DUE, EntryKind.UNWELL, True)
        assert past[3] == PastPrompt(
            "plan-1", TUESDAY, DUE, PromptStatus.SNOOZED, PromptKind.SCHEDULED, sent_at=ITS_TIME
        )
        assert list(await storage.prompts.history(1, 2)) == past[:2]
