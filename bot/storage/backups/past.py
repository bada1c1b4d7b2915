"""What a restored database has behind it: it was told before, and is not told again."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.domain.checkins import PromptStatus
from bot.storage.curation_tables import communities
from bot.storage.engine import Database
from bot.storage.prompts import PromptStore
from bot.storage.tables import OPEN, UNREACHABLE, members, prompts

_SENDING = prompts.c.status == PromptStatus.SENDING
_INSTANT = timedelta(microseconds=1)


async def pass_over(db: Database, now: datetime) -> int:
    """Mark as missed whatever was due by now, and move every plan on to what is due next; returns how many that were.

    The bot that ran on after the backup has sent it, or nobody has: which of the two, the backup cannot say. For a
    claim in which everything is stale, what an absence makes missed and what follows are the same.
    """
    given_up = await db.run(update(prompts).where(_SENDING).values(status=PromptStatus.MISSED, lease_until=None))
    store = PromptStore(db)
    # Also what waits for a member who could not be reached: they may have been reached since.
    await db.run(update(prompts).where(OPEN, prompts.c.paused).values(paused=False))
    await store.claim_due(now, now, now + _INSTANT, 1000)
    unreachable = select(members.c.id).where(UNREACHABLE)
    await db.run(update(prompts).where(OPEN, prompts.c.member_id.in_(unreachable)).values(paused=True))
    await db.run(update(communities).values(digested_at=now))
    return given_up + store.missed
