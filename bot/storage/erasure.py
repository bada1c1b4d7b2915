"""Forgetting a person in the tables that do not hang off `member`."""

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.asked import hide_rare, stop_asking
from bot.storage.curation_tables import NAMES_ACTOR, NAMES_APPROVER, TRACES, marked


async def forget(connection: AsyncConnection, person_id: int, trace: str) -> int:
    """Take a person out of a community's history, which stays, and remove what is about them alone.

    Works for anybody, also who never opted in to anything. Returns how many rows that met.
    """
    told = [update(each.table).where(each == person_id).values({each: None}) for each in marked(NAMES_ACTOR)]
    gone = [delete(each.table).where(each == person_id) for each in marked(NAMES_APPROVER)]
    gone += [delete(each.table).where(each == trace) for each in marked(TRACES)]
    await stop_asking(connection)
    met = [(await connection.execute(statement)).rowcount for statement in (*told, *gone)]
    await hide_rare(connection)
    return sum(met)
