"""The audit log: who changed what, written in the transaction of the change itself."""

import itertools

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.checkins import new_id
from bot.domain.curation import Event
from bot.storage.curation_tables import events
from bot.storage.engine import columns_of

_lines = itertools.count()


async def note(connection: AsyncConnection, event: Event) -> None:
    """Add a line. Its id tells which of two lines of one moment was the later: only one process can write both."""
    line_id = f"{next(_lines):012x}{new_id()}"
    await connection.execute(events.insert().values(id=line_id, **columns_of(event)))
