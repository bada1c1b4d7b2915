"""Flares: a few days with fewer and shorter prompts, and one gentle question at their end."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot.domain.checkins import PromptStatus, new_id
from bot.domain.journal import FlareMark
from bot.domain.members import Member, QuietHours
from bot.domain.plans import CheckIn, FlareQuestion, Plan, Timetable
from bot.domain.schedules import Schedule
from bot.domain.trends import Flare
from bot.domain.zones import zone_named
from bot.errors import UserError
from bot.services.checkins import NOT_YOURS
from bot.services.membership import Membership
from bot.services.ports import Clock, MarkStore, PlanStore, PromptStore

LONGEST = 28
"""Days of a flare that are set at once."""

NOON = time(12)


class FlareService:
    """Use-cases of one member's flares. Reminders go on as usual: they may be about medicine."""

    def __init__(
        self, clock: Clock, membership: Membership, plans: PlanStore, prompts: PromptStore, marks: MarkStore
    ) -> None:
        self._clock = clock
        self._membership = membership
        self._plans = plans
        self._prompts = prompts
        self._marks = marks

    async def current(self, member_id: int) -> Flare | None:
        """The flare that today lies in, if the member said that there is one, and not yet that it is over.

        Raises:
            UserError: they have not opted in.
        """
        mark = await self._current(member_id, await self._membership.today(member_id))
        # The first day belongs to a flare that was over on the same day. Its question is what runs no more.
        running = [plan for plan in await self._plans.of_member(member_id) if plan.stopped_at is None]
        asked = any(isinstance(plan.purpose, FlareQuestion) for plan in running)
        return mark.mark if mark and asked else None

    async def begin(self, member_id: int, days: int) -> Flare:
        """A flare from today on for so many days, or the present one for so many more, counted from today.

        Until it is over check-ins ask every other day; then a question asks whether it is.

        Raises:
            UserError: they have not opted in, or that is no number of days.
        """
        if not 1 <= days <= LONGEST:
            raise UserError(f"Choose from 1 to {LONGEST} days, please.")
        member = await self._membership.enrolled(member_id)
        today = await self._membership.today(member_id)
        going_on = await self._current(member_id, today)
        flare = Flare(going_on.mark.first if going_on else today, today + timedelta(days=days - 1))
        if going_on:
            await self._marks.replace(replace(going_on, mark=flare))
        else:
            await self._marks.add([FlareMark(new_id(), member_id, flare)])
        await self._ease(member, asked_on=today + timedelta(days=days))
        return flare

    async def end(self, member_id: int) -> None:
        """The flare is over, and prompts come as before. Harmless if it was over already.

        Raises:
            UserError: they have not opted in.
        """
        member = await self._membership.enrolled(member_id)
        today = await self._membership.today(member_id)
        if going_on := await self._current(member_id, today):
            last = max(going_on.mark.first, today - timedelta(days=1))
            await self._marks.replace(replace(going_on, mark=replace(going_on.mark, last=last)))
        await self._ease(member, asked_on=None)

    async def answer(self, member_id: int, prompt_id: str, more_days: int | None) -> Flare | None:
        """The answer to the gentle question: a few days more, or over. A second answer changes the first.

        Raises:
            UserError: the question is not theirs, or that is no number of days.
        """
        prompt = await self._prompts.get(prompt_id)
        if prompt is None or prompt.member_id != member_id:
            raise UserError(NOT_YOURS)
        flare = None
        if more_days is None:
            await self.end(member_id)
        else:
            flare = await self._go_on(member_id, more_days)
        await self._prompts.settle(prompt_id, PromptStatus.ANSWERED)
        return flare

    async def _go_on(self, member_id: int, days: int) -> Flare:
        """Take up the flare that ended yesterday, so that it stays one; begin a new one otherwise."""
        today = await self._membership.today(member_id)
        for mark in await self._marks.flares(member_id):
            if mark.mark.last == today - timedelta(days=1):
                await self._marks.replace(replace(mark, mark=replace(mark.mark, last=today)))
        return await self.begin(member_id, days)

    async def _ease(self, member: Member, asked_on: date | None) -> None:
        """Give every check-in the slower rhythm up to the date on which the flare is asked about; None ends it."""
        until = asked_on + timedelta(days=1) if asked_on else None
        now = self._clock.now()
        running = [plan for plan in await self._plans.of_member(member.id) if plan.stopped_at is None]
        check_ins = [plan for plan in running if isinstance(plan.purpose, CheckIn)]
        eased = [replace(plan, timetable=replace(plan.timetable, eased_until=until)) for plan in check_ins]
        old = [replace(plan, stopped_at=now) for plan in running if isinstance(plan.purpose, FlareQuestion)]
        quiet = (await self._membership.preferences(member.id)).quiet
        question = [] if asked_on is None else [self._question(member, asked_on, check_ins, quiet, now)]
        await self._plans.save(member, [*eased, *old, *question], now)

    def _question(
        self, member: Member, day: date, check_ins: list[Plan], quiet: QuietHours | None, now: datetime
    ) -> Plan:
        """Asked at the time of the first check-in, or at noon; after the quiet hours if that lies in them."""
        at = check_ins[0].schedule.moments[0].start if check_ins else NOON
        if quiet and quiet.covers(at):
            at = quiet.end
        asked = datetime.combine(day, at, tzinfo=zone_named(member.zone))
        schedule = Schedule.once_at(asked, zone_named(member.zone))
        return Plan(new_id(), member.id, FlareQuestion(), Timetable(schedule), now)

    async def _current(self, member_id: int, today: date) -> FlareMark | None:
        for mark in await self._marks.flares(member_id):
            if mark.mark.first <= today <= (mark.mark.last or today):
                return mark
        return None
