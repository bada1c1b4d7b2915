"""Forgetting a person in the tables that do not hang off `member`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.asked import hide_rare, stop_asking
from bot.storage.curation_tables import (
    NAMES_ACTOR,
    NAMES_APPROVER,
    TRACES,
    approvals,
    askers,
    events,
    marked,
    proposals,
    reports,
    revisions,
    signatures,
    wishes,
)
from bot.storage.tables import members

WRITTEN_AT: Mapping[Column[Any], Column[datetime]] = {
    members.c.id: members.c.consented_at,
    events.c.actor_id: events.c.at,
    proposals.c.author_id: proposals.c.changed_at,
    approvals.c.curator_id: approvals.c.at,
    revisions.c.author_id: revisions.c.at,
    signatures.c.curator_id: revisions.c.at,
    askers.c.trace: askers.c.asked_at,
    wishes.c.trace: wishes.c.wished_at,
    reports.c.trace: reports.c.at,
}
"""Every column that can hold a person or their trace, and the one that says when they got there."""


async def forget(connection: AsyncConnection, person_id: int, trace: str) -> int:
    """Take a person out of a community's history, which stays, and remove what is about them alone.

    Works for anybody, also who never opted in to anything. Returns how many rows that met.
    """
    told = [update(each.table).where(each == person_id).values({each: None}) for each in marked(NAMES_ACTOR)]
    gone = [delete(each.table).where(each == person_id) for each in marked(NAMES_APPROVER)]
    met = [(await connection.execute(statement)).rowcount for statement in (*told, *gone)]
    return sum(met) + await forget_trace(connection, trace)


async def forget_trace(connection: AsyncConnection, trace: str) -> int:
    """Remove what a person asked, wished for and reported, whoever it is; returns how many rows that were."""
    await stop_asking(connection)
    gone = [delete(each.table).where(each == trace) for each in marked(TRACES)]
    met = [(await connection.execute(statement)).rowcount for statement in gone]
    await hide_rare(connection)
    return sum(met)


async def oldest_rows(connection: AsyncConnection) -> Mapping[int | str, datetime]:
    """Everybody who is in the database, by id or by trace, and since when."""
    found: dict[int | str, datetime] = {}
    for column, at in WRITTEN_AT.items():
        for row in await connection.execute(_since(column, at)):
            found[row.person] = min(row.since, found.get(row.person, row.since))
    return found


def _since(column: Column[Any], at: Column[datetime]) -> Select[Any, datetime]:
    oldest = select(column.label("person"), func.min(at).label("since")).where(column.is_not(None)).group_by(column)
    return oldest if at.table is column.table else oldest.join_from(column.table, at.table)
