"""Check-ins: opting in, answering, stopping. Every write here may be retried without harm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

from bot.domain.checkins import (
    CONSENT_VERSION,
    NOTE_LIMIT,
    Answers,
    Entry,
    EntryKind,
    Member,
    Plan,
    Prompt,
    PromptStatus,
    new_id,
    tidy,
)
from bot.domain.journal import PastPrompt, parse_day
from bot.domain.questionnaires import Questionnaire
from bot.domain.schedules import Occurrence, Schedule
from bot.domain.zones import zone_named
from bot.errors import UserError
from bot.services.ports import Clock, EntryStore, MemberStore, PlanStore, PromptStore

HISTORY = 14
"""Prompts shown at once."""

NOT_ENROLLED = "You have no check-ins yet. Type /checkin start to set one up; it takes a minute."
NOT_YOURS = "That check-in is not one of yours, or it is no longer here. Type /checkin now for a fresh one."


@dataclass(frozen=True)
class Enrolment:
    """A plan with its member and its next occurrences, for confirming to the person."""

    member: Member
    plan: Plan
    upcoming: Sequence[Occurrence]


@dataclass(frozen=True)
class Recorded:
    """What stands after a tap. `already` says that an earlier tap had been stored, and stands."""

    entry: Entry
    already: bool


class CheckInService:
    """Use-cases of one member's check-ins."""

    def __init__(
        self,
        clock: Clock,
        questionnaire: Questionnaire,
        members: MemberStore,
        plans: PlanStore,
        prompts: PromptStore,
        entries: EntryStore,
    ) -> None:
        self._clock = clock
        self.questionnaire = questionnaire
        self._members = members
        self._plans = plans
        self._prompts = prompts
        self._entries = entries

    def upcoming(self, schedule: Schedule, zone_name: str, count: int = 3) -> list[Occurrence]:
        """The next occurrences of a schedule, by the very code that fires them."""
        return list(islice(schedule.after(self._clock.now(), zone_named(zone_name)), count))

    async def current(self, member_id: int) -> tuple[Member, Plan] | None:
        """The member with their running plan, if they have one."""
        member, plan = await self._members.get(member_id), await self._plans.active(member_id)
        return (member, plan) if member and plan else None

    async def enroll(self, member_id: int, dm_channel_id: int, zone_name: str, schedule: Schedule) -> Enrolment:
        """Store consent and start the plan, or change the plan that runs; a second call changes nothing more.

        A local date that already had its prompt gets no second one, whatever the new time or zone.
        """
        member = Member(member_id, zone_name, CONSENT_VERSION, self._clock.now(), dm_channel_id)
        return await self._start(member, schedule)

    async def move(self, member_id: int, zone_name: str) -> Enrolment:
        """The plan and the consent as they are, on another clock.

        A date that had its prompt on the old clock gets none on the new.

        Raises:
            UserError: they have not opted in.
        """
        member, plan = await self._enrolled(member_id)
        return await self._start(replace(member, zone=zone_name), plan.schedule)

    async def start_now(self, member_id: int) -> Prompt:
        """A check-in that the member starts on their own.

        Raises:
            UserError: they have not opted in.
        """
        member, plan = await self._enrolled(member_id)
        return await self._open_prompt(plan, self._today(member))

    async def log(self, member_id: int, day: str, answer: str) -> Recorded:
        """A check-in for a day that has passed, as the member remembers it.

        Raises:
            UserError: they have not opted in, or the day or the answer does not fit; then nothing is stored.
        """
        member, plan = await self._enrolled(member_id)
        local_date = parse_day(day, self._today(member))
        value = self.questionnaire.validate_answer(self.questionnaire.first.key, answer)
        prompt = await self._open_prompt(plan, local_date)
        return await self._record(
            member_id, prompt.id, EntryKind.ANSWERED, Answers(values={self.questionnaire.first.key: value})
        )

    async def record(self, member_id: int, prompt_id: str, answer: str) -> Recorded:
        """One tap: the answer to the first question is a complete check-in.

        Raises:
            UserError: the prompt is not theirs, or the answer is none; then nothing is stored.
        """
        first = self.questionnaire.first.key
        value = self.questionnaire.validate_answer(first, answer)
        return await self._record(member_id, prompt_id, EntryKind.ANSWERED, Answers(values={first: value}))

    async def record_same(self, member_id: int, prompt_id: str) -> Recorded:
        """The scores of the member's latest entry once more, stored as "same".

        Raises:
            UserError: the prompt is not theirs, or there is no earlier score to repeat.
        """
        await self._own_prompt(member_id, prompt_id)
        latest = await self._entries.latest(member_id)
        if latest is None:
            raise UserError("There is no earlier check-in to repeat yet. Pick a number this once, please.")
        return await self._record(
            member_id, prompt_id, EntryKind.SAME, latest.answers.model_copy(update={"note": None})
        )

    async def record_unwell(self, member_id: int, prompt_id: str) -> Recorded:
        """Too unwell to answer: an answer of its own, without scores."""
        return await self._record(member_id, prompt_id, EntryKind.UNWELL, Answers())

    async def entry_of(self, member_id: int, prompt_id: str) -> Entry:
        """What was saved for a prompt.

        Raises:
            UserError: the prompt is not theirs, or has no entry yet.
        """
        await self._own_prompt(member_id, prompt_id)
        entry = await self._entries.of_prompt(prompt_id)
        if entry is None:
            raise UserError("Pick a pain number first; then there is something to add to.")
        return entry

    async def add_details(self, member_id: int, prompt_id: str, details: Mapping[str, str]) -> Entry:
        """Write the filled-in form over an entry: what was left empty is cleared, except the first question.

        Raises:
            UserError: the entry is not theirs or not there, or a value does not fit; then nothing is changed.
        """
        entry = await self.entry_of(member_id, prompt_id)
        first = self.questionnaire.first.key
        kept = {first: entry.answers.values[first]} if first in entry.answers.values else {}
        given = {
            question.key: self.questionnaire.validate_answer(question.key, details[question.key])
            for question in self.questionnaire.questions
            if question.key in details
        }
        note = tidy(details.get("note"))
        if note and len(note) > NOTE_LIMIT:
            raise UserError(f"A note has room for {NOTE_LIMIT:,} characters. What you had saved before is still there.")
        answers = Answers(values=kept | given, note=note)
        rescored = answers.values.get(first) != entry.answers.values.get(first)
        changed = replace(entry, answers=answers, kind=EntryKind.ANSWERED if rescored else entry.kind)
        await self._entries.replace(changed)
        return changed

    async def history(self, member_id: int) -> tuple[str, Sequence[PastPrompt]]:
        """The member's zone, and what became of their latest prompts, newest first.

        Raises:
            UserError: they have not opted in.
        """
        member = await self._members.get(member_id)
        if member is None:
            raise UserError(NOT_ENROLLED)
        return member.zone, await self._prompts.history(member_id, HISTORY)

    async def delete(self, member_id: int, prompt_id: str) -> None:
        """Forget one entry for good.

        Raises:
            UserError: it is not theirs, or not there.
        """
        await self._entries.delete(await self.entry_of(member_id, prompt_id))

    async def skip(self, member_id: int, prompt_id: str) -> Entry | None:
        """End a prompt without an answer. Returns the entry instead if one had been stored: it stays."""
        await self._own_prompt(member_id, prompt_id)
        await self._prompts.settle(prompt_id, PromptStatus.SKIPPED)
        return await self._entries.of_prompt(prompt_id)

    async def stop(self, member_id: int) -> None:
        """No more prompts from now on. Entries stay.

        Raises:
            UserError: there is nothing to stop.
        """
        plan = await self._plans.active(member_id)
        if plan is None:
            raise UserError(NOT_ENROLLED)
        await self._plans.stop(plan.id, self._clock.now())

    async def erase(self, member_id: int) -> bool:
        """Delete everything about the member, their key included. False if there was nothing."""
        return await self._members.erase(member_id)

    async def unreachable(self, member_id: int) -> bool:
        """Whether prompts are paused because the member's DMs turned us away."""
        member = await self._members.get(member_id)
        return member is not None and member.unreachable_since is not None

    async def reachable_again(self, member_id: int, dm_channel_id: int) -> None:
        """Take up prompts again in a DM that was just opened."""
        await self._members.set_dm_channel(member_id, dm_channel_id)
        await self._members.set_unreachable(member_id, None)

    async def _record(self, member_id: int, prompt_id: str, kind: EntryKind, answers: Answers) -> Recorded:
        prompt = await self._own_prompt(member_id, prompt_id)
        entry = Entry(new_id(), member_id, prompt_id, prompt.local_date, self._clock.now(), kind, answers)
        stored, created = await self._entries.record(entry)
        return Recorded(stored, already=not created)

    async def _enrolled(self, member_id: int) -> tuple[Member, Plan]:
        enrolled = await self.current(member_id)
        if enrolled is None:
            raise UserError(NOT_ENROLLED)
        return enrolled

    async def _start(self, member: Member, schedule: Schedule) -> Enrolment:
        """Store the member with their plan, the running one if there is one, from its first free date on."""
        now = self._clock.now()
        running = await self._plans.active(member.id)
        plan = Plan(running.id if running else new_id(), member.id, schedule, running.created_at if running else now)
        used = await self._prompts.last_occurrence(plan.id)
        free = used.local_date + timedelta(days=1) if used else None
        coming = list(islice(schedule.after(now, zone_named(member.zone), not_before=free), 3))
        await self._plans.start(member, plan, _prompt_for(plan, coming[0]))
        return Enrolment(member, plan, coming)

    def _today(self, member: Member) -> date:
        return self._clock.now().astimezone(zone_named(member.zone)).date()

    async def _open_prompt(self, plan: Plan, local_date: date) -> Prompt:
        """A prompt the member asked for themselves, ready to be answered."""
        now = self._clock.now()
        prompt = Prompt(new_id(), plan.id, plan.member_id, local_date, now, PromptStatus.SENT, scheduled=False)
        await self._prompts.add(prompt)
        return prompt

    async def _own_prompt(self, member_id: int, prompt_id: str) -> Prompt:
        """The prompt, if it is this member's. "Not yours" and "not there" sound the same, so nothing is given away."""
        prompt = await self._prompts.get(prompt_id)
        if prompt is None or prompt.member_id != member_id:
            raise UserError(NOT_YOURS)
        return prompt


def _prompt_for(plan: Plan, occurrence: Occurrence) -> Prompt:
    return Prompt(new_id(), plan.id, plan.member_id, occurrence.local_date, occurrence.due_at, PromptStatus.DUE)
