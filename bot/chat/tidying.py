"""Deleting what the bot wrote in somebody's private chat, because they want it gone there too."""

from dataclasses import dataclass

import aiohttp
import discord
import structlog

from bot.services.pace import Pace

MOST_DELETED = 500
"""In one go: even at one a second, which is what Discord allows for old ones, that is done within fifteen minutes."""

MOST_LOOKED_AT = 5000

TO_WAIT_FOR = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError)

log = structlog.get_logger()


@dataclass(frozen=True)
class Tidied:
    """How many messages were deleted, and whether there may be more."""

    deleted: int
    left: bool


async def delete_ours(chat: discord.abc.Messageable, ours: discord.Message, pace: Pace) -> Tidied:
    """Delete what the author of `ours` wrote before that, newest first, as many as fit into one go."""
    looked_at = deleted = 0
    stuck = False
    try:
        async for message in chat.history(limit=MOST_LOOKED_AT, before=ours):
            looked_at += 1
            if message.author.id != ours.author.id:
                continue
            if deleted == MOST_DELETED:
                return Tidied(deleted, left=True)
            await pace.wait()
            went = await _delete(message)
            deleted, stuck = deleted + went, stuck or not went
    except TO_WAIT_FOR as error:
        log.warning("messages not all deleted", reason=type(error).__name__)
        return Tidied(deleted, left=True)
    return Tidied(deleted, stuck or looked_at == MOST_LOOKED_AT)


async def _delete(message: discord.Message) -> bool:
    """False if Discord does not let go of it; one that is gone already counts, for somebody pressed twice."""
    try:
        await message.delete()
    except discord.NotFound:
        return True
    except discord.Forbidden:
        return False
    return True
