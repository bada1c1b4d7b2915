"""Plans: what a member opted into, and when it prompts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import Field

from bot.domain.cards import Frozen, Slug
from bot.domain.questionnaires import DEFAULT, MAX_OWN_QUESTIONS, Question, Questionnaire
from bot.domain.schedules import Key, Occurrence, Schedule

REMINDER_LIMIT = 200
"""Characters of a reminder: it is read at a glance, on a lock screen."""

MOST_PLANS = 10
"""Running plans of one member."""

NUDGE_AFTER = timedelta(hours=2)


class CheckIn(Frozen):
    """Ask the questions of a questionnaire of ours, and a few of the member's own."""

    kind: Literal["check-in"] = "check-in"
    questionnaire: Slug = DEFAULT
    own: Annotated[tuple[Question, ...], Field(max_length=MAX_OWN_QUESTIONS)] = ()

    def asked(self, questionnaires: Mapping[str, Questionnaire]) -> Questionnaire:
        """Everything this check-in asks. One whose questionnaire has left the content goes on with the daily one."""
        ours = questionnaires.get(self.questionnaire) or questionnaires[DEFAULT]
        return ours.model_copy(update={"questions": (*ours.questions, *self.own)})


class Reminder(Frozen):
    """Say what the member wanted to be told."""

    kind: Literal["reminder"] = "reminder"
    text: Annotated[str, Field(min_length=1, max_length=REMINDER_LIMIT)]


class Digest(Frozen):
    """Say that the week can be looked at."""

    kind: Literal["digest"] = "digest"


class FlareQuestion(Frozen):
    """Ask once, gently, whether a flare is over."""

    kind: Literal["flare"] = "flare"


Purpose: TypeAlias = CheckIn | Reminder | Digest | FlareQuestion


@dataclass(frozen=True)
class Timetable:
    """When a plan prompts, and how long it waits for an answer.

    Until `paused_until` it is silent; until `eased_until` (a flare) it asks once every other day, not on the last one,
    when the flare is asked about, and never nudges. Both are the first local date of the usual rhythm.
    """

    schedule: Schedule
    paused_until: date | None = None
    eased_until: date | None = None
    answer_within: timedelta = timedelta(hours=12)
    nudge: bool = False

    def after(self, moment: datetime, zone: ZoneInfo, *, past: Key | None = None) -> Iterator[Occurrence]:
        """Every occurrence later than `moment`, soonest first, with a key beyond `past`; `Schedule.after` says more."""
        return (each for each in self.schedule.after(moment, zone, past=past) if self._prompts_at(each))

    def coming(self, moment: datetime, zone: ZoneInfo, count: int, *, past: Key | None = None) -> list[Occurrence]:
        return list(islice(self.after(moment, zone, past=past), count))

    def eases(self, day: date) -> bool:
        """Whether a local date lies in a flare."""
        return self.eased_until is not None and day < self.eased_until

    def nudges(self, day: date) -> bool:
        """Whether a prompt of that local date is asked about once more."""
        return self.nudge and not self.eases(day)

    def _prompts_at(self, occurrence: Occurrence) -> bool:
        day = occurrence.local_date
        if self.paused_until is not None and day < self.paused_until:
            return False
        if self.eased_until is not None and day < self.eased_until:
            until_asked = (self.eased_until - day).days - 1
            return occurrence.slot == 0 and until_asked > 0 and until_asked % 2 == 0
        return True


@dataclass(frozen=True)
class Plan:
    """What a member opted into. A stopped plan keeps its history and prompts no more."""

    id: str
    member_id: int
    purpose: Purpose
    timetable: Timetable
    created_at: datetime
    stopped_at: datetime | None = None

    @property
    def schedule(self) -> Schedule:
        return self.timetable.schedule
