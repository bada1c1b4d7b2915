"""Restoring: what of a diary that comes back in a file is new, and whether all of it can be true."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from pydantic import ValidationError

from bot.domain.checkins import Answers, tidy
from bot.domain.questionnaires import FURTHEST, Question, tidied
from bot.domain.trends import Diary, Flare, Mark, Observation
from bot.domain.zones import fold
from bot.errors import UserError

MARK_NAME = 60
"""Characters of a treatment's name."""

MOST_ENTRIES = 20_000
"""Entries of one file: five a day for ten years."""

MOST_FLARES = 500
FIRST_DAY = date(1970, 1, 1)
FLARE_AHEAD = timedelta(days=28)
"""A flare is set for some days ahead."""

UNCHANGED = "Nothing was changed."


def mark_name(text: str) -> str:
    """A treatment's name as it is kept; empty if nothing is left to see."""
    return tidied(text)[:MARK_NAME].strip()


def check(diary: Diary, questions: Iterable[Question], today: date, now: datetime) -> None:
    """Refuse a diary with days to come, or with answers that the questions do not take.

    Raises:
        UserError: it names the first problem.
    """
    if len(diary.observations) > MOST_ENTRIES or len(diary.flares) > MOST_FLARES:
        raise UserError(f"That file has more in it than I can take: {MOST_ENTRIES} check-ins. {UNCHANGED}")
    for day, latest in _days(diary, today):
        if not FIRST_DAY <= day <= latest:
            raise UserError(f"Something in that file is dated {day}, which cannot be so. {UNCHANGED}")
    known = {question.key: question for question in questions}
    for each in diary.observations:
        if each.recorded_at > now + timedelta(days=1):
            raise UserError(f"The check-in of {each.local_date} was written in the future. {UNCHANGED}")
        _check_values(each, known)
    if not all(mark_name(mark.name) for mark in diary.marks):
        raise UserError(f"A treatment in that file has no name. {UNCHANGED}")


def answers_of(observation: Observation) -> Answers:
    """What is stored of an observation.

    Raises:
        UserError: one of its questions cannot be one of ours.
    """
    try:
        return Answers(values=observation.values, note=tidy(observation.note))
    except ValidationError:
        day = observation.local_date
        raise UserError(f"The check-in of {day} answers a question that I cannot keep. {UNCHANGED}") from None


def new_observations(diary: Diary, there: Iterable[tuple[date, datetime]]) -> list[Observation]:
    """Those that are not `there` yet, told by the day they are about and the moment they were written; none twice."""
    known = set(there)
    found = {(each.local_date, each.recorded_at): each for each in diary.observations}
    return [each for key, each in found.items() if key not in known]


def new_marks(diary: Diary, there: Iterable[Mark]) -> list[Mark]:
    """Treatments that are not there yet, told by their name and the day they were started."""
    known = {(fold(mark.name), mark.started) for mark in there}
    named = [replace(mark, name=mark_name(mark.name)) for mark in diary.marks]
    found = {(fold(mark.name), mark.started): mark for mark in named}
    return [mark for key, mark in found.items() if key not in known]


def new_flares(diary: Diary, there: Iterable[Flare]) -> list[Flare]:
    """Flares that are not there yet, told by their first day."""
    known: Collection[date] = {flare.first for flare in there}
    found = {flare.first: flare for flare in diary.flares}
    return [flare for first, flare in found.items() if first not in known]


def _days(diary: Diary, today: date) -> Iterator[tuple[date, date]]:
    """Every day in a diary, and the latest that it may be."""
    for each in diary.observations:
        yield each.local_date, today
    for mark in diary.marks:
        yield mark.started, today
        yield mark.stopped or mark.started, today
    for flare in diary.flares:
        yield flare.first, today
        yield flare.last or flare.first, today + FLARE_AHEAD


def _check_values(observation: Observation, known: Mapping[str, Question]) -> None:
    for key, value in observation.values.items():
        low, high = known[key].scale.span if key in known else (-FURTHEST, FURTHEST)
        if not low <= value <= high:
            raise UserError(f"The check-in of {observation.local_date} has an answer that does not fit. {UNCHANGED}")
