"""The audit log: who changed what, written in the transaction of the change itself."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.checkins import new_id
from bot.domain.curation import Event
from bot.storage.curation_tables import events
from bot.storage.engine import columns_of


async def note(connection: AsyncConnection, event: Event) -> None:
    await connection.execute(events.insert().values(id=new_id(), **columns_of(event)))
