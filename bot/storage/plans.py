"""Plans: what members opted into, and the one prompt of each that its schedule makes due next."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import zones
from bot.domain.checkins import Prompt, PromptStatus, new_id
from bot.domain.members import Member
from bot.domain.plans import CheckIn, Plan, Purpose, Timetable
from bot.domain.schedules import Key, Occurrence, Schedule
from bot.storage.engine import Database, columns_of, put
from bot.storage.tables import DUE, NEXT, OPEN, RUNNING, SCHEDULED, members, plans, prompts
from bot.storage.vault import Vault

_PURPOSE: TypeAdapter[Purpose] = TypeAdapter(Purpose)


class PlanStore:
    """Every method that returns plans raises `SealBroken` when one does not open."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    async def get(self, plan_id: str) -> Plan | None:
        row = await self._db.row(select(plans).where(plans.c.id == plan_id))
        if row is None:
            return None
        sealed = row.sealed and await self._vault.open(row.member_id, _place(row.id), row.sealed)
        return _plan(row, sealed)

    async def of_member(self, member_id: int) -> Sequence[Plan]:
        """All plans of a member, the stopped ones too, in the order in which they were started."""
        rows = await self._db.rows(
            select(plans).where(plans.c.member_id == member_id).order_by(plans.c.created_at, plans.c.id)
        )
        sealed = [(_place(row.id), row.sealed) for row in rows if row.sealed is not None]
        opened = dict(zip((place for place, _ in sealed), await self._vault.open_all(member_id, sealed), strict=True))
        return [_plan(row, opened.get(_place(row.id))) for row in rows]

    async def save(self, member: Member, changed: Sequence[Plan], now: datetime) -> None:
        """Store member and plans, each plan with the next prompt that its timetable makes due after `now`.

        The member row is written over, and so is a plan with the same id. A local date that had its prompt gets no
        second one, whatever time or zone the plan had before.
        """
        paused = member.unreachable_since is not None

        async def work(connection: AsyncConnection) -> None:
            await put(connection, members, columns_of(member))
            await self._vault.create_key(member.id)
            theirs = update(prompts).where(prompts.c.member_id == member.id, OPEN, prompts.c.paused != paused)
            await connection.execute(theirs.values(paused=paused))
            for plan in changed:
                await put(connection, plans, await self._values(plan))
                await _plan_ahead(connection, plan, member, now)

        await self._db.write(work)

    async def stop(self, plan_id: str, at: datetime) -> None:
        """End the plan and forget its prompts that are still due. Entries stay."""
        end = update(plans).where(plans.c.id == plan_id, RUNNING).values(stopped_at=at)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(end)
            await connection.execute(delete(prompts).where(prompts.c.plan_id == plan_id, DUE))

        await self._db.write(work)

    async def _values(self, plan: Plan) -> dict[str, Any]:
        timetable = plan.timetable
        return {
            "id": plan.id,
            "member_id": plan.member_id,
            "sealed": await self._vault.seal(plan.member_id, _place(plan.id), _PURPOSE.dump_json(plan.purpose)),
            "schedule": timetable.schedule.code,
            "paused_until": timetable.paused_until,
            "eased_until": timetable.eased_until,
            "answer_minutes": timetable.answer_within // timedelta(minutes=1),
            "nudge": timetable.nudge,
            "created_at": plan.created_at,
            "stopped_at": plan.stopped_at,
        }


def _plan(row: Row[Any], purpose: bytes | None) -> Plan:
    asked = CheckIn() if purpose is None else _PURPOSE.validate_json(purpose)
    return Plan(row.id, row.member_id, asked, timetable_of(row), row.created_at, row.stopped_at)


def timetable_of(row: Row[Any]) -> Timetable:
    """The timetable in the columns of a plan."""
    return Timetable(
        Schedule.from_code(row.schedule),
        row.paused_until,
        row.eased_until,
        timedelta(minutes=row.answer_minutes),
        row.nudge,
    )


async def last_key(connection: AsyncConnection, plan_id: str) -> Key | None:
    """Which of the plan's scheduled prompts was the latest that is no longer merely due: up to it, days are used up."""
    latest = (
        select(prompts.c.local_date, prompts.c.slot)
        .where(SCHEDULED, prompts.c.plan_id == plan_id, prompts.c.status != PromptStatus.DUE)
        .order_by(prompts.c.local_date.desc(), prompts.c.slot.desc())
        .limit(1)
    )
    row = (await connection.execute(latest)).first()
    return None if row is None else (row.local_date, row.slot)


def scheduled_prompt(
    plan_id: str, member_id: int, timetable: Timetable, occurrence: Occurrence, status: PromptStatus = PromptStatus.DUE
) -> Prompt:
    """A new prompt for an occurrence of a plan."""
    return Prompt(
        new_id(),
        plan_id,
        member_id,
        occurrence.local_date,
        occurrence.due_at,
        status,
        slot=occurrence.slot,
        expires_at=occurrence.due_at + timetable.answer_within,
    )


async def _plan_ahead(connection: AsyncConnection, plan: Plan, member: Member, now: datetime) -> None:
    """Exchange the scheduled prompt that is due for the next one of the timetable as it is now, if there is one."""
    over = NEXT if plan.stopped_at is None else DUE
    await connection.execute(delete(prompts).where(prompts.c.plan_id == plan.id, over))
    if plan.stopped_at is not None:
        return
    used = await last_key(connection, plan.id)
    # Not zone_named: a place that has left its list since must go on working. The module has chosen the tz database.
    for occurrence in plan.timetable.coming(now, zones.ZoneInfo(member.zone), 1, past=used):
        prompt = scheduled_prompt(plan.id, plan.member_id, plan.timetable, occurrence)
        paused = member.unreachable_since is not None
        await connection.execute(prompts.insert().values(**columns_of(prompt), paused=paused))


def _place(plan_id: str) -> str:
    return f"plan:{plan_id}"
