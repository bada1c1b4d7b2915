"""The journal: what members see of their own data, and the treatments they mark in it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.domain.checkins import Entry, new_id
from bot.domain.journal import TreatmentMark
from bot.domain.questionnaires import Question, Questionnaire, tidied
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
from bot.domain.zones import fold, zone_named
from bot.errors import UserError
from bot.services.checkins import NOT_ENROLLED
from bot.services.ports import Clock, EntryStore, MarkStore, MemberStore, Press

MARK_NAME = 60
MOST_MARKS = 50


@dataclass(frozen=True)
class TrendView:
    """One measure over a period as a value and as a picture, with how it looks around each treatment."""

    trend: Trend
    picture: bytes
    alt_text: str
    table: str
    comparisons: Sequence[tuple[Mark, Comparison | TooFew]]


@dataclass(frozen=True)
class File:
    """Something to hand over, under a name that gives nothing away."""

    name: str
    content: bytes


class JournalService:
    """Use-cases of one member's own data. Nothing here is shown to anybody else, or kept."""

    def __init__(
        self,
        clock: Clock,
        questionnaire: Questionnaire,
        members: MemberStore,
        entries: EntryStore,
        marks: MarkStore,
        press: Press,
    ) -> None:
        self._clock = clock
        self._questionnaire = questionnaire
        self._members = members
        self._entries = entries
        self._marks = marks
        self._press = press

    async def trends(self, member_id: int, days: int, key: str, *, dark: bool = True) -> TrendView:
        """One measure over the last `days` days.

        Raises:
            UserError: they have not opted in.
        """
        today = await self._today(member_id)
        diary = await self.diary(member_id)
        measure = next((each for each in diary.measures if each.key == key), diary.measures[0])
        shown = trend(diary.observations, measure, _begin(diary, today, days), today, diary.flares, diary.marks)
        around = [
            (mark, await asyncio.to_thread(before_and_after, diary.observations, measure, mark)) for mark in shown.marks
        ]
        picture = await self._press.chart(shown, dark=dark)
        return TrendView(shown, picture, self._press.alt_text(shown), self._press.table(shown), around)

    async def report(self, member_id: int, days: int, questions: Sequence[str], *, with_notes: bool) -> list[File]:
        """The appointment page and the same days as CSV, JSON and FHIR.

        Raises:
            UserError: they have not opted in, or there is nothing to report yet.
        """
        today = await self._today(member_id)
        whole = await self.diary(member_id)
        first_day = _begin(whole, today, days)
        diary = replace(
            whole, observations=tuple(each for each in whole.observations if first_day <= each.local_date <= today)
        )
        if not diary.observations:
            raise UserError(f"There are no check-ins in the last {days} days, so there is nothing to report yet.")
        trends = tuple(
            trend(diary.observations, measure, first_day, today, diary.flares, diary.marks)
            for measure in diary.measures
        )
        notes = tuple((each.local_date, each.note) for each in diary.observations if each.note) if with_notes else ()
        page = Appointment(today, trends, (), tuple(questions), notes)
        return [
            File("check-ins.pdf", await self._press.appointment(page)),
            File("check-ins.csv", await self._press.csv(diary)),
            File("check-ins.json", await self._press.json(diary)),
            File("check-ins.fhir.json", await self._press.fhir(diary)),
        ]

    async def diary(self, member_id: int) -> Diary:
        """Everything of the member's that has a date."""
        measures = tuple(_measure(question) for question in self._questionnaire.questions)
        observations = tuple(_observation(entry) for entry in await self._entries.of_member(member_id))
        marks = tuple(each.mark for each in await self._marks.of_member(member_id))
        return Diary(measures, observations, (), marks)

    async def marks(self, member_id: int) -> Sequence[TreatmentMark]:
        """The treatments the member marked, in the order of their starts."""
        return await self._marks.of_member(member_id)

    async def start_mark(self, member_id: int, name: str, card_id: str | None) -> Mark:
        """Mark that a treatment was started today.

        Raises:
            UserError: not opted in, no name, already going on, or too many marks.
        """
        today = await self._today(member_id)
        wanted = tidied(name)[:MARK_NAME].strip()
        marked = await self._marks.of_member(member_id)
        if not fold(wanted):
            raise UserError("Give the treatment a name, please.")
        if any(each.mark.stopped is None and fold(each.mark.name) == fold(wanted) for each in marked):
            raise UserError("That one is marked as going on already. /treatments list shows them all.")
        if len(marked) >= MOST_MARKS:
            raise UserError(f"There is room for {MOST_MARKS} treatments.")
        mark = Mark(wanted, today, None, card_id)
        await self._marks.add(TreatmentMark(new_id(), member_id, mark))
        return mark

    async def stop_mark(self, member_id: int, name: str) -> Mark:
        """Mark that a treatment was stopped today.

        Raises:
            UserError: no treatment of that name is going on.
        """
        today = await self._today(member_id)
        for each in await self._marks.of_member(member_id):
            if each.mark.stopped is None and fold(each.mark.name) == fold(name):
                stopped = replace(each, mark=replace(each.mark, stopped=today))
                await self._marks.replace(stopped)
                return stopped.mark
        raise UserError("No treatment of that name is going on. /treatments list shows them all.")

    async def _today(self, member_id: int) -> date:
        member = await self._members.get(member_id)
        if member is None:
            raise UserError(NOT_ENROLLED)
        return self._clock.now().astimezone(zone_named(member.zone)).date()


def _begin(diary: Diary, today: date, days: int) -> date:
    """The first day of a period: none before the member's first check-in, for those were not missed."""
    begin = today - timedelta(days=days - 1)
    return max(begin, min((each.local_date for each in diary.observations), default=begin))


def _measure(question: Question) -> Measure:
    low, high = question.scale.span
    return Measure(question.key, question.label, low, high, question.scale.higher_is_worse is not False)


def _observation(entry: Entry) -> Observation:
    late = entry.recorded_at.date() > entry.local_date + timedelta(days=1)
    return Observation(entry.local_date, entry.recorded_at, entry.kind, entry.answers.values, entry.answers.note, late)
