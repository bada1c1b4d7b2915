"""Check-ins and reminders once they are there: answering, putting off, looking back. Writes may be repeated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.checkins import (
    NOTE_LIMIT,
    Answers,
    Entry,
    EntryKind,
    Prompt,
    PromptKind,
    PromptStatus,
    new_id,
    tidy,
)
from bot.domain.journal import PastPrompt, parse_day
from bot.domain.plans import CheckIn, Plan
from bot.domain.questionnaires import Questionnaire, Score
from bot.domain.snoozes import FURTHEST, Snooze
from bot.domain.support import SafetyNet
from bot.domain.trends import streak
from bot.domain.when import parse_when
from bot.errors import UserError
from bot.services.membership import NOT_ENROLLED, Membership
from bot.services.ports import Catalogs, Clock, EntryStore, MarkStore, PlanStore, PromptStore

HISTORY = 14
"""Prompts shown at once."""

LONGEST_STREAK = 400
"""Days looked back for a streak."""

NOT_YOURS = "That check-in is not one of yours, or it is no longer here. Type /checkin now for a fresh one."
STOPPED = "That one was stopped, so it will not come again. /checkin start sets up a new one."


@dataclass(frozen=True)
class Asked:
    """A prompt with everything it asks."""

    prompt: Prompt
    questionnaire: Questionnaire


@dataclass(frozen=True)
class Recorded:
    """What stands after a tap, and what was asked.

    `already` says that an earlier tap had been stored, and stands. `safety` is what the member wants to read first
    after a high answer; `streak` the days in a row, for those who want to know.
    """

    entry: Entry
    questionnaire: Questionnaire
    already: bool = False
    safety: SafetyNet | None = None
    streak: int | None = None


class CheckInService:
    """Use-cases of one member's prompts. `support_path` is the operator's word on where to turn to, if set."""

    def __init__(
        self,
        clock: Clock,
        content: Catalogs,
        membership: Membership,
        plans: PlanStore,
        prompts: PromptStore,
        entries: EntryStore,
        marks: MarkStore,
        support_path: str | None = None,
    ) -> None:
        self._clock = clock
        self._content = content
        self._membership = membership
        self._plans = plans
        self._prompts = prompts
        self._entries = entries
        self._marks = marks
        self._support_path = support_path

    def asked(self, plan: Plan) -> Questionnaire:
        """What a check-in asks, with the content as it is now; the daily one for a plan that asks nothing."""
        purpose = plan.purpose if isinstance(plan.purpose, CheckIn) else CheckIn()
        return purpose.asked(self._content.catalog.questionnaires)

    async def check_ins(self, member_id: int) -> list[tuple[Plan, Questionnaire]]:
        """The member's running check-ins, oldest first, with what they ask."""
        plans = await self._plans.of_member(member_id)
        running = [plan for plan in plans if plan.stopped_at is None and isinstance(plan.purpose, CheckIn)]
        return [(plan, self.asked(plan)) for plan in running]

    async def start_now(self, member_id: int, wanted: str | None = None) -> Asked:
        """A check-in that the member starts on their own: the one with that questionnaire, or their first.

        Raises:
            UserError: they have not opted in, or to another one.
        """
        plan, asked = await self._chosen(member_id, wanted)
        return Asked(await self._open_prompt(plan, await self._membership.today(member_id)), asked)

    async def log(self, member_id: int, day: str, answer: str, wanted: str | None = None) -> Recorded:
        """A check-in for a day that has passed, as the member remembers it.

        Raises:
            UserError: they have not opted in, or the day or the answer does not fit; then nothing is stored.
        """
        plan, asked = await self._chosen(member_id, wanted)
        today = await self._membership.today(member_id)
        local_date = parse_day(day, today)
        value = asked.validate_answer(asked.first.key, answer)
        prompt = await self._open_prompt(plan, local_date)
        answers = Answers(values={asked.first.key: value})
        return await self._record(prompt, asked, EntryKind.ANSWERED, answers, late=local_date < today)

    async def record(self, member_id: int, prompt_id: str, answer: str) -> Recorded:
        """One tap: the answer to the first question is a complete check-in.

        Raises:
            UserError: the prompt is not theirs, or the answer is none; then nothing is stored.
        """
        prompt, asked = await self._own_check_in(member_id, prompt_id)
        value = asked.validate_answer(asked.first.key, answer)
        return await self._record(prompt, asked, EntryKind.ANSWERED, Answers(values={asked.first.key: value}))

    async def record_same(self, member_id: int, prompt_id: str) -> Recorded:
        """The scores of the member's latest entry of this kind once more, stored as "same".

        Raises:
            UserError: the prompt is not theirs, or there is no earlier score to repeat.
        """
        prompt, asked = await self._own_check_in(member_id, prompt_id)
        latest = await self._entries.latest(member_id, asked.first.key)
        if latest is None:
            raise UserError("There is no earlier check-in to repeat yet. Pick a number this once, please.")
        return await self._record(prompt, asked, EntryKind.SAME, latest.answers.model_copy(update={"note": None}))

    async def record_unwell(self, member_id: int, prompt_id: str) -> Recorded:
        """Too unwell to answer: an answer of its own, without scores.

        Raises:
            UserError: the prompt is not theirs.
        """
        prompt, asked = await self._own_check_in(member_id, prompt_id)
        return await self._record(prompt, asked, EntryKind.UNWELL, Answers())

    async def entry_of(self, member_id: int, prompt_id: str) -> Recorded:
        """What was saved for a prompt.

        Raises:
            UserError: the prompt is not theirs, or has no entry yet.
        """
        _, asked = await self._own_check_in(member_id, prompt_id)
        entry = await self._entries.of_prompt(prompt_id)
        if entry is None:
            raise UserError("Answer the first question first, please; then there is something to add to.")
        return Recorded(entry, asked)

    async def add_details(
        self, member_id: int, prompt_id: str, details: Mapping[str, str], shown: Sequence[str]
    ) -> Recorded:
        """Write a filled-in form over an entry. `shown` are the keys that were on the form.

        What was left empty there is cleared, except the first question; what was not on the form stays.

        Raises:
            UserError: the entry is not theirs or not there, or a value does not fit; then nothing is changed.
        """
        stands = await self.entry_of(member_id, prompt_id)
        entry, asked = stands.entry, stands.questionnaire
        values = {
            key: value for key, value in entry.answers.values.items() if key not in shown or key == asked.first.key
        }
        for key in shown:
            if key in details and asked.question(key):
                values[key] = asked.validate_answer(key, details[key])
        note = tidy(details.get("note")) if "note" in shown else entry.answers.note
        if note and len(note) > NOTE_LIMIT:
            raise UserError(f"A note has room for {NOTE_LIMIT:,} characters. What you had saved before is still there.")
        rescored = values.get(asked.first.key) != entry.answers.values.get(asked.first.key)
        kind = EntryKind.ANSWERED if rescored else entry.kind
        changed = replace(entry, kind=kind, answers=Answers(values=values, note=note))
        async with self._membership.throughout(member_id):
            await self._entries.replace(changed)
            return Recorded(changed, asked, safety=await self._safety_net(changed, asked))

    async def history(self, member_id: int) -> tuple[str, Sequence[tuple[PastPrompt, Plan]]]:
        """The member's zone, and what became of their latest prompts, newest first, each with its plan.

        Raises:
            UserError: they have not opted in.
        """
        member = await self._membership.enrolled(member_id)
        plans = {plan.id: plan for plan in await self._plans.of_member(member_id)}
        past = await self._prompts.history(member_id, HISTORY)
        return member.zone, [(each, plans[each.plan_id]) for each in past if each.plan_id in plans]

    async def delete(self, member_id: int, prompt_id: str) -> None:
        """Forget one entry for good.

        Raises:
            UserError: it is not theirs, or not there.
        """
        await self._entries.delete((await self.entry_of(member_id, prompt_id)).entry)

    async def skip(self, member_id: int, prompt_id: str) -> Recorded | None:
        """End a prompt without an answer. Returns the entry instead if one had been stored: it stays.

        Raises:
            UserError: the prompt is not theirs.
        """
        prompt, plan = await self._own(member_id, prompt_id)
        await self._prompts.settle(prompt.id, PromptStatus.SKIPPED)
        entry = await self._entries.of_prompt(prompt_id)
        return None if entry is None else Recorded(entry, self.asked(plan), already=True)

    async def done(self, member_id: int, prompt_id: str) -> None:
        """The member did what a reminder was about.

        Raises:
            UserError: the prompt is not theirs.
        """
        prompt, _ = await self._own(member_id, prompt_id)
        await self._prompts.settle(prompt.id, PromptStatus.ANSWERED)

    async def snoozes(self, member_id: int, prompt_id: str) -> tuple[ZoneInfo, Mapping[Snooze, datetime]]:
        """How far the prompt can be put off, outside the member's quiet hours, and the clock to read it by.

        Raises:
            UserError: the prompt is not theirs.
        """
        await self._own(member_id, prompt_id)
        zone = await self._membership.zone(member_id)
        now, quiet = self._clock.now(), (await self._membership.preferences(member_id)).quiet
        moments = {snooze: snooze.until(now, zone) for snooze in Snooze}
        return zone, {
            snooze: until
            for snooze, until in moments.items()
            if until > now and not (quiet and quiet.covers(until.astimezone(zone).time()))
        }

    async def snooze(self, member_id: int, prompt_id: str, until: datetime) -> datetime:
        """Ask again at that instant, on the member's clock in the answer.

        Raises:
            UserError: the prompt is not theirs or has ended, or the time is past, too far off or in quiet hours.
        """
        prompt, plan = await self._own(member_id, prompt_id)
        now, zone = self._clock.now(), await self._membership.zone(member_id)
        local, quiet = until.astimezone(zone), (await self._membership.preferences(member_id)).quiet
        if plan.stopped_at is not None:
            raise UserError(STOPPED)
        if not now < until <= now + FURTHEST:
            raise UserError(f"I can put it off for up to {FURTHEST.days} days. Choose a time from now on, please.")
        if quiet and quiet.covers(local.time()):
            raise UserError(f"{local:%H:%M} falls into your quiet hours ({quiet.describe()}). Choose another time.")
        later = Prompt(
            new_id(),
            plan.id,
            member_id,
            await self._day(prompt),
            until,
            PromptStatus.DUE,
            PromptKind.SNOOZE,
            about=prompt.about or prompt.id,  # however often it is put off, it goes back to the first
            expires_at=until + plan.timetable.answer_within,
        )
        if not await self._prompts.put_off(prompt.id, later):
            raise UserError("That one is settled already, so there is nothing to put off.")
        return local

    async def snooze_by(self, member_id: int, prompt_id: str, snooze: Snooze) -> datetime:
        """As `snooze`, for one of the choices at the moment it is picked."""
        zone = await self._membership.zone(member_id)
        return await self.snooze(member_id, prompt_id, snooze.until(self._clock.now(), zone))

    async def snooze_until(self, member_id: int, prompt_id: str, typed: str) -> datetime:
        """As `snooze`, for a time as people type it."""
        zone = await self._membership.zone(member_id)
        return await self.snooze(member_id, prompt_id, parse_when(typed, self._clock.now(), zone))

    async def prompt(self, member_id: int, prompt_id: str) -> tuple[Prompt, Plan, Questionnaire]:
        """One of the member's prompts with all it takes to show it.

        Raises:
            UserError: it is not theirs.
        """
        prompt, plan = await self._own(member_id, prompt_id)
        return prompt, plan, self.asked(plan)

    async def expire(self) -> int:
        """Close the prompts that were not answered in time."""
        return await self._prompts.expire(self._clock.now())

    async def _record(
        self, prompt: Prompt, asked: Questionnaire, kind: EntryKind, answers: Answers, *, late: bool = False
    ) -> Recorded:
        now = self._clock.now()
        late = late or (prompt.expires_at is not None and now > prompt.expires_at)
        async with self._membership.throughout(prompt.member_id):
            day = await self._day(prompt)
            entry = Entry(new_id(), prompt.member_id, prompt.id, day, now, kind, answers, late)
            stored, created = await self._entries.record(entry)
            return Recorded(
                stored,
                asked,
                already=not created,
                safety=await self._safety_net(stored, asked),
                streak=await self._streak(stored),
            )

    async def _safety_net(self, entry: Entry, asked: Questionnaire) -> SafetyNet | None:
        """After a high answer, for a member who asked for it: by a questionnaire about mood, or by a safety plan."""
        safety = (await self._membership.preferences(entry.member_id)).safety
        values = entry.answers.values
        high_total = asked.is_high(values)
        first = asked.first
        worst_first = isinstance(first.scale, Score) and first.scale.higher_is_worse
        high_score = safety and worst_first and values.get(first.key, -1) >= safety.from_score
        if not (high_total or high_score):
            return None
        country = next(
            (each for each in self._content.catalog.support if safety and each.country == safety.country), None
        )
        meaning = asked.scoring.high_means if high_total and asked.scoring else None
        return SafetyNet(safety.text if safety else "", country, self._support_path, meaning)

    async def _streak(self, entry: Entry) -> int | None:
        if not (await self._membership.preferences(entry.member_id)).streaks:
            return None
        answered = await self._entries.days(entry.member_id, LONGEST_STREAK)
        flares = [each.mark for each in await self._marks.flares(entry.member_id)]
        return streak(answered, await self._membership.today(entry.member_id), flares)

    async def _chosen(self, member_id: int, wanted: str | None) -> tuple[Plan, Questionnaire]:
        """The member's check-in with the questionnaire of that id or name, or their first one."""
        await self._membership.enrolled(member_id)
        running = await self.check_ins(member_id)
        for plan, asked in running:
            if wanted is None or wanted.strip().casefold() in {asked.id.casefold(), asked.name.casefold()}:
                return plan, asked
        if not running:
            raise UserError(NOT_ENROLLED)
        names = ", ".join(asked.name for _, asked in running)
        raise UserError(f"You have these check-ins: {names}. Please pick one of them.")

    async def _day(self, prompt: Prompt) -> date:
        """The day that an answer is about. Only a scheduled prompt may stand in the small hours of the next date."""
        if prompt.kind is not PromptKind.SCHEDULED:
            return prompt.local_date
        preferences = await self._membership.preferences(prompt.member_id)
        zone = await self._membership.zone(prompt.member_id)
        shifted = preferences.day_of(prompt.due_at, zone)
        return shifted if shifted == prompt.local_date - timedelta(days=1) else prompt.local_date

    async def _open_prompt(self, plan: Plan, local_date: date) -> Prompt:
        """A prompt the member asked for themselves, ready to be answered."""
        now = self._clock.now()
        prompt = Prompt(new_id(), plan.id, plan.member_id, local_date, now, PromptStatus.SENT, PromptKind.OWN)
        await self._prompts.add(prompt)
        return prompt

    async def _own(self, member_id: int, prompt_id: str) -> tuple[Prompt, Plan]:
        """The prompt, if it is this member's. "Not yours" and "not there" sound the same, so nothing is given away."""
        prompt = await self._prompts.get(prompt_id)
        plan = await self._plans.get(prompt.plan_id) if prompt and prompt.member_id == member_id else None
        if prompt is None or plan is None:
            raise UserError(NOT_YOURS)
        await self._membership.enrolled(member_id)  # before anything is stored
        return prompt, plan

    async def _own_check_in(self, member_id: int, prompt_id: str) -> tuple[Prompt, Questionnaire]:
        prompt, plan = await self._own(member_id, prompt_id)
        if not isinstance(plan.purpose, CheckIn):
            raise UserError(NOT_YOURS)
        return prompt, self.asked(plan)
