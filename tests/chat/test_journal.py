"""What members see of their own data: trends, the week, history, back-dating, treatments, reports, and the way back."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.catalog.live import Library
from bot.chat.ui.journal import WEEK
from bot.domain.checkins import CONSENT_VERSION, Answers, EntryKind, new_id
from bot.domain.journal import FlareMark, TreatmentMark
from bot.domain.members import Member, Preferences
from bot.domain.plans import CheckIn, Plan, Timetable
from bot.domain.questionnaires import OwnKind, Question, own_question
from bot.domain.schedules import Schedule
from bot.domain.trends import Appointment, Comparison, Diary, Flare, Mark, Measure, Observation, TooFew, Trend
from bot.errors import UserError
from bot.reports.json_export import json_export, json_import
from bot.reports.pdf import pages
from bot.reports.press import Press
from bot.services.journal import FileKind, JournalService, Restored, Wanted
from bot.services.membership import Membership
from bot.storage import Storage
from tests.chat.test_checkins import prompt_id
from tests.chat.world import FixedClock, World, labels_of, raw_components, text_of, walk

ME = 7


async def days_of_pain(world: World, *scores: int | None) -> None:
    """One check-in a day, oldest first; None lets a prompt go unanswered."""
    await world.enroll()
    for score in scores:
        prompt = await world.due_prompt()
        if score is not None:
            await world.you.select(prompt, [str(score)])


async def give_own(world: World, *questions: Question) -> None:
    """Give your check-in questions of your own."""
    plan = (await world.plans())[0]
    member = await world.storage.members.get(world.you.id)
    assert member is not None
    await world.storage.plans.save(member, [replace(plan, purpose=CheckIn(own=questions))], world.clock.now())


async def write_into_latest(world: World, **values: float) -> None:
    """Change your latest entry, as a form would."""
    entry = (await world.storage.entries.of_member(world.you.id))[-1]
    answers = Answers(values={**entry.answers.values, **{key.replace("_", "-"): each for key, each in values.items()}})
    await world.storage.entries.replace(replace(entry, answers=answers))


def form_of(result: Any) -> dict[str, dict[str, Any]]:
    """The fields of a modal by their custom_id."""
    assert result.modal is not None
    fields = [part.get("component", {}) for part in result.modal["components"]]
    return {field["custom_id"]: field for field in fields}


async def report(world: World, days: int = 30, **changes: Any) -> Any:
    """Ask for a report and send its form as it is preselected, with these changes."""
    modal = await world.you.slash("report", days=days)
    filled = {
        name: [option["value"] for option in field["options"] if option.get("default")]
        for name, field in form_of(modal).items()
        if "options" in field
    }
    return await world.you.submit_modal(modal, {**filled, **changes})


async def files_of(result: Any) -> dict[str, bytes]:
    message = result.followups[-1] if result.followups else result.response
    return {each.filename: await each.read() for each in message.attachments}


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
        "checkin log": {"day": "yesterday", "answer": "3"},
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
    result = await world.you.slash("checkin log", day="yesterday", answer="6.5")
    assert "pain 6.5 of 10" in said(result).replace("\\", "")
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
    assert answer in said(await world.you.slash("checkin log", day=day, answer="3"))
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


async def test_report_hands_over_what_is_chosen_even_after_a_restart(world: World) -> None:
    await days_of_pain(world, 6, 5)
    await world.you.slash("checkin log", day="2 days ago", answer="4")
    modal = await world.you.slash("report")
    await world.restart()
    questions = "What else could we try?\n\nIs it *safe*?"
    filled = {"what": ["pain", "+notes"], "questions": questions, "files": ["pdf", "csv", "json", "fhir.json"]}
    result = await world.you.submit_modal(modal, filled)
    files = await files_of(result)
    assert set(files) == {"check-ins.pdf", "check-ins.csv", "check-ins.json", "check-ins.fhir.json"}
    assert files["check-ins.pdf"].startswith(b"%PDF")
    assert 1 <= pages(files["check-ins.pdf"]) <= 2
    assert json.loads(files["check-ins.fhir.json"])["resourceType"] == "Bundle"
    diary = json_import(files["check-ins.json"])
    assert [each.key for each in diary.measures] == ["pain"]
    assert [each.values["pain"] for each in diary.observations] == [4, 6, 5]
    assert "no room" not in said(result)
    assert labels_of(result.response) == []


async def test_the_form_has_everything_but_the_notes_preselected(world: World) -> None:
    await days_of_pain(world, 6)
    await give_own(world, *(own_question(f"Is this *question* {number}?", OwnKind.YES_NO) for number in range(3)))
    fields = form_of(await world.you.slash("report", days=90))
    options = fields["what"]["options"]
    assert len(options) <= 25
    assert [option["label"] for option in options[:4]] == ["Pain", "Fatigue", "Sleep", "Is this *question* 0?"]
    assert [option["value"] for option in options if not option.get("default")] == ["+notes"]
    assert all(option["default"] for option in fields["files"]["options"])


async def test_only_what_is_wanted_goes_in(world: World) -> None:
    await days_of_pain(world, 6)
    modal = await world.you.click(world.inbox[-1], label="Add more")
    await world.you.submit_modal(modal, {"pain": ["6"], "fatigue": ["7"], "note": "MYNOTE"})
    await world.you.slash("treatments start", name="MYTREATMENT")
    shared = await files_of(await report(world, what=["fatigue"], files=["csv", "fhir.json", "json"]))
    assert b"Fatigue" in shared["check-ins.csv"]
    for hidden in (b"MYNOTE", b"MYTREATMENT", b"Pain"):
        assert hidden not in shared["check-ins.csv"] + shared["check-ins.fhir.json"]
    complete = json_import(shared["check-ins.json"])
    assert [(each.values, each.note) for each in complete.observations] == [({"fatigue": 7}, "MYNOTE")]
    assert [mark.name for mark in complete.marks] == ["MYTREATMENT"]
    everything = await files_of(await report(world, what=["pain", "+treatments", "+notes"], files=["csv"]))
    assert b"MYNOTE" in everything["check-ins.csv"]
    assert b"MYTREATMENT" in everything["check-ins.csv"]


async def test_nothing_chosen_makes_nothing_and_says_so(world: World) -> None:
    await days_of_pain(world, 6)
    assert "at least one of your questions" in said(await report(world, what=["+treatments", "+notes"]))
    modal = await world.you.slash("report")
    with pytest.raises(Exception, match="was not supplied"):  # the client refuses it already
        await world.you.submit_modal(modal, {"what": ["pain"], "files": []})


async def test_more_questions_than_a_page_has_room_for(world: World) -> None:
    await days_of_pain(world, 6)
    many = "\n".join(f"{number} " + "long " * 80 for number in range(9))
    result = await report(world, files=["pdf"], questions=many)
    assert "room for 5 questions of 300 characters" in said(result)
    assert pages((await files_of(result))["check-ins.pdf"]) <= 2


async def test_report_of_nothing_yet(world: World) -> None:
    await world.enroll()
    result = await world.you.slash("report")
    assert "nothing to report yet" in said(result)
    assert result.modal is None


async def test_a_diary_comes_back_as_it_was(world: World) -> None:
    await days_of_pain(world, 6, None, 5)
    modal = await world.you.click(world.inbox[-1], label="Add more")
    await world.you.submit_modal(modal, {"pain": ["5"], "sleep": ["8"], "note": "Slept *well*."})
    await world.you.click(await world.due_prompt(), label="Too unwell to answer")
    await world.you.slash("checkin log", day="2 days ago", answer="4")
    await world.you.slash("treatments start", name="Pregabalin")
    today = world.clock.now().date()
    await world.storage.marks.add([FlareMark(new_id(), world.you.id, Flare(today, today + timedelta(days=3)))])
    before = (await files_of(await report(world, files=["json"])))["check-ins.json"]

    await world.storage.members.erase(world.you.id)
    await world.enroll()
    result = await world.you.slash("checkin import", file=("check-ins.json", before))
    assert "Brought back" in said(result)
    assert "4 check-ins\n- 1 treatment\n- 1 flare" in said(result)
    after = (await files_of(await report(world, files=["json"])))["check-ins.json"]
    assert after == before
    prompts = await world.storage.prompts.history(world.you.id, 10)
    assert {(each.status, each.kind) for each in prompts} == {("answered", "own")}

    again = await world.you.slash("checkin import", file=("check-ins.json", before))
    assert "Nothing new in that file" in said(again)
    assert len(await world.storage.entries.of_member(world.you.id)) == 4


async def test_a_file_that_cannot_be_is_refused_whole(world: World) -> None:
    await days_of_pain(world, 6)
    diary = json_import((await files_of(await report(world, files=["json"])))["check-ins.json"])
    tomorrow = replace(diary.observations[0], local_date=world.clock.now().date() + timedelta(days=1))
    full = Diary(diary.measures, diary.observations, (), tuple(Mark(f"m{n}", date(2026, 1, 1)) for n in range(51)))
    for file, words in (
        (json_export(replace(diary, observations=(*diary.observations, tomorrow))), "cannot be so"),
        (json_export(full), "room for 50 treatments"),
        (b"{}", "not a file that Spoonful made"),
    ):
        assert words in said(await world.you.slash("checkin import", file=("x.json", file)))
    assert len(await world.storage.entries.of_member(world.you.id)) == 1
    assert await world.storage.marks.treatments(world.you.id) == []


async def test_the_week_stands_beside_the_message_that_asked(world: World) -> None:
    question = own_question("Did *you* go out?", OwnKind.YES_NO)
    await days_of_pain(world, 6, 5)
    await give_own(world, question)
    await write_into_latest(world, **{question.key.replace("-", "_"): 1})
    prompt = await world.due_prompt()
    messages = len(world.inbox)
    await world.restart()
    result = await world.press(WEEK.custom_id(prompt=prompt_id(prompt)))
    assert len(world.inbox) == messages + 2, "the pressed message, which stays, and the week"
    text = text_of(world.inbox[-1])
    assert "## Your week" in text
    assert "Median pain 5.5" in text
    assert r"Did \*you\* go out\?" in text
    assert "fatigue" not in text, "nothing was said about it"
    assert [each.filename for each in world.inbox[-1].attachments] == ["trend.png"]
    assert result.acknowledged
    stored = await world.storage.prompts.get(prompt_id(prompt))
    assert stored is not None
    assert stored.status == "answered"


async def test_the_week_of_somebody_else(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    result: Any = await world.press(WEEK.custom_id(prompt=prompt_id(prompt)), by=world.other)
    assert "not one of yours" in said(result)
    assert (result.followups or [result.response])[-1].ephemeral


async def test_trends_of_a_question_of_ones_own(world: World) -> None:
    steps = own_question("How many *steps*?", OwnKind.NUMBER, "steps")
    await days_of_pain(world, 6)
    await give_own(world, steps)
    await write_into_latest(world, **{steps.key.replace("-", "_"): 4200})
    choices = await world.you.autocomplete("trends", "measure", "step")
    assert choices == [{"name": "How many *steps*?", "value": steps.key}]
    text = said(await world.you.slash("trends", measure=steps.key))
    assert r"How many \*steps\*\?" in text
    assert "4200 steps" in text
    assert r"How many \*steps\*\?" in said(await world.you.slash("trends", measure="how many *steps*?"))
    assert [each["name"] for each in await world.you.autocomplete("trends", "measure", "")] == [
        "Pain",
        "Fatigue",
        "Sleep",
        "How many *steps*?",
    ]


async def test_a_question_that_is_gone_keeps_its_answers(world: World) -> None:
    await days_of_pain(world, 6)
    await write_into_latest(world, own_0123456789ab=3, own_ba9876543210=8)
    names = [each["name"] for each in await world.you.autocomplete("trends", "measure", "")]
    assert names[3:] == ["An earlier question of yours (1)", "An earlier question of yours (2)"]
    assert "Median “An earlier question of yours (2)” 8" in said(
        await world.you.slash("trends", measure="own-ba9876543210")
    ).replace("\\", "")


async def test_an_unknown_measure(world: World) -> None:
    await days_of_pain(world, 6)
    assert "no question like that" in said(await world.you.slash("trends", measure="shoe size"))
    assert "no question like that" in said(await world.press("trends:1:30:own-000000000000:dark"))


async def test_measures_of_somebody_without_a_plan(world: World) -> None:
    names = [each["name"] for each in await world.you.autocomplete("trends", "measure", "")]
    assert names == ["Pain", "Fatigue", "Sleep"]


async def test_flares_are_shaded_and_said(world: World) -> None:
    await days_of_pain(world, 6, 5)
    today = world.clock.now().date()
    await world.storage.marks.add([FlareMark(new_id(), world.you.id, Flare(today, today))])
    result = await world.you.slash("trends", days=7)
    assert "5      flare" in text_of(result.response)
    gallery = next(part for part in walk(raw_components(result.response)) if part["type"] == 12)
    assert "Flare from 24 November 2026" in gallery["items"][0]["description"]


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
    marks = [Mark(f"{number} {'long name ' * 6}"[:60], date(2026, 11, 24)) for number in range(50)]
    await world.storage.marks.add([TreatmentMark(new_id(), world.you.id, mark) for mark in marks])
    assert "room for 50" in said(await world.you.slash("treatments start", name="one too many"))
    assert "more that do not fit" in said(await world.you.slash("treatments list"))
    for answer in (await world.you.slash("treatments list"), await world.you.slash("trends")):
        assert len(said(answer)) <= 4000


class Proofs(Press):
    """A press that keeps what it is to print and draws nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.page: Appointment | None = None

    async def appointment(self, page: Appointment) -> bytes:
        self.page = page
        return b""

    async def chart(self, trend: Trend, *, dark: bool) -> bytes:
        del trend, dark
        return b""

    async def read_json(self, content: bytes) -> Diary:
        return json_import(content)


@pytest.fixture
def proofs() -> Proofs:
    return Proofs()


@pytest.fixture
async def journal(storage: Storage, library: Library, clock: FixedClock, proofs: Proofs) -> JournalService:
    """The journal of a member with a check-in; no Discord."""
    now = clock.now()
    plan = Plan("a" * 16, ME, CheckIn(), Timetable(Schedule.once_at(now + timedelta(days=1), ZoneInfo("UTC"))), now)
    await storage.plans.save(Member(ME, "Europe/London", CONSENT_VERSION, now, 5), [plan], now)
    membership = Membership(clock, storage.members)
    return JournalService(clock, library, membership, storage.plans, storage.entries, storage.marks, proofs)


def weeks_around(started: date, **marks: date | None) -> Diary:
    """Pain of 7 for twelve days before, and of 5 for twelve days from then on."""
    days = [started + timedelta(days=number) for number in range(-12, 13)]
    return Diary(
        (Measure("pain", "Pain", 0, 10, higher_is_worse=True),),
        tuple(
            Observation(
                day,
                datetime.combine(day, time(9), UTC),
                EntryKind.ANSWERED,
                {"pain": 7 if day < started else 5},
                late=True,
            )
            for day in days
        ),
        (),
        tuple(Mark(name, started, stopped) for name, stopped in marks.items()),
    )


async def test_the_page_compares_before_and_after_also_beyond_its_period(
    journal: JournalService, proofs: Proofs, clock: FixedClock
) -> None:
    started = clock.now().date() - timedelta(days=12)
    diary = weeks_around(started, yoga=None, tea=started + timedelta(days=1))
    assert await journal.restore(ME, json_export(diary)) == Restored(25, 0, 2, 0)
    wanted = Wanted(7, ["pain", "sleep"], [FileKind.PDF])
    await journal.report(ME, wanted)
    assert proofs.page is not None
    assert [type(each) for each in proofs.page.comparisons] == [Comparison]
    assert "7 before and 5 after starting yoga" in proofs.page.comparisons[0].sentence
    await journal.report(ME, replace(wanted, days=30))
    assert [type(each) for each in proofs.page.comparisons] == [TooFew, Comparison], "the one that is over as well"
    await journal.report(ME, replace(wanted, treatments=False))
    assert proofs.page.comparisons == ()
    assert proofs.page.trends[0].marks == ()


async def test_today_begins_when_the_member_says(journal: JournalService, clock: FixedClock, storage: Storage) -> None:
    clock.moment = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
    assert (await journal.trends(ME, 7)).trend.last_day == date(2026, 11, 24)
    await storage.members.set_preferences(ME, Preferences(day_begins=time(1)))
    assert (await journal.trends(ME, 7)).trend.last_day == date(2026, 11, 25)


async def test_late_entries_stay_late(journal: JournalService, clock: FixedClock) -> None:
    await journal.restore(ME, json_export(weeks_around(clock.now().date() - timedelta(days=12))))
    assert {each.late for each in (await journal.diary(ME)).observations} == {True}


async def test_a_file_sent_twice_at_once_comes_in_once(journal: JournalService, clock: FixedClock) -> None:
    content = json_export(weeks_around(clock.now().date() - timedelta(days=12)))
    both = await asyncio.gather(journal.restore(ME, content), journal.restore(ME, content))
    assert sorted(each.entries for each in both) == [0, 25]
    assert len((await journal.diary(ME)).observations) == 25


async def test_a_stopped_check_in_is_enough_to_restore_and_its_questions_stay(
    journal: JournalService, storage: Storage, clock: FixedClock
) -> None:
    await storage.plans.stop("a" * 16, clock.now())
    assert (await journal.restore(ME, json_export(weeks_around(clock.now().date() - timedelta(days=12))))).entries == 25
    assert [each.key for each in await journal.measures(ME)] == ["pain", "fatigue", "sleep"]
    with pytest.raises(UserError, match="/checkin start"):
        await journal.restore(ME + 1, b"{}")
