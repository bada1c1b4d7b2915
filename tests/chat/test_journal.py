"""What members see of their own data: trends, history, back-dating, treatments, reports."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.checkins import EntryKind, new_id
from bot.domain.journal import TreatmentMark
from bot.domain.trends import Mark
from bot.reports.json_export import json_import
from tests.chat.test_checkins import prompt_id
from tests.chat.world import World, labels_of, raw_components, text_of, walk


async def days_of_pain(world: World, *scores: int | None) -> None:
    """One check-in a day, oldest first; None lets a prompt go unanswered."""
    await world.enroll()
    for score in scores:
        prompt = await world.due_prompt()
        if score is not None:
            await world.you.select(prompt, [str(score)])


def said(result: Any) -> str:
    """What was answered, wherever it stands."""
    return text_of(result.followups[-1] if result.followups else result.response)


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_trends_come_in_three_forms_at_once(world: World) -> None:
    await days_of_pain(world, 6, 5, None, 8, 6)
    result = await world.you.slash("trends", days=7)
    text = text_of(result.response)
    assert "Median pain 6" in text
    assert "```" in text
    gallery = next(part for part in walk(raw_components(result.response)) if part["type"] == 12)
    assert gallery["items"][0]["description"].startswith("Chart of pain")
    assert len(gallery["items"][0]["description"]) <= 1024
    assert [each.filename for each in result.response.attachments] == ["trend.png"]


async def test_days_before_the_first_checkin_were_not_missed(world: World) -> None:
    await days_of_pain(world, 6, None, 5)
    assert "1 day missing" in said(await world.you.slash("trends", days=30))


async def test_other_periods_are_one_press_away_even_after_a_restart(world: World) -> None:
    await days_of_pain(world, 6)
    await world.you.slash("trends")
    await world.restart()
    await world.you.click(world.inbox[-1], label="365 days")
    assert "the last 365 days" in text_of(world.inbox[-1])
    assert len(world.inbox[-1].attachments) == 1


async def test_trends_of_nothing_yet(world: World) -> None:
    await world.enroll()
    assert "No check-ins in these 30 days yet" in said(await world.you.slash("trends"))


@pytest.mark.parametrize("command", ["trends", "checkin history", "report", "checkin log", "treatments start"])
async def test_without_a_plan_there_is_a_way_in(world: World, command: str) -> None:
    options = {
        "checkin log": {"day": "yesterday", "pain": 3.0},
        "treatments start": {"name": "Yoga"},
    }.get(command, {})
    assert "/checkin start" in said(await world.you.slash(command, **options))


async def test_history_names_each_ending(world: World) -> None:
    await days_of_pain(world, 6, None)
    third = await world.due_prompt()
    await world.you.click(third, label="Skip")
    fourth = await world.due_prompt()
    await world.you.click(fourth, label="Too unwell to answer")
    text = said(await world.you.slash("checkin history"))
    endings = [line.rsplit(": ", 1)[1] for line in text.splitlines() if line.startswith("- ")]
    assert endings == ["too unwell to answer", "skipped", "sent, not answered", "answered"]
    assert "Monday 23 November, 09:00" in text


async def test_history_of_nothing_yet(world: World) -> None:
    await world.enroll()
    assert "No prompts yet" in said(await world.you.slash("checkin history"))


async def test_a_missed_day_can_be_added(world: World) -> None:
    await days_of_pain(world, None, 4)
    result = await world.you.slash("checkin log", day="yesterday", pain=6.5)
    assert "pain 6.5 of 10" in said(result)
    assert "Monday 23 November" in said(result)
    stored = await world.storage.entries.of_member(world.you.id)
    assert [(each.local_date, each.answers.pain) for each in stored] == [
        (date(2026, 11, 23), 6.5),
        (date(2026, 11, 24), 4),
    ]


@pytest.mark.parametrize(
    ("day", "answer"),
    [
        ("tomorrow", "could not read that day"),
        ("2026-11-30", "the 14 days before"),
        ("2026-11-01", "the 14 days before"),
        ("2026-02-31", "could not read that day"),
        ("20 days ago", "the 14 days before"),
    ],
)
async def test_days_that_cannot_be_added(world: World, day: str, answer: str) -> None:
    await world.enroll()
    assert answer in said(await world.you.slash("checkin log", day=day, pain=3.0))
    assert await world.storage.entries.of_member(world.you.id) == []


async def test_an_entry_can_be_changed_and_deleted(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.you.select(prompt, ["6"])
    modal = await world.you.click(world.inbox[-1], label="Add more")
    await world.you.submit_modal(modal, {"pain": ["3"]})
    assert "pain 3 of 10" in text_of(world.inbox[-1])
    await world.restart()
    await world.you.click(world.inbox[-1], label="Delete")
    assert "That check-in is gone" in text_of(world.inbox[-1])
    assert await world.storage.entries.of_prompt(prompt_id(prompt)) is None
    assert "skipped" in said(await world.you.slash("checkin history"))


async def test_treatments_are_marked_and_show_in_trends_beside_the_card(world: World) -> None:
    await days_of_pain(world, *[7] * 12)
    choices = await world.you.autocomplete("treatments start", "name", "lyrica")
    assert choices[0]["name"] == "Pregabalin"
    await world.you.slash("treatments start", name="Pregabalin")
    assert "going on already" in said(await world.you.slash("treatments start", name="pregabalin"))
    for _ in range(12):
        await world.you.select(await world.due_prompt(), ["5"])
    text = said(await world.you.slash("trends", days=90))
    assert "7 before and 5 after starting Pregabalin" in text
    assert "not proof" in text
    assert "In trials, Pregabalin" in text
    running = await world.you.autocomplete("treatments stop", "name", "")
    assert [choice["value"] for choice in running] == ["Pregabalin"]
    await world.you.slash("treatments stop", name="Pregabalin")
    assert "Pregabalin**: from Friday 4 December to Wednesday 16 December" in said(
        await world.you.slash("treatments list")
    )
    assert "No treatment of that name" in said(await world.you.slash("treatments stop", name="Pregabalin"))


async def test_own_treatments_are_inert_text(world: World) -> None:
    await world.enroll()
    assert "No treatments are marked yet" in said(await world.you.slash("treatments list"))
    await world.you.slash("treatments start", name="**hot** baths @everyone")
    assert r"\*\*hot\*\* baths \@everyone" in said(await world.you.slash("treatments list"))


async def test_what_treatments_are_called_is_sealed(world: World, tmp_path: Path) -> None:
    await world.enroll()
    await world.you.slash("treatments start", name="MARKERTREATMENT")
    assert "MARKERTREATMENT" in said(await world.you.slash("treatments list"))
    assert not [file for file in files_below(tmp_path) if b"MARKERTREATMENT" in file.read_bytes()]


async def test_report_hands_over_four_files(world: World) -> None:
    await days_of_pain(world, 6, 5)
    await world.you.slash("checkin log", day="2 days ago", pain=4.0)
    result = await world.you.slash("report", question="What else could we try?", notes=True)
    files = {each.filename: await each.read() for each in result.response.attachments}
    assert set(files) == {"check-ins.pdf", "check-ins.csv", "check-ins.json", "check-ins.fhir.json"}
    assert files["check-ins.pdf"].startswith(b"%PDF")
    assert json.loads(files["check-ins.fhir.json"])["resourceType"] == "Bundle"
    diary = json_import(files["check-ins.json"])
    assert [each.values["pain"] for each in diary.observations] == [4, 6, 5]
    assert labels_of(result.response) == []


async def test_report_of_nothing_yet(world: World) -> None:
    await world.enroll()
    assert "nothing to report yet" in said(await world.you.slash("report"))


async def test_nobody_sees_another_members_data(world: World) -> None:
    await days_of_pain(world, 6)
    result: Any = await world.other.slash(world.channel, "trends")
    assert "/checkin start" in said(result)
    assert (result.followups or [result.response])[-1].ephemeral


async def test_same_as_last_time_counts_in_trends(world: World) -> None:
    await days_of_pain(world, 6)
    await world.you.click(await world.due_prompt(), label="Same as last time")
    stored = await world.storage.entries.of_member(world.you.id)
    assert [each.kind for each in stored] == [EntryKind.ANSWERED, EntryKind.SAME]
    assert stored[1].local_date - stored[0].local_date == timedelta(days=1)
    assert "Median pain 6" in said(await world.you.slash("trends", days=7))


async def test_fifty_treatments_still_fit(world: World) -> None:
    await days_of_pain(world, *[5] * 3)
    for number in range(50):
        mark = Mark(f"{number} {'long name ' * 6}"[:60], date(2026, 11, 24))
        await world.storage.marks.add(TreatmentMark(new_id(), world.you.id, mark))
    assert "room for 50" in said(await world.you.slash("treatments start", name="one too many"))
    assert "more that do not fit" in said(await world.you.slash("treatments list"))
    for answer in (await world.you.slash("treatments list"), await world.you.slash("trends")):
        assert len(said(answer)) <= 4000
