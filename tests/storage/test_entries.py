"""Answers: one entry a prompt, whatever is clicked how often."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.checkins import Answers, EntryKind, Prompt, PromptStatus, new_id
from bot.storage import Storage
from tests.storage.examples import DAY, DUE, TUESDAY, claim, enroll, entry, sent_prompt
from tests.storage.places import Place


async def test_an_entry_comes_back_as_it_went_in(storage: Storage) -> None:
    prompt = await sent_prompt(storage)
    full = replace(
        entry(prompt),
        answers=Answers(values={"pain": 10, "fatigue": 0, "sleep": 5}, note="Übel 😖\n'; DROP TABLE entry; --"),
    )
    assert await storage.entries.record(full) == (full, True)
    assert await storage.entries.of_prompt(prompt.id) == full
    kept = await storage.prompts.get(prompt.id)
    assert kept is not None
    assert kept.status is PromptStatus.ANSWERED


async def test_fault_24_of_two_clicks_at_once_the_first_stands(storage: Storage, place: Place) -> None:
    prompt = await sent_prompt(storage)
    tries = [entry(prompt, pain) for pain in range(8)]
    results = await asyncio.gather(*(storage.entries.record(each) for each in tries))
    assert len({standing.id for standing, _ in results}) == 1
    assert sorted(created for _, created in results) == [False] * 7 + [True]
    assert await place.sql("SELECT count(*) FROM entry") == [(1,)]


async def test_a_retry_finds_its_own_entry(storage: Storage) -> None:
    once = entry(await sent_prompt(storage))
    assert await storage.entries.record(once) == (once, True)
    assert await storage.entries.record(once) == (once, True)


async def test_an_answer_counts_even_after_a_skip(storage: Storage) -> None:
    prompt = await sent_prompt(storage)
    await storage.prompts.settle(prompt.id, PromptStatus.SKIPPED)
    _, created = await storage.entries.record(entry(prompt))
    assert created
    assert not await storage.prompts.settle(prompt.id, PromptStatus.SKIPPED)


async def test_an_entry_for_a_prompt_of_somebody_else_is_refused(storage: Storage) -> None:
    prompt = await sent_prompt(storage)
    await enroll(storage, 2)
    with pytest.raises(LookupError):
        await storage.entries.record(replace(entry(prompt), member_id=2))
    with pytest.raises(LookupError):
        await storage.entries.record(replace(entry(prompt), prompt_id="no such prompt"))
    assert await storage.entries.of_prompt(prompt.id) is None


async def test_new_answers_are_written_over_an_entry(storage: Storage) -> None:
    old, _ = await storage.entries.record(entry(await sent_prompt(storage)))
    new = replace(old, kind=EntryKind.SAME, answers=Answers(values={"pain": 1}, note="better"))
    await storage.entries.replace(new)
    assert await storage.entries.of_prompt(old.prompt_id) == new
    with pytest.raises(LookupError):
        await storage.entries.replace(replace(new, id="no such entry"))


async def test_the_latest_entry_is_the_newest_with_a_pain_score(storage: Storage) -> None:
    await sent_prompt(storage)
    assert await storage.entries.latest(1) is None
    for day, pain in enumerate([3, 6, None]):
        prompt = Prompt(new_id(), "plan-1", 1, TUESDAY, DUE, PromptStatus.SENT, scheduled=False)
        await storage.prompts.add(prompt)
        await storage.entries.record(entry(prompt, pain, at=DUE + day * DAY))
    latest = await storage.entries.latest(1)
    assert latest is not None
    assert (latest.answers.pain, latest.recorded_at) == (6, DUE + DAY)


async def test_recording_and_claiming_do_not_get_in_each_others_way(storage: Storage) -> None:
    for member_id in range(20):
        await enroll(storage, member_id)
    prompts = [delivery.prompt for delivery in await claim(storage)]
    next_day: list[int] = []

    async def claim_some() -> None:
        next_day.extend(delivery.prompt.member_id for delivery in await claim(storage, DUE + DAY, limit=4))

    await asyncio.gather(
        *(claim_some() for _ in range(5)),
        *(storage.entries.record(entry(prompt)) for prompt in prompts),
        *(storage.prompts.mark_sent(prompt.id, 77) for prompt in prompts),
    )
    for prompt in prompts:
        kept = await storage.prompts.get(prompt.id)
        assert kept is not None
        assert (kept.status, kept.message_id) == (PromptStatus.ANSWERED, 77)
    while len(next_day) < 20:
        await claim_some()
    assert sorted(next_day) == list(range(20))
    assert await claim(storage, DUE + DAY) == []
