"""Answers: one entry a prompt, whatever is clicked how often."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from bot.domain.checkins import Answers, EntryKind, PromptStatus
from bot.storage import Storage
from tests.storage.examples import DAY, DUE, TUESDAY, claim, enroll, entry, own_prompt, sent_prompt, status_of
from tests.storage.places import Place


async def test_an_entry_comes_back_as_it_went_in(storage: Storage) -> None:
    prompt = await sent_prompt(storage)
    full = replace(
        entry(prompt),
        late=True,
        answers=Answers(values={"pain": 10, "fatigue": 0, "sleep": 5}, note="Übel 😖\n'; DROP TABLE entry; --"),
    )
    assert await storage.entries.record(full) == (full, True)
    assert await storage.entries.of_prompt(prompt.id) == full
    assert await status_of(storage, prompt) is PromptStatus.ANSWERED


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


async def test_the_latest_entry_is_the_newest_that_answers_the_question(storage: Storage) -> None:
    await enroll(storage)
    assert await storage.entries.latest(1, "pain") is None
    for day, values in enumerate([{"mood": 2}, {"pain": 3}, {"pain": 6}, {}]):
        prompt = own_prompt()
        await storage.prompts.add(prompt)
        answer = replace(entry(prompt, at=DUE + day * DAY), answers=Answers(values=values))
        await storage.entries.record(answer)
    latest = [await storage.entries.latest(1, key) for key in ("pain", "mood", "sleep")]
    assert [each and each.recorded_at for each in latest] == [DUE + 2 * DAY, DUE, None]


async def test_days_are_counted_once_and_the_newest_first(storage: Storage) -> None:
    await enroll(storage)
    imported = [own_prompt() for _ in range(4)]
    entries = [
        replace(entry(prompt), local_date=TUESDAY - offset * DAY)
        for offset, prompt in zip((2, 0, 2, 1), imported, strict=True)
    ]
    await storage.entries.add_all(list(zip(imported, entries, strict=True)))
    assert await storage.entries.days(1, 2) == [TUESDAY, TUESDAY - DAY]
    assert await storage.entries.days(1, 9) == [TUESDAY, TUESDAY - DAY, TUESDAY - 2 * DAY]


async def test_what_a_file_brings_back_is_stored_whole_or_not_at_all(storage: Storage, place: Place) -> None:
    await enroll(storage)
    prompts = [replace(own_prompt(), status=PromptStatus.ANSWERED) for _ in range(3)]
    answered = [(prompt, entry(prompt, note="kept")) for prompt in prompts]
    twice = (replace(own_prompt(), status=PromptStatus.ANSWERED), answered[0][1])
    with pytest.raises(IntegrityError):
        await storage.entries.add_all([*answered, twice])
    assert await storage.entries.of_member(1) == []
    assert await place.sql("SELECT count(*) FROM prompt WHERE kind = 'own'") == [(0,)]
    await storage.entries.add_all(answered)
    await storage.entries.add_all([])
    assert [await storage.entries.of_prompt(prompt.id) for prompt in prompts] == [each for _, each in answered]
    assert [await storage.prompts.get(prompt.id) for prompt in prompts] == prompts


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
