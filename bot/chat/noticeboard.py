"""Posts to channels and edits what was posted, and says in our own words what came of it."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set

import aiohttp
import discord
import structlog

from bot.chat.messenger import GONE as GONE_DM
from bot.chat.messenger import SEND_TIMEOUT, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE
from bot.chat.ui.digest import digest_view, granted_view
from bot.chat.ui.posted import posted_view
from bot.domain.cards import Card
from bot.domain.communities import Community
from bot.domain.curation import Posted, Wish
from bot.services.curation.editions import Editions
from bot.services.curation.ports import Placed

NO_ACCESS, NO_PERMISSION = 50001, 50013
CLOSED = {UNKNOWN_CHANNEL, NO_ACCESS, NO_PERMISSION}

DONE, GONE, LATER = Placed(done=True), Placed(gone=True), Placed()

log = structlog.get_logger()


class DiscordNoticeboard:
    """The `Noticeboard` port on discord.py. It only ever posts to channels whose ids are stored: it opens none."""

    def __init__(self, client: discord.Client, editions: Editions) -> None:
        self._client = client
        self._editions = editions

    def serves(self, guild_id: int) -> bool:
        """By Discord's own rule for shards, by which direct messages (0) come to shard 0."""
        shards = self._client.shard_ids if isinstance(self._client, discord.AutoShardedClient) else None
        return shards is None or (guild_id >> 22) % (self._client.shard_count or 1) in shards

    async def edit_answer(self, posted: Posted, note: str) -> Placed:
        """Draw it anew as its community has it now."""
        view = posted_view(await self._editions.of(posted.guild_id), posted, note)
        message = self._channel(posted.channel_id).get_partial_message(posted.message_id)
        nobody = discord.AllowedMentions.none()  # the client's default is for new messages only
        return await _attempt(lambda: message.edit(view=view, allowed_mentions=nobody), CLOSED | {UNKNOWN_MESSAGE})

    async def post_digest(self, community: Community, digest: Mapping[str, Sequence[str]], nonce: str) -> Placed:
        """The nonce makes Discord answer a repeat with the message that is already there."""
        if community.curation_channel_id is None:
            return GONE
        channel = self._channel(community.curation_channel_id)
        return await _send(lambda: channel.send(view=digest_view(digest), nonce=nonce), CLOSED)

    async def tell_wisher(self, wish: Wish, card: Card) -> Placed:
        """Into the DM channel that the member had when they wished."""
        guild = self._client.get_guild(wish.guild_id)
        server = (guild.name if guild else "that server") if wish.guild_id else None
        channel = self._client.get_partial_messageable(wish.channel_id, type=discord.ChannelType.private)
        view, nonce = granted_view(card, server), _nonce(wish)
        return await _send(lambda: channel.send(view=view, nonce=nonce), GONE_DM | CLOSED)

    def _channel(self, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id)


def _nonce(wish: Wish) -> str:
    """The same for the same wish, and no longer than the 25 characters that Discord takes."""
    said = f"{wish.guild_id}:{wish.trace}:{wish.name}".encode()
    return hashlib.blake2b(said, digest_size=12).hexdigest()


async def _send(request: Callable[[], Awaitable[object]], gone: Set[int]) -> Placed:
    """Here an unknown message is good news: the nonce names one that arrived, and was deleted since."""
    return await _attempt(request, gone, arrived={UNKNOWN_MESSAGE})


async def _attempt(request: Callable[[], Awaitable[object]], gone: Set[int], arrived: Set[int] = frozenset()) -> Placed:
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            await request()
    except discord.HTTPException as error:
        if error.code in arrived:
            return DONE
        log.warning("notice not placed", status=error.status, code=error.code)
        return GONE if error.code in gone else LATER
    except (TimeoutError, OSError, aiohttp.ClientError, discord.DiscordException) as error:
        log.warning("notice not placed", error=type(error).__name__)
        return LATER
    return DONE
