"""Sends prompts through Discord and says in our own words what came of it."""

import asyncio
from collections.abc import Callable

import aiohttp
import discord

from bot.chat.limiter import Limiter
from bot.chat.ui.prompts import message_for
from bot.domain.checkins import Delivery
from bot.domain.plans import Plan
from bot.domain.questionnaires import Questionnaire
from bot.services.ports import Delivered, Outcome, Uncertain, Unreachable

SEND_TIMEOUT = 15.0
"""Seconds. discord.py sets no time-out of its own, and Discord may hang."""

CANNOT_DM, NO_MUTUAL_SERVER, UNKNOWN_CHANNEL, UNKNOWN_USER = 50007, 50278, 10003, 10013
GONE = {CANNOT_DM, NO_MUTUAL_SERVER, UNKNOWN_CHANNEL, UNKNOWN_USER}


class DiscordMessenger:
    """The `Messenger` port on discord.py. It only ever posts to DM channels that are stored: it opens none."""

    def __init__(self, client: discord.Client, limiter: Limiter, asked: Callable[[Plan], Questionnaire]) -> None:
        self._client = client
        self._limiter = limiter
        self._asked = asked

    async def send_prompt(self, delivery: Delivery, plan: Plan) -> Outcome:
        """Post the prompt. The nonce makes Discord answer a repeat with the message that is already there."""
        await self._limiter.wait()
        channel = self._client.get_partial_messageable(delivery.channel_id, type=discord.ChannelType.private)
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                view = message_for(delivery.prompt, plan, self._asked(plan))
                message = await channel.send(view=view, nonce=delivery.prompt.id)
        except discord.HTTPException as error:
            refused = error.code in GONE
            return Unreachable(str(error.code)) if refused else Uncertain(f"{error.status} {error.code}")
        except (TimeoutError, OSError, aiohttp.ClientError, discord.DiscordException) as error:
            return Uncertain(type(error).__name__)
        return Delivered(message.id)
