"""Members, plans and entries to test with."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from bot.domain.checkins import Answers, Delivery, Entry, EntryKind, Prompt, PromptKind, PromptStatus, new_id
from bot.domain.members import Member
from bot.domain.plans import CheckIn, Plan, Purpose, Timetable
from bot.domain.schedules import EVERY_DAY, Moment, Schedule
from bot.storage import Storage

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
"""A Monday. The example plan is next due on Tuesday at 09:00 in Berlin, which is 07:00 UTC."""

TUESDAY = date(2026, 6, 2)
DUE = datetime(2026, 6, 2, 7, tzinfo=UTC)
NINE = Schedule.daily(time(9))
NINE_AND_NINE = Schedule((Moment(time(9)), Moment(time(21))), EVERY_DAY)
NUDGED = Timetable(NINE, nudge=True)
LEASE = timedelta(seconds=60)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def member(member_id: int = 1, zone: str = "Europe/Berlin") -> Member:
    return Member(member_id, zone, 1, NOW, member_id + 1000)


def plan(
    member_id: int = 1, schedule: Schedule | Timetable = NINE, purpose: Purpose | None = None, plan_id: str = ""
) -> Plan:
    timetable = Timetable(schedule) if isinstance(schedule, Schedule) else schedule
    return Plan(plan_id or f"plan-{member_id}", member_id, purpose or CheckIn(), timetable, NOW)


async def enroll(
    storage: Storage,
    member_id: int = 1,
    *,
    zone: str = "Europe/Berlin",
    schedule: Schedule | Timetable = NINE,
    now: datetime = NOW,
) -> None:
    """Start the example plan of a member, or change it."""
    await storage.plans.save(member(member_id, zone), [plan(member_id, schedule)], now)


async def claim(storage: Storage, now: datetime = DUE, limit: int = 1000) -> list[Delivery]:
    """What is due, as the delivery takes it: an earlier attempt that is too old to repeat has not arrived."""
    claimed = await storage.prompts.claim_due(now, now + LEASE, now - timedelta(hours=2), limit)
    for delivery in claimed:
        if not delivery.fresh:
            await storage.prompts.mark_missed(delivery.prompt.id)
    return [delivery for delivery in claimed if delivery.fresh]


async def claim_one(storage: Storage, now: datetime = DUE) -> Prompt:
    """The only prompt that is due."""
    [delivery] = await claim(storage, now)
    return delivery.prompt


async def send_one(storage: Storage, now: datetime = DUE, message_id: int = 77) -> Prompt:
    """The only prompt that is due, as it is when Discord has it."""
    prompt = await claim_one(storage, now)
    await storage.prompts.mark_sent(prompt.id, message_id)
    return replace(prompt, status=PromptStatus.SENT, message_id=message_id)


async def sent_prompt(
    storage: Storage, member_id: int = 1, *, schedule: Schedule | Timetable = NINE, at: datetime = DUE
) -> Prompt:
    """A prompt of a new member that Discord has."""
    await enroll(storage, member_id, schedule=schedule)
    return await send_one(storage, at)


def own_prompt(member_id: int = 1, plan_id: str = "plan-1") -> Prompt:
    return Prompt(new_id(), plan_id, member_id, TUESDAY, DUE, PromptStatus.SENT, PromptKind.OWN)


def snooze(prompt: Prompt, until: datetime) -> Prompt:
    """The one that takes the place of another."""
    return replace(
        prompt,
        id=new_id(),
        due_at=until,
        status=PromptStatus.DUE,
        kind=PromptKind.SNOOZE,
        slot=0,
        about=prompt.id,
        expires_at=until + timedelta(hours=12),
        message_id=None,
    )


async def status_of(storage: Storage, prompt: Prompt) -> PromptStatus | None:
    kept = await storage.prompts.get(prompt.id)
    return None if kept is None else kept.status


def entry(prompt: Prompt, pain: int | None = 4, note: str | None = None, at: datetime = DUE) -> Entry:
    kind = EntryKind.UNWELL if pain is None else EntryKind.ANSWERED
    return Entry(
        new_id(),
        prompt.member_id,
        prompt.id,
        prompt.local_date,
        at,
        kind,
        Answers(values={} if pain is None else {"pain": pain}, note=note),
    )
