"""Plans: setting up, changing, pausing and leaving check-ins and reminders. Every write may be repeated unharmed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.checkins import CONSENT_VERSION, new_id
from bot.domain.members import Member, Preferences, QuietHours
from bot.domain.plans import MOST_PLANS, CheckIn, Digest, FlareQuestion, Plan, Purpose, Reminder, Timetable
from bot.domain.questionnaires import DEFAULT, MAX_OWN_QUESTIONS, Question, Questionnaire
from bot.domain.schedules import Occurrence, Schedule
from bot.domain.zones import clock_change, zone_named
from bot.errors import UserError
from bot.services.membership import NOT_ENROLLED, Membership, OutdatedConsentError
from bot.services.ports import Catalogs, Clock, MemberStore, PlanStore, PromptStore

TURNED_AWAY_FOR = timedelta(minutes=1)
"""How long the list of members who cannot be reached is good for."""

PREVIEW = 5
"""Prompts shown before a plan is agreed to."""

NO_PLACE = "Tell me once where you are, please, so that I know your clock: add `place`, such as London or Canada."
NO_SUCH_PLAN = "That one is not there any more. /checkin settings shows what you have."
TOO_MANY = f"There is room for {MOST_PLANS} check-ins and reminders. /checkin settings can stop one."
IN_QUIET_HOURS = (
    "{when} falls into your quiet hours ({quiet}). Choose another time, or change them in /checkin settings."
)


@dataclass(frozen=True)
class Draft:
    """A plan as it would be, before the member says yes.

    `after_change` is its first occurrence once the clocks have changed, if they will; `replaces` the running plan
    that it would change; `agreed` whether the member has opted in to this version already.
    """

    purpose: Purpose
    schedule: Schedule
    zone: str
    coming: Sequence[Occurrence]
    after_change: Occurrence | None
    replaces: Plan | None
    agreed: bool


@dataclass(frozen=True)
class PlanView:
    """A plan with its name, the zone it goes by and its next occurrences, none if it is over."""

    plan: Plan
    name: str
    zone: str
    coming: Sequence[Occurrence]


@dataclass(frozen=True)
class Overview:
    """Everything about a member's plans. `today` is their local date."""

    member: Member
    preferences: Preferences
    plans: Sequence[PlanView]
    today: date


class PlanService:
    """Use-cases of what a member opted into. `support_path` is the operator's word on where to turn to, if set."""

    def __init__(
        self,
        clock: Clock,
        content: Catalogs,
        membership: Membership,
        members: MemberStore,
        plans: PlanStore,
        prompts: PromptStore,
        support_path: str | None = None,
    ) -> None:
        self._clock = clock
        self._content = content
        self._membership = membership
        self._members = members
        self._plans = plans
        self._prompts = prompts
        self._support_path = support_path
        self._turned_away: tuple[datetime, frozenset[int]] | None = None

    def questionnaires(self) -> list[Questionnaire]:
        """What a check-in can ask here, the daily one first. One that needs a support path waits for the operator's."""
        everything = self._content.catalog.questionnaires
        offered = [
            each
            for each in everything.values()
            if (self._support_path if each.needs_support_path else each.switched_on)
        ]
        return sorted(offered, key=lambda each: (each.id != DEFAULT, each.needs_support_path, each.name))

    def questionnaire(self, wanted: str | None) -> Questionnaire:
        """The questionnaire of that id or name; the daily one if none is named.

        Raises:
            UserError: there is no such one here; the message lists those there are.
        """
        offered = self.questionnaires()
        for each in offered:
            if (wanted or DEFAULT).strip().casefold() in {each.id.casefold(), each.name.casefold()}:
                return each
        names = ", ".join(each.name for each in offered)
        raise UserError(f"I can ask these: {names}. Please pick one from the list.")

    def name_of(self, plan: Plan) -> str:
        """What to call a plan when talking to its member; a reminder's own text is theirs, and unescaped."""
        match plan.purpose:
            case CheckIn() as check_in:
                return check_in.asked(self._content.catalog.questionnaires).name
            case Reminder(text=text):
                return text
            case Digest():
                return "Weekly digest"
            case FlareQuestion():
                return "Question about your flare"

    async def local_now(
        self, member_id: int, zone_name: str | None = None, *, or_else: str | None = None
    ) -> tuple[datetime, ZoneInfo]:
        """The present, and the clock it is to be read by: the one named, else the member's own, else `or_else`.

        Raises:
            UserError: none is known.
        """
        member = await self._members.get(member_id)
        wanted = zone_name or (member.zone if member else or_else)
        if not wanted:
            raise UserError(NO_PLACE)
        return self._clock.now(), zone_named(wanted)

    async def draft(self, member_id: int, zone_name: str | None, purpose: Purpose, schedule: Schedule) -> Draft:
        """What `start` would do, for the member to look at; nothing is stored.

        Raises:
            UserError: no clock is known, it falls into quiet hours, never prompts, or is one too many.
        """
        member = await self._members.get(member_id)
        now, zone = await self.local_now(member_id, zone_name)
        running = await self._running(member_id)
        same = _same(running, purpose)
        if same is None and sum(not isinstance(each.purpose, FlareQuestion) for each in running) >= MOST_PLANS:
            raise UserError(TOO_MANY)
        await self._refuse_quiet_hours(member_id, schedule)
        timetable = replace(same.timetable, schedule=schedule) if same else Timetable(schedule)
        used = await self._prompts.last_key(same.id) if same else None
        coming = timetable.coming(now, zone, PREVIEW, past=used)
        if not coming:
            raise UserError("That time has passed. Please choose one that is still to come.")
        change = clock_change(now, zone)
        later = timetable.coming(change, zone, 1) if change else []
        agreed = member is not None and member.consent_version == CONSENT_VERSION
        return Draft(purpose, schedule, zone.key, coming, next(iter(later), None), same, agreed)

    async def start(
        self, member_id: int, dm_channel_id: int, zone_name: str, purpose: Purpose, schedule: Schedule
    ) -> PlanView:
        """Store consent and start the plan, or change the one of the same kind that runs, in a DM that was just opened.

        A check-in with the same questionnaire is changed and keeps the member's own questions. Every plan moves to
        this zone. A local date that had its prompt gets no second one.

        Raises:
            UserError: as `draft`.
        """
        now = self._clock.now()
        member = await self._members.get(member_id)
        if member is None or member.consent_version != CONSENT_VERSION:
            zone = member.zone if member else zone_name
            member = Member(member_id, zone, CONSENT_VERSION, now, dm_channel_id)
        reached = replace(member, dm_channel_id=dm_channel_id, unreachable_since=None)
        self._turned_away = None
        return await self._begin(reached, zone_name, purpose, schedule)

    async def remind(self, member_id: int, zone_name: str, reminder: Reminder, schedule: Schedule) -> PlanView:
        """A reminder for a member who has opted in.

        Raises:
            UserError: they have not; or as `draft`.
        """
        return await self._begin(await self._membership.enrolled(member_id), zone_name, reminder, schedule)

    async def overview(self, member_id: int) -> Overview:
        """Everything the member has running.

        Raises:
            UserError: they have not opted in.
        """
        member = await self._membership.enrolled(member_id)
        preferences = await self._members.preferences(member_id)
        today = preferences.day_of(self._clock.now(), zone_named(member.zone))
        return Overview(member, preferences, await self.running(member_id), today)

    async def running(self, member_id: int) -> Sequence[PlanView]:
        """What the member has running. Who wants to leave is not asked for consent first.

        Raises:
            UserError: they have not opted in.
        """
        member = await self._members.get(member_id)
        if member is None:
            raise UserError(NOT_ENROLLED)
        views = [await self._view(plan, member) for plan in await self._running(member_id)]
        return [view for view in views if view.coming]

    async def plan(self, member_id: int, plan_id: str) -> PlanView:
        """One running plan of this member.

        Raises:
            UserError: it is not theirs, or not running any more.
        """
        member = await self._membership.enrolled(member_id)
        return await self._view(await self._own(member_id, plan_id), member)

    async def change(self, member_id: int, plan_id: str, timetable: Timetable, text: str | None = None) -> PlanView:
        """Give a plan another timetable, from its first free date on, and a reminder other words if there are any.

        Raises:
            UserError: it is not theirs, falls into quiet hours, or never prompts.
        """
        plan = await self._own(member_id, plan_id)
        await self._refuse_quiet_hours(member_id, timetable.schedule)
        reworded = Reminder(text=text) if text and isinstance(plan.purpose, Reminder) else plan.purpose
        return await self._save(replace(plan, purpose=reworded, timetable=timetable))

    async def ask_also(self, member_id: int, plan_id: str, question: Question) -> PlanView:
        """Add a question of the member's own to a check-in.

        Raises:
            UserError: it is not theirs, not a check-in, or has all the questions there is room for.
        """
        plan, check_in = await self._own_check_in(member_id, plan_id)
        if len(check_in.own) >= MAX_OWN_QUESTIONS:
            raise UserError(f"There is room for {MAX_OWN_QUESTIONS} questions of your own. Remove one first, please.")
        asked = check_in.model_copy(update={"own": (*check_in.own, question)})
        return await self._save(replace(plan, purpose=asked))

    async def ask_no_more(self, member_id: int, plan_id: str, key: str) -> PlanView:
        """Take a question of the member's own out of a check-in; what was answered stays.

        Raises:
            UserError: it is not theirs, or not a check-in.
        """
        plan, check_in = await self._own_check_in(member_id, plan_id)
        kept = tuple(question for question in check_in.own if question.key != key)
        return await self._save(replace(plan, purpose=check_in.model_copy(update={"own": kept})))

    async def pause(self, member_id: int, plan_id: str, until: date) -> PlanView:
        """No prompts before that local date.

        Raises:
            UserError: the plan is not theirs.
        """
        plan = await self._own(member_id, plan_id)
        return await self._save(replace(plan, timetable=replace(plan.timetable, paused_until=until)))

    async def resume(self, member_id: int, plan_id: str) -> PlanView:
        """End a pause now.

        Raises:
            UserError: the plan is not theirs.
        """
        plan = await self._own(member_id, plan_id)
        return await self._save(replace(plan, timetable=replace(plan.timetable, paused_until=None)))

    async def stop(self, member_id: int, plan_id: str) -> PlanView:
        """No more prompts of this plan. Entries stay.

        Raises:
            UserError: the plan is not theirs.
        """
        view = await self.plan(member_id, plan_id)
        await self._plans.stop(plan_id, self._clock.now())
        return view

    async def stop_all(self, member_id: int) -> None:
        """No more prompts from now on. Entries stay.

        Raises:
            UserError: there is nothing to stop.
        """
        if not await self._stop_begun(member_id):
            raise UserError(NOT_ENROLLED)

    async def agree(self, member_id: int, version: int) -> None:
        """The member read that version of the consent and said yes.

        Raises:
            UserError: they have not opted in; as OutdatedConsentError if that is not the present version any more.
        """
        member = await self._members.get(member_id)
        if member is None:
            raise UserError(NOT_ENROLLED)
        if version != CONSENT_VERSION:
            raise OutdatedConsentError(member)
        await self._members.agree(member_id, version, self._clock.now())

    async def disagree(self, member_id: int) -> None:
        """The member does not say yes to the consent as it is now: nothing goes on, and what is stored stays."""
        await self._stop_begun(member_id)

    async def move(self, member_id: int, zone_name: str) -> Overview:
        """All plans and the consent as they are, on another clock.

        A date that had its prompt on the old clock gets none on the new.

        Raises:
            UserError: they have not opted in.
        """
        member = await self._membership.enrolled(member_id)
        running = await self._running(member_id)
        await self._plans.save(replace(member, zone=zone_named(zone_name).key), running, self._clock.now())
        return await self.overview(member_id)

    async def digest(self, member_id: int, schedule: Schedule | None) -> PlanView | None:
        """Start the weekly digest, or change its time; None stops it.

        Raises:
            UserError: they have not opted in, or it falls into quiet hours.
        """
        member = await self._membership.enrolled(member_id)
        if schedule is not None:
            return await self._begin(member, member.zone, Digest(), schedule)
        for plan in await self._running(member_id):
            if isinstance(plan.purpose, Digest):
                await self._plans.stop(plan.id, self._clock.now())
        return None

    async def prefer(self, member_id: int, preferences: Preferences) -> None:
        """Store how the member wants to be treated.

        Raises:
            UserError: they have not opted in, or a running plan prompts in the new quiet hours.
        """
        await self._membership.enrolled(member_id)
        if preferences.quiet and preferences.quiet != (await self._members.preferences(member_id)).quiet:
            await self._refuse_clash(member_id, preferences.quiet)
        await self._members.set_preferences(member_id, preferences)

    async def preferences(self, member_id: int) -> Preferences:
        """How the member wants to be treated.

        Raises:
            UserError: they have not opted in.
        """
        return await self._membership.preferences(member_id)

    async def unreachable(self, member_id: int) -> bool:
        """Whether prompts are paused because the member's DMs turned us away, as it was a minute ago at most.

        Every command asks this, also of people who never opted in: they must not pay for a look into the database.
        """
        now = self._clock.now()
        if self._turned_away is None or not timedelta() <= now - self._turned_away[0] < TURNED_AWAY_FOR:
            self._turned_away = now, await self._members.unreachable()
        if member_id not in self._turned_away[1]:
            return False
        member = await self._members.get(member_id)  # may have been erased in that minute
        return member is not None and member.unreachable_since is not None

    async def reachable_again(self, member_id: int, dm_channel_id: int) -> None:
        """Take up prompts again in a DM that was just opened; harmless for somebody who was erased."""
        await self._members.set_dm_channel(member_id, dm_channel_id)
        await self._members.set_unreachable(member_id, None)
        self._turned_away = None

    async def _begin(self, member: Member, zone_name: str, purpose: Purpose, schedule: Schedule) -> PlanView:
        draft = await self.draft(member.id, zone_name, purpose, schedule)
        now, running = self._clock.now(), await self._running(member.id)
        plan = self._to_start(draft, member.id, now, running)
        moved = [each for each in running if each.id != plan.id and member.zone != zone_name]
        here = replace(member, zone=zone_name)
        await self._plans.save(here, [plan, *moved], now)
        return await self._view(plan, here)

    def _to_start(self, draft: Draft, member_id: int, now: datetime, running: Sequence[Plan]) -> Plan:
        if (same := draft.replaces) is not None:
            return replace(same, timetable=replace(same.timetable, schedule=draft.schedule, paused_until=None))
        eased = max((each.timetable.eased_until for each in running if each.timetable.eased_until), default=None)
        easing = eased if isinstance(draft.purpose, CheckIn) else None
        return Plan(new_id(), member_id, draft.purpose, Timetable(draft.schedule, eased_until=easing), now)

    async def _stop_begun(self, member_id: int) -> int:
        """Those that are over too: a reminder for one day may have been put off."""
        begun = [plan for plan in await self._plans.of_member(member_id) if plan.stopped_at is None]
        for plan in begun:
            await self._plans.stop(plan.id, self._clock.now())
        return len(begun)

    async def _save(self, plan: Plan) -> PlanView:
        member = await self._membership.enrolled(plan.member_id)
        view = await self._view(plan, member)
        if not view.coming:
            raise UserError("With that it would never prompt again. Please choose a time that is still to come.")
        await self._plans.save(member, [plan], self._clock.now())
        return view

    async def _view(self, plan: Plan, member: Member) -> PlanView:
        used = await self._prompts.last_key(plan.id)
        coming = plan.timetable.coming(self._clock.now(), zone_named(member.zone), PREVIEW, past=used)
        return PlanView(plan, self.name_of(plan), member.zone, coming)

    async def _refuse_clash(self, member_id: int, quiet: QuietHours) -> None:
        """A reminder is named by its time: its words are the member's, and an error is plain text."""
        for plan in await self._running(member_id):
            if plan.schedule.within(quiet.start, quiet.end):
                name = "a reminder" if isinstance(plan.purpose, Reminder) else self.name_of(plan)
                raise UserError(
                    f"Those hours clash with this one: {name} ({plan.schedule.describe()}). "
                    "Change its time first, then the quiet hours."
                )

    async def _refuse_quiet_hours(self, member_id: int, schedule: Schedule) -> None:
        if await self._members.get(member_id) is None:
            return
        quiet = (await self._members.preferences(member_id)).quiet
        if quiet and schedule.within(quiet.start, quiet.end):
            when = schedule.describe()
            raise UserError(IN_QUIET_HOURS.format(when=when[:1].upper() + when[1:], quiet=quiet.describe()))

    async def _running(self, member_id: int) -> list[Plan]:
        """What runs and is not over: a reminder for one day is over when it was sent."""
        member = await self._members.get(member_id)
        if member is None:
            return []
        now, zone = self._clock.now(), zone_named(member.zone)
        running = [plan for plan in await self._plans.of_member(member_id) if plan.stopped_at is None]
        return [plan for plan in running if not plan.schedule.once or plan.timetable.coming(now, zone, 1)]

    async def _own(self, member_id: int, plan_id: str) -> Plan:
        """The plan, if it is this member's and runs. "Not yours" and "not there" sound the same."""
        plan = await self._plans.get(plan_id)
        if plan is None or plan.member_id != member_id or plan.stopped_at is not None:
            raise UserError(NO_SUCH_PLAN)
        return plan

    async def _own_check_in(self, member_id: int, plan_id: str) -> tuple[Plan, CheckIn]:
        plan = await self._own(member_id, plan_id)
        if not isinstance(plan.purpose, CheckIn):
            raise UserError("Only check-ins can ask questions.")
        return plan, plan.purpose


def schedule_of(code: str) -> Schedule:
    """The schedule that a control carries.

    Raises:
        UserError: it is none, so somebody made the control up.
    """
    try:
        return Schedule.from_code(code)
    except ValueError:
        raise UserError("I do not recognise that control. Type /checkin start to begin again.") from None


def _same(running: Sequence[Plan], purpose: Purpose) -> Plan | None:
    """The running plan that a new one with this purpose would change: the same questionnaire, or the digest."""
    for plan in running:
        match plan.purpose, purpose:
            case (CheckIn(questionnaire=one), CheckIn(questionnaire=other)) if one == other:
                return plan
            case (Digest(), Digest()):
                return plan
            case _:
                pass
    return None
