"""Plans: what members opted into, and the one prompt of each that is due next."""

from dataclasses import asdict, replace
from datetime import datetime, time, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import zones
from bot.domain.checkins import Member, Plan, Prompt, PromptStatus, new_id
from bot.domain.schedules import Occurrence, Schedule
from bot.storage.engine import Database, insert, put
from bot.storage.tables import DUE, RUNNING, members, plans, prompts
from bot.storage.vault import Vault


class PlanStore:
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    async def active(self, member_id: int) -> Plan | None:
        row = await self._db.row(select(plans).where(plans.c.member_id == member_id, RUNNING))
        return None if row is None else _plan(row)

    async def start(self, member: Member, plan: Plan, next_prompt: Prompt) -> None:
        """Store member, plan and its next due prompt in one transaction.

        A member has one running plan: of two that were started at the same moment the later one stays. If a claim
        has used up the date of `next_prompt` meanwhile, the schedule's next free date takes its place.
        """

        async def work(connection: AsyncConnection) -> None:
            await put(connection, members, asdict(replace(member, unreachable_since=None)))
            await self._vault.create_key(member.id)
            await _clear_the_way(connection, plan)
            await put(connection, plans, _values(plan))
            await _insert_first_free(connection, plan, member.zone, next_prompt)

        await self._db.write(work)

    async def stop(self, plan_id: str, at: datetime) -> None:
        """End the plan and forget its prompt that is still due. Entries stay."""
        end = update(plans).where(plans.c.id == plan_id, RUNNING).values(stopped_at=at)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(end)
            await connection.execute(delete(prompts).where(prompts.c.plan_id == plan_id, DUE))

        await self._db.write(work)


def schedule_of(row: Row[Any]) -> Schedule:
    """The schedule in the columns `at` and `days` of a plan."""
    return Schedule(time(*divmod(row.at, 60)), frozenset(day for day in range(7) if row.days >> day & 1))


def due_prompt(plan_id: str, member_id: int, occurrence: Occurrence) -> Prompt:
    return Prompt(new_id(), plan_id, member_id, occurrence.local_date, occurrence.due_at, PromptStatus.DUE)


def _plan(row: Row[Any]) -> Plan:
    return Plan(row.id, row.member_id, schedule_of(row), row.created_at, row.stopped_at)


def _values(plan: Plan) -> dict[str, Any]:
    return {
        "id": plan.id,
        "member_id": plan.member_id,
        "at": plan.schedule.at.hour * 60 + plan.schedule.at.minute,
        "days": sum(1 << day for day in plan.schedule.days),
        "created_at": plan.created_at,
        "stopped_at": plan.stopped_at,
    }


async def _clear_the_way(connection: AsyncConnection, plan: Plan) -> None:
    """End the member's other plan, if there is one, and forget what is still due; what was paused is not any more."""
    theirs = prompts.c.member_id == plan.member_id
    others = update(plans).where(plans.c.member_id == plan.member_id, plans.c.id != plan.id, RUNNING)
    await connection.execute(others.values(stopped_at=plan.created_at))
    await connection.execute(delete(prompts).where(theirs, DUE))
    await connection.execute(update(prompts).where(theirs, prompts.c.paused).values(paused=False))


async def _insert_first_free(connection: AsyncConnection, plan: Plan, zone: str, wanted: Prompt) -> None:
    # Not zone_named: a place that has left its list since must go on working. The module has chosen the tz database.
    later = plan.schedule.after(wanted.due_at, zones.ZoneInfo(zone), not_before=wanted.local_date + timedelta(days=1))
    for prompt in chain([wanted], (due_prompt(plan.id, plan.member_id, occurrence) for occurrence in later)):
        attempt = insert(connection, prompts).values(asdict(prompt)).on_conflict_do_nothing()
        if (await connection.execute(attempt.returning(prompts.c.id))).first():
            return
