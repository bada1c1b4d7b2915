"""The journal: what members see of their own data, the treatments they mark in it, and what they bring back."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from bot.domain import restoring
from bot.domain.checkins import Entry, EntryKind, Prompt, PromptKind, PromptStatus, new_id
from bot.domain.journal import FlareMark, TreatmentMark
from bot.domain.measures import measures
from bot.domain.plans import CheckIn, Plan
from bot.domain.questionnaires import DEFAULT, Question, tidied
from bot.domain.restoring import mark_name
from bot.domain.trends import (
    Appointment,
    Comparison,
    Diary,
    Mark,
    Measure,
    Observation,
    TooFew,
    Trend,
    before_and_after,
    trend,
)
from bot.domain.zones import fold
from bot.errors import UserError
from bot.services.membership import NOT_ENROLLED, Membership
from bot.services.ports import Catalogs, Clock, EntryStore, MarkStore, PlanStore, Press

MOST_MARKS = 50
MOST_QUESTIONS = 5
QUESTION_LIMIT = 300
WEEK_DAYS = 7

COMPARED_MARKS, COMPARED_MEASURES = 10, 4
"""Treatments, the latest ones, and measures that a report compares."""

NO_SUCH_MEASURE = "I have no question like that of yours. Leave `measure` out, or pick one from the list it offers."
NO_MEASURE = "Choose at least one of your questions, please; a page needs something to show. Nothing was made."
NO_FILE = "Choose at least one kind of file, please. Nothing was made."


@dataclass(frozen=True)
class TrendView:
    """One measure over a period as a value and as a picture, with how it looks around each treatment."""

    trend: Trend
    picture: bytes
    alt_text: str
    table: str
    comparisons: Sequence[tuple[Mark, Comparison | TooFew]]


@dataclass(frozen=True)
class Week:
    """The last seven days: every measure that has something to say, and a picture of the first."""

    trends: Sequence[Trend]
    picture: bytes
    alt_text: str


class FileKind(StrEnum):
    """The files of a report, by their endings."""

    PDF = "pdf"
    CSV = "csv"
    JSON = "json"
    FHIR = "fhir.json"


@dataclass(frozen=True)
class File:
    """Something to hand over, under a name that gives nothing away."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Wanted:
    """What a member wants in a report. `measures` are keys; `questions` are as typed, one a line."""

    days: int
    measures: Collection[str]
    files: Collection[str]
    questions: str = ""
    treatments: bool = True
    notes: bool = False


@dataclass(frozen=True)
class Report:
    """The files, and whether the page had no room for all that was to be asked."""

    files: Sequence[File]
    questions_cut: bool


@dataclass(frozen=True)
class Restored:
    """What came back from a file. `already` were there, and stay as they are."""

    entries: int
    already: int
    treatments: int
    flares: int


class JournalService:
    """Use-cases of one member's own data. Nothing here is shown to anybody else, and no report is kept."""

    def __init__(
        self,
        clock: Clock,
        content: Catalogs,
        membership: Membership,
        plans: PlanStore,
        entries: EntryStore,
        marks: MarkStore,
        press: Press,
    ) -> None:
        self._clock = clock
        self._content = content
        self._membership = membership
        self._plans = plans
        self._entries = entries
        self._marks = marks
        self._press = press
        self._restoring = asyncio.Lock()

    async def measures(self, member_id: int) -> Sequence[Measure]:
        """What of the member's can be counted, their running check-ins first; the daily check-in's for a stranger."""
        return (await self.diary(member_id)).measures

    async def trends(self, member_id: int, days: int, key: str | None = None, *, dark: bool = True) -> TrendView:
        """One measure over the last `days` days: the one with that key or label, or the first.

        Raises:
            UserError: they have not opted in, or have no such measure.
        """
        async with self._membership.throughout(member_id):
            today = await self._membership.today(member_id)
            diary = await self.diary(member_id)
            measure = _wanted(diary.measures, key)
            shown = _trend(diary, measure, _begin(diary, today, days), today)
            compared = () if measure.words else shown.marks
            around = [
                (mark, await asyncio.to_thread(before_and_after, diary.observations, measure, mark))
                for mark in compared
            ]
            picture = await self._press.chart(shown, dark=dark)
            return TrendView(shown, picture, self._press.alt_text(shown), self._press.table(shown), around)

    async def week(self, member_id: int) -> Week:
        """The last seven days in short.

        Raises:
            UserError: they have not opted in.
        """
        async with self._membership.throughout(member_id):
            today = await self._membership.today(member_id)
            diary = await self.diary(member_id)
            first_day = _begin(diary, today, WEEK_DAYS)
            trends = [_trend(diary, measure, first_day, today) for measure in diary.measures]
            shown = [each for each in trends if each.values] or trends[:1]
            picture = await self._press.chart(shown[0], dark=True)
            return Week(shown, picture, self._press.alt_text(shown[0]))

    async def reportable(self, member_id: int, days: int) -> Sequence[Measure]:
        """What a report over the last `days` days can show.

        Raises:
            UserError: they have not opted in, or there is nothing to report yet.
        """
        diary, _ = await self._to_report(member_id, days)
        return diary.measures

    async def report(self, member_id: int, wanted: Wanted) -> Report:
        """The appointment page and the same days as CSV, JSON and FHIR, whatever of it is wanted.

        The JSON holds notes and treatments in any case, so that it can be brought back whole.

        Raises:
            UserError: they have not opted in, chose too little, there is nothing to report yet, or they were erased
                meanwhile.
        """
        async with self._membership.throughout(member_id):
            return await self._report(member_id, wanted)

    async def _report(self, member_id: int, wanted: Wanted) -> Report:
        whole, today = await self._to_report(member_id, wanted.days)
        chosen = tuple(each for each in whole.measures if each.key in wanted.measures)
        if not chosen:
            raise UserError(NO_MEASURE)
        files = [kind for kind in FileKind if kind in wanted.files]
        if not files:
            raise UserError(NO_FILE)
        complete = _part(whole, chosen, _begin(whole, today, wanted.days), today)
        shared = _shared(complete, treatments=wanted.treatments, notes=wanted.notes)
        questions, cut = questions_of(wanted.questions)
        contents = {
            FileKind.PDF: lambda: self._page(whole, shared, today, wanted.days, questions),
            FileKind.CSV: lambda: self._press.csv(shared),
            FileKind.JSON: lambda: self._press.json(complete),
            FileKind.FHIR: lambda: self._press.fhir(shared),
        }
        return Report([File(f"check-ins.{kind}", await contents[kind]()) for kind in files], cut)

    async def restore(self, member_id: int, content: bytes) -> Restored:
        """Bring back a diary from the JSON file of a report. What is there already stays as it is.

        Raises:
            UserError: not opted in, not such a file, or something in it cannot be; then nothing is changed. Or they
                were erased meanwhile; then nothing is there.
        """
        async with self._membership.throughout(member_id):
            today = await self._membership.today(member_id)
            plans = await self._check_ins(member_id)
            if not plans:
                raise UserError(NOT_ENROLLED)
            diary = await self._press.read_json(content)
            questions = [*self._asked(plans), *self._ours()]
            await asyncio.to_thread(restoring.check, diary, questions, today, self._clock.now())
            async with self._restoring:  # one at a time, so that a file sent twice at once does not come in twice
                return await self._add(member_id, plans[0], diary)

    async def diary(self, member_id: int) -> Diary:
        """Everything of the member's that has a date, with all that they can be asked."""
        entries = await self._entries.of_member(member_id)
        plans = await self._check_ins(member_id)
        return Diary(
            self._measures(plans, entries),
            tuple(map(_observation, entries)),
            tuple(each.mark for each in await self._marks.flares(member_id)),
            tuple(each.mark for each in await self._marks.treatments(member_id)),
        )

    async def marks(self, member_id: int) -> Sequence[TreatmentMark]:
        """The treatments the member marked, in the order of their starts."""
        return await self._marks.treatments(member_id)

    async def start_mark(self, member_id: int, name: str, card_id: str | None) -> Mark:
        """Mark that a treatment was started today.

        Raises:
            UserError: not opted in, no name, already going on, or too many marks.
        """
        today = await self._membership.today(member_id)
        wanted = mark_name(name)
        marked = await self._marks.treatments(member_id)
        if not fold(wanted):
            raise UserError("Give the treatment a name, please.")
        if any(each.mark.stopped is None and fold(each.mark.name) == fold(wanted) for each in marked):
            raise UserError("That one is marked as going on already. /treatments list shows them all.")
        if len(marked) >= MOST_MARKS:
            raise UserError(f"There is room for {MOST_MARKS} treatments.")
        mark = Mark(wanted, today, None, card_id)
        await self._marks.add([TreatmentMark(new_id(), member_id, mark)])
        return mark

    async def stop_mark(self, member_id: int, name: str) -> Mark:
        """Mark that a treatment was stopped today.

        Raises:
            UserError: no treatment of that name is going on.
        """
        today = await self._membership.today(member_id)
        for each in await self._marks.treatments(member_id):
            if each.mark.stopped is None and fold(each.mark.name) == fold(name):
                stopped = replace(each, mark=replace(each.mark, stopped=today))
                await self._marks.replace(stopped)
                return stopped.mark
        raise UserError("No treatment of that name is going on. /treatments list shows them all.")

    async def _to_report(self, member_id: int, days: int) -> tuple[Diary, date]:
        """The whole diary and the member's today, if there is anything in the last `days` days."""
        today = await self._membership.today(member_id)
        diary = await self.diary(member_id)
        first_day = today - timedelta(days=days - 1)
        if not any(first_day <= each.local_date <= today for each in diary.observations):
            raise UserError(f"There are no check-ins in the last {days} days, so there is nothing to report yet.")
        return diary, today

    async def _page(self, whole: Diary, shared: Diary, today: date, days: int, questions: Sequence[str]) -> bytes:
        """Comparisons look at all days around a treatment, also at those before the period."""
        first_day = _begin(whole, today, days)
        trends = tuple(_trend(shared, measure, first_day, today) for measure in shared.measures)
        compared = await asyncio.to_thread(_comparisons, whole.observations, shared.measures, shared.marks)
        notes = tuple((each.local_date, each.note) for each in shared.observations if each.note)
        return await self._press.appointment(Appointment(today, trends, compared, tuple(questions), notes))

    async def _add(self, member_id: int, plan: Plan, diary: Diary) -> Restored:
        """Add what is not there yet, its prompts hanging on that plan."""
        there = [(each.local_date, each.recorded_at) for each in await self._entries.of_member(member_id)]
        treatments = [each.mark for each in await self._marks.treatments(member_id)]
        new = restoring.new_observations(diary, there)
        marks = restoring.new_marks(diary, treatments)
        flares = restoring.new_flares(diary, (each.mark for each in await self._marks.flares(member_id)))
        if len(treatments) + len(marks) > MOST_MARKS:
            raise UserError(
                f"There is room for {MOST_MARKS} treatments, and with those in the file it would be "
                f"{len(treatments) + len(marks)}. Nothing was changed."
            )
        await self._entries.add_all([_answered(plan, each) for each in new])
        await self._marks.add(
            [
                *(TreatmentMark(new_id(), member_id, mark) for mark in marks),
                *(FlareMark(new_id(), member_id, flare) for flare in flares),
            ]
        )
        return Restored(len(new), len(diary.observations) - len(new), len(marks), len(flares))

    async def _check_ins(self, member_id: int) -> list[Plan]:
        """The member's check-ins, oldest first, the stopped ones after those that run."""
        plans = [plan for plan in await self._plans.of_member(member_id) if isinstance(plan.purpose, CheckIn)]
        return sorted(plans, key=lambda plan: plan.stopped_at is not None)

    def _measures(self, plans: Sequence[Plan], entries: Sequence[Entry]) -> tuple[Measure, ...]:
        values: defaultdict[str, list[float]] = defaultdict(list)
        for entry in entries:
            for key, value in entry.answers.values.items():
                values[key].append(value)
        found = measures(self._asked(plans), self._ours(), values)
        return found or measures(self._content.catalog.questionnaires[DEFAULT].questions, (), {})

    def _asked(self, plans: Sequence[Plan]) -> Iterator[Question]:
        for plan in plans:
            if isinstance(plan.purpose, CheckIn):
                yield from plan.purpose.asked(self._content.catalog.questionnaires).questions

    def _ours(self) -> Iterator[Question]:
        for questionnaire in self._content.catalog.questionnaires.values():
            yield from questionnaire.questions


def questions_of(typed: str) -> tuple[list[str], bool]:
    """Questions typed one a line, as many and as much of each as a page takes, and whether that cut any."""
    lines = [line for line in map(tidied, typed.splitlines()) if line]
    kept = [line[:QUESTION_LIMIT].rstrip() for line in lines[:MOST_QUESTIONS]]
    return kept, kept != lines


def _wanted(found: Sequence[Measure], key: str | None) -> Measure:
    if key is None:
        return found[0]
    for measure in found:
        if key == measure.key or fold(key) == fold(measure.label):
            return measure
    raise UserError(NO_SUCH_MEASURE)


def _trend(diary: Diary, measure: Measure, first_day: date, last_day: date) -> Trend:
    return trend(diary.observations, measure, first_day, last_day, diary.flares, diary.marks)


def _begin(diary: Diary, today: date, days: int) -> date:
    """The first day of a period: none before the member's first check-in, for those were not missed."""
    begin = today - timedelta(days=days - 1)
    return max(begin, min((each.local_date for each in diary.observations), default=begin))


def _part(diary: Diary, chosen: tuple[Measure, ...], first_day: date, last_day: date) -> Diary:
    """A diary with these measures only, and with what touches these days."""
    keys = {measure.key for measure in chosen}
    shown = _trend(diary, chosen[0], first_day, last_day)
    observations = (
        replace(each, values={key: value for key, value in each.values.items() if key in keys})
        for each in diary.observations
        if first_day <= each.local_date <= last_day
    )
    said = tuple(each for each in observations if each.values or each.note or each.kind is EntryKind.UNWELL)
    return Diary(chosen, said, shown.flares, shown.marks)


def _shared(diary: Diary, *, treatments: bool, notes: bool) -> Diary:
    """A diary without what is not to be shown to others."""
    observations = diary.observations if notes else tuple(replace(each, note=None) for each in diary.observations)
    said = tuple(each for each in observations if each.values or each.note or each.kind is EntryKind.UNWELL)
    return replace(diary, observations=said, marks=diary.marks if treatments else ())


def _comparisons(
    observations: Sequence[Observation], chosen: Iterable[Measure], marks: Sequence[Mark]
) -> tuple[Comparison | TooFew, ...]:
    """Before and after the latest treatments, newest first. What is still too little is said once a treatment."""
    counted = [measure for measure in chosen if not measure.words][:COMPARED_MEASURES]
    found: list[Comparison | TooFew] = []
    for mark in marks[: -COMPARED_MARKS - 1 : -1]:
        around = [before_and_after(observations, measure, mark) for measure in counted]
        found += [each for each in around if isinstance(each, Comparison)] or around[:1]
    return tuple(found)


def _observation(entry: Entry) -> Observation:
    answers = entry.answers
    return Observation(entry.local_date, entry.recorded_at, entry.kind, answers.values, answers.note, entry.late)


def _answered(plan: Plan, each: Observation) -> tuple[Prompt, Entry]:
    """An observation as an entry, with the prompt that it hangs on."""
    answers, day, at = restoring.answers_of(each), each.local_date, each.recorded_at
    prompt = Prompt(new_id(), plan.id, plan.member_id, day, at, PromptStatus.ANSWERED, PromptKind.OWN)
    return prompt, Entry(new_id(), plan.member_id, prompt.id, day, at, each.kind, answers, each.late)
