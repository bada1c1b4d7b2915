"""Members, plans and entries to test with."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.checkins import Answers, Delivery, Entry, EntryKind, Member, Plan, Prompt, PromptStatus, new_id
from bot.domain.schedules import EVERY_DAY, Schedule
from bot.storage import Storage

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
"""A Monday. The example plan is next due on Tuesday at 09:00 in Berlin, which is 07:00 UTC."""

TUESDAY = date(2026, 6, 2)
DUE = datetime(2026, 6, 2, 7, tzinfo=UTC)
NINE = Schedule(time(9), EVERY_DAY)
LEASE = timedelta(seconds=60)
DAY = timedelta(days=1)


def member(member_id: int = 1, zone: str = "Europe/Berlin") -> Member:
    return Member(member_id, zone, 1, NOW, member_id + 1000)


def plan(member_id: int = 1, schedule: Schedule = NINE) -> Plan:
    return Plan(f"plan-{member_id}", member_id, schedule, NOW)


def first_prompt(of: Plan, zone: str = "Europe/Berlin", now: datetime = NOW, not_before: date | None = None) -> Prompt:
    coming = next(of.schedule.after(now, ZoneInfo(zone), not_before=not_before))
    return Prompt(new_id(), of.id, of.member_id, coming.local_date, coming.due_at, PromptStatus.DUE)


async def enroll(
    storage: Storage,
    member_id: int = 1,
    *,
    zone: str = "Europe/Berlin",
    schedule: Schedule = NINE,
    now: datetime = NOW,
    not_before: date | None = None,
) -> Prompt:
    """Start the example plan of a member, or change it; returns the prompt that was asked for."""
    prompt = first_prompt(plan(member_id, schedule), zone, now, not_before)
    await storage.plans.start(member(member_id, zone), plan(member_id, schedule), prompt)
    return prompt


async def claim(storage: Storage, now: datetime = DUE, limit: int = 1000) -> list[Delivery]:
    return list(await storage.prompts.claim_due(now, now + LEASE, now - timedelta(hours=2), limit))


async def sent_prompt(storage: Storage, member_id: int = 1) -> Prompt:
    """A prompt of a new member that Discord has."""
    await enroll(storage, member_id)
    [delivery] = await claim(storage)
    await storage.prompts.mark_sent(delivery.prompt.id, 77)
    return delivery.prompt


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
