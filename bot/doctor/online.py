"""What Discord says: the token, the application, the gateway, and what the bot may do in each community's channel.

Plain requests to Discord's REST API, at the address that the bot itself would use, and none that changes anything.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from bot.config import Settings
from bot.doctor.findings import Finding, not_checked, ok, problem, warning
from bot.domain.communities import Community

API = "https://discord.com/api/v10"
PATIENCE = aiohttp.ClientTimeout(total=10)
AGENT = "DiscordBot (spoonful, doctor)"

FEW_STARTS = 100
CLOCKS_DIFFER = timedelta(seconds=60)
CLOCK_IS_WRONG = timedelta(minutes=10)

PRIVILEGED: Mapping[str, int] = {
    "Presence": 1 << 12 | 1 << 13,
    "Server Members": 1 << 14 | 1 << 15,
    "Message Content": 1 << 18 | 1 << 19,
}
"""The bits in an application's flags that say that a privileged intent is on, for large bots and for small ones."""

USER_INSTALL = "1"
ADMINISTRATOR = 1 << 3
NEEDED: Mapping[str, int] = {"View Channel": 1 << 10, "Send Messages": 1 << 11, "Embed Links": 1 << 14}
PORTAL = "https://discord.com/developers/applications"
HELLO = 10
GUILDS_A_PAGE = 200

Payload = Mapping[str, Any]


class OutOfReach(Exception):  # noqa: N818 - it says what it is
    """No reply, or none that can be read; the message is the reason, without an address or a token."""


@dataclass(frozen=True)
class Reply:
    """`body` is only there if the status is 200."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Discord:
    """Asks with the bot's token."""

    def __init__(self, http: aiohttp.ClientSession, settings: Settings, token: str) -> None:
        self._http = http
        self._address = (settings.discord_api_url or API).rstrip("/")
        self._headers = {"Authorization": f"Bot {token}", "User-Agent": AGENT}

    async def get(self, path: str, **query: str) -> Reply:
        """Raises OutOfReach."""
        try:
            async with self._http.get(self._address + path, headers=self._headers, params=query) as reply:
                body = await reply.json(content_type=None) if reply.status == 200 else None
                return Reply(reply.status, body, dict(reply.headers))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise OutOfReach(type(error).__name__) from None

    async def hello(self, address: str) -> bool:
        """Whether the gateway greets. Nothing is said to it, so this costs none of the day's starts."""
        try:
            async with self._http.ws_connect(f"{address}?v=10&encoding=json") as socket:
                greeting = await socket.receive(timeout=PATIENCE.total)
                return json.loads(greeting.data)["op"] == HELLO
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, LookupError, TypeError):
            return False


async def look(settings: Settings, token: str, communities: Sequence[Community], now: datetime) -> Sequence[Finding]:
    """Everything that Discord can be asked."""
    found = list[Finding]()
    async with aiohttp.ClientSession(timeout=PATIENCE) as http:
        try:
            async for finding in _findings(Discord(http, settings, token), settings, communities, now):
                found.append(finding)
        except OutOfReach as error:
            said = f"It cannot be reached ({error})."
            found.append(problem("discord", said, "Look at the network, a proxy or a firewall."))
    return found


async def _findings(
    discord: Discord, settings: Settings, communities: Sequence[Community], now: datetime
) -> AsyncIterator[Finding]:
    me = await discord.get("/users/@me")
    if me.status != 200:
        yield _refused(me)
        return
    yield ok("token", "Discord takes it.")
    for finding in (*_clock(me, now), *_application(await discord.get("/applications/@me"))):
        yield finding
    for finding in await _gateway(discord, settings):
        yield finding
    async for finding in _communities(discord, str(me.body["id"]), communities):
        yield finding


def _refused(reply: Reply) -> Finding:
    if reply.status == 401:
        return problem(
            "token", "Discord refuses it.", "Reset it on the Bot page of the developer portal; set the new one."
        )
    return problem(
        "discord", f"It answered with status {reply.status}.", "Look at https://discordstatus.com, try later."
    )


def _clock(reply: Reply, now: datetime) -> Sequence[Finding]:
    """To the second, and the way there and back took a moment too."""
    try:
        theirs = parsedate_to_datetime(reply.headers["Date"])
    except (KeyError, ValueError):
        return []
    off = abs(now - theirs)
    if off <= CLOCKS_DIFFER:
        return [ok("clock online", "It agrees with Discord's.")]
    said, advice = (
        f"It is {off.total_seconds():.0f} s away from Discord's.",
        "Switch time synchronisation on: timedatectl",
    )
    return [(problem if off > CLOCK_IS_WRONG else warning)("clock online", said, advice)]


def _application(reply: Reply) -> Sequence[Finding]:
    if reply.status != 200:
        return [not_checked("application", f"Discord answered with status {reply.status}.")]
    told: Payload = reply.body
    flags = int(told.get("flags") or 0)
    on = [name for name, bits in PRIVILEGED.items() if flags & bits]
    if on:
        said = f"Privileged intents are on that nobody needs: {', '.join(on)}."
        found = [warning("intents", said, f"Switch them off on the Bot page: {PORTAL}")]
    else:
        found = [ok("intents", "No privileged intent is on, and none is needed.")]
    if told.get("interactions_endpoint_url"):
        said = "An interactions endpoint is set, so Discord sends commands there and not to the bot."
        found.append(problem("application", said, f"Empty that field on the General Information page: {PORTAL}"))
    if USER_INSTALL not in (told.get("integration_types_config") or {USER_INSTALL: None}):
        said = "Members cannot install the bot for themselves, so commands in direct messages need a shared server."
        found.append(warning("application", said, f"Allow User Install on the Installation page: {PORTAL}"))
    return found


async def _gateway(discord: Discord, settings: Settings) -> Sequence[Finding]:
    reply = await discord.get("/gateway/bot")
    if reply.status != 200:
        return [problem("gateway", f"Discord answered with status {reply.status}.", "Try again in a while.")]
    limit, shards = reply.body["session_start_limit"], int(reply.body["shards"])
    found = [_starts(int(limit["remaining"]), timedelta(milliseconds=int(limit["reset_after"])))]
    if not await discord.hello(settings.discord_gateway_url or str(reply.body["url"])):
        found.append(problem("gateway", "It does not greet.", "A firewall or proxy may keep websockets from passing."))
    if shards > 1:
        said = f"Discord recommends {shards} shards by now; from 2,500 servers on they are required."
        found.append(warning("shards", said, "deploy/scale.md tells how to run several."))
    return found


def _starts(left: int, renewed: timedelta) -> Finding:
    said = f"{left} starts are left for the next {renewed.total_seconds() / 3600:.0f} hours."
    if left < FEW_STARTS:
        advice = "Stop whatever starts the bot again and again: at 0, Discord resets the token."
        return (warning if left else problem)("gateway", said, advice)
    return ok("gateway", said)


async def _communities(discord: Discord, me: str, communities: Sequence[Community]) -> AsyncIterator[Finding]:
    """The servers the bot is in, and its permissions in each curation channel."""
    guilds = await _guilds(discord)
    yield ok("servers", f"The bot is in {len(guilds)}.")
    for community in communities:
        if community.curation_channel_id is None:
            continue
        guild = guilds.get(str(community.guild_id))
        if guild is None:
            said = f"The bot is not in server {community.guild_id} any more; its settings are kept."
            yield warning("channel", said, "Nothing, or invite it again.")
        else:
            yield await _channel(discord, me, guild, str(community.curation_channel_id))


async def _guilds(discord: Discord) -> Mapping[str, Payload]:
    found: dict[str, Payload] = {}
    after = "0"
    while True:
        page = await discord.get("/users/@me/guilds", after=after, limit=str(GUILDS_A_PAGE))
        listed: list[Payload] = page.body if page.status == 200 else []
        found |= {str(guild["id"]): guild for guild in listed}
        if len(listed) < GUILDS_A_PAGE:
            return found
        after = str(listed[-1]["id"])


async def _channel(discord: Discord, me: str, guild: Payload, channel_id: str) -> Finding:
    where = f"the curation channel of {guild['name']} ({guild['id']})"
    there, member = await asyncio.gather(
        discord.get(f"/channels/{channel_id}"), discord.get(f"/guilds/{guild['id']}/members/{me}")
    )
    if there.status != 200 or member.status != 200:
        said = f"I cannot see {where}: it is gone, or I am not let in."
        return problem("channel", said, "Choose another with /setup, or give me View Channel there.")
    allowed = permissions_in(there.body, guild, [str(role) for role in member.body["roles"]], me)
    missing = [name for name, bit in NEEDED.items() if not allowed & bit]
    if missing:
        said = f"I may not do this in {where}: {', '.join(missing)}."
        return problem("channel", said, "Give my role these permissions there.")
    return ok("channel", f"I may post in {where}.")


def permissions_in(channel: Payload, guild: Payload, roles: Sequence[str], me: str) -> int:
    """Discord's own rule: everyone's overwrite, then those of the roles together, then the member's own."""
    allowed = int(guild["permissions"])
    if guild.get("owner") or allowed & ADMINISTRATOR:
        return ~0
    overwrites = {str(each["id"]): each for each in channel.get("permission_overwrites", ())}
    for ids in ([str(guild["id"])], roles, [me]):
        met = [overwrites[each] for each in ids if each in overwrites]
        denied = granted = 0
        for each in met:
            denied |= int(each["deny"])
            granted |= int(each["allow"])
        allowed = allowed & ~denied | granted
    return allowed
