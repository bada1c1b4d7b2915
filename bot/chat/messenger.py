"""Sends prompts through Discord and says in our own words what came of it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import discord
import structlog

from bot.chat.ui.checkins import leaving_view
from bot.chat.ui.prompts import message_for
from bot.domain.checkins import Delivery
from bot.domain.members import Member
from bot.domain.plans import Plan
from bot.domain.questionnaires import Questionnaire
from bot.services.ports import Delivered, Held, Outcome, TokenRefused, Uncertain, Unreachable

SEND_TIMEOUT = 15.0
"""Seconds. discord.py sets no time-out of its own, and Discord may hang."""

CANNOT_DM, NO_MUTUAL_SERVER, UNKNOWN_CHANNEL, UNKNOWN_USER = 50007, 50278, 10003, 10013
GONE = {CANNOT_DM, NO_MUTUAL_SERVER, UNKNOWN_CHANNEL, UNKNOWN_USER}
UNKNOWN_MESSAGE = 10008
"""Discord's answer when the nonce names a message that was deleted since: it had arrived."""

BANNED_PAUSE = 600.0
"""Seconds without any send after a 429 that does not come from Discord's own servers."""

CLOCKS_DIFFER = timedelta(minutes=10)
"""How far our clock may be ahead of Discord's when we look for a message since its prompt was due."""

log = structlog.get_logger()


class DiscordMessenger:
    """The ports `Messenger` and `Herald` on discord.py. It only posts to DM channels that are stored: it opens none."""

    def __init__(self, client: discord.Client, asked: Callable[[Plan], Questionnaire]) -> None:
        self._client = client
        self._asked = asked

    async def send_prompt(self, delivery: Delivery, plan: Plan) -> Outcome:
        """Post the prompt. The nonce makes Discord answer a repeat with the message that is already there."""

        async def send() -> Outcome:
            view = message_for(delivery.prompt, plan, self._asked(plan))
            message = await self._channel(delivery.channel_id).send(view=view, nonce=delivery.prompt.id)
            if delivery.sign not in _custom_ids(message.components):
                log.error("nonce collision: another message came back", prompt=delivery.prompt.id)
                return Uncertain("nonce collision")
            return Delivered(message.id)

        return await self._attempt(send) or Uncertain("no answer")

    async def look_for(self, delivery: Delivery) -> Outcome | None:
        """Search the member's channel, from shortly before the prompt was due, for a message that carries its id."""
        since = delivery.prompt.due_at - CLOCKS_DIFFER

        async def look() -> Outcome | None:
            async for message in self._channel(delivery.channel_id).history(limit=None, after=since, oldest_first=True):
                if delivery.sign in _custom_ids(message.components):
                    return Delivered(message.id)
            return None

        return await self._attempt(look)

    async def tell_leaving(self, member: Member, on: datetime) -> Outcome:
        """Tell somebody whom nothing has reached for long that everything of theirs is erased then."""

        async def send() -> Outcome:
            view = leaving_view(member, on)
            message = await self._channel(member.dm_channel_id).send(view=view, nonce=f"l{member.id}")
            return Delivered(message.id)

        return await self._attempt(send) or Uncertain("no answer")

    def _channel(self, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id, type=discord.ChannelType.private)

    @staticmethod
    async def _attempt(request: Callable[[], Awaitable[Outcome | None]]) -> Outcome | None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                return await request()
        except discord.HTTPException as error:
            return _refusal(error)
        except discord.RateLimited as error:
            # Which limit it was is not said. If it is the one for everything, the next one meets it too.
            return Uncertain(f"rate limited for {error.retry_after:.0f} s", server_fault=True)
        except (TimeoutError, OSError, aiohttp.ClientError, discord.DiscordException) as error:
            return Uncertain(type(error).__name__, server_fault=True)


def _refusal(error: discord.HTTPException) -> Outcome:
    reason = f"{error.status} {error.code}"
    if error.code in GONE:
        return Unreachable(str(error.code))
    if error.code == UNKNOWN_MESSAGE:
        return Delivered(None)
    if error.status == 401:
        return TokenRefused()
    if error.status == 429 and "Via" not in error.response.headers:
        return Held(BANNED_PAUSE, "429 from in front of Discord")
    return Uncertain(reason, server_fault=error.status >= 500)


def _custom_ids(components: Sequence[Any]) -> str:
    """All custom_ids of a message, run together."""
    return " ".join(_each_custom_id(components))


def _each_custom_id(components: Sequence[Any]) -> Iterator[str]:
    for component in components:
        yield getattr(component, "custom_id", None) or ""
        yield from _each_custom_id(getattr(component, "children", ()))
