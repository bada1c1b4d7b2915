"""A whole small world for a test: simulated Discord, real bot, real database, a clock that stands still."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import simcord

from bot.app import App, assemble
from bot.catalog.live import Library
from bot.chat.ui.layout import button, panel, row
from bot.config import Settings
from bot.domain.plans import Plan
from bot.reports.press import Press
from bot.services.checkins import CheckInService
from bot.storage import Storage

AGREE = "Yes, I agree: start"
MONDAY_MORNING = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


@dataclass
class FixedClock:
    """Moves only when told to."""

    moment: datetime = MONDAY_MORNING

    def now(self) -> datetime:
        return self.moment

    def advance(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass(repr=False)  # all cards are in it, and asyncio asks for it in every test
class World:
    """The parts a test acts on. `you` is a user in their DM; `member` and `other` are in a server channel."""

    env: simcord.Env
    app: App
    storage: Storage
    library: Library
    printing: Press
    settings: Settings
    clock: FixedClock
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    you: simcord.UserHandle
    member: simcord.MemberActor
    other: simcord.MemberActor

    async def restart(self) -> None:
        """A new bot process, as far as Discord and the database can tell."""
        self.app = assemble(self.storage, self.library, self.printing, self.clock, self.settings)
        await self.env.restart_bot(self.app.client)

    async def deliver(self) -> int:
        return await self.app.delivery.deliver_due()

    @property
    def checkins(self) -> CheckInService:
        return self.app.checkins

    @property
    def inbox(self) -> list[Any]:
        """Everything in your DM, oldest first."""
        return list(self.you.dm_channel.history())

    async def enroll(self, at: str = "09:00", days: str = "Every day", **options: str) -> Any:
        """Opt in from the DM, by command and click; returns the confirmation message."""
        shown = await self.you.slash("checkin start", place="Europe/London", at=at, days=days, **options)
        await self.you.click(shown.response, label=AGREE)
        return self.inbox[-1]

    async def enroll_too(self, at: str = "09:00", **options: str) -> Any:
        """Set up one more, having agreed before; returns the confirmation message."""
        shown = await self.you.slash("checkin start", at=at, **options)
        await self.you.click(shown.response, label="Yes, start")
        return self.inbox[-1]

    async def plans(self) -> list[Plan]:
        """Your running plans, oldest first."""
        return [plan for plan in await self.storage.plans.of_member(self.you.id) if plan.stopped_at is None]

    async def due_prompt(self) -> Any:
        """Jump to the next due prompt and have it delivered."""
        due = await self.storage.prompts.next_due()
        assert due is not None
        self.clock.moment = due
        assert await self.deliver() == 1
        return self.inbox[-1]

    async def press(self, custom_id: str, by: simcord.MemberActor | None = None) -> Any:
        """Press a button of the bot's that carries this custom_id: in your DM, or by a member in the channel."""
        view = panel(["A message."], row(button("Press", custom_id)))
        place = self.channel.id if by else self.you.dm_channel.id
        message = await self.app.client.get_partial_messageable(place).send(view=view)
        return await (by or self.you).click(message, label="Press")


async def make_world(
    env: simcord.Env,
    app: App,
    storage: Storage,
    library: Library,
    press: Press,
    settings: Settings,
    clock: FixedClock,
) -> World:
    guild = env.create_guild("Gentle Days")
    channel = guild.create_text_channel("treatments")
    you = env.create_user("you")
    guild.add_member(you)
    member = guild.add_member(env.create_user("member"))
    other = guild.add_member(env.create_user("other"))
    return World(env, app, storage, library, press, settings, clock, guild, channel, you, member, other)


def text_of(message: Any) -> str:
    """All text a person sees in a message, Components V2 and plain content alike."""
    parts = [message.content, *(part["content"] for part in walk(raw_components(message)) if part["type"] == 10)]
    return "\n".join(part for part in parts if part)


def labels_of(message: Any) -> list[str]:
    """The labels of all buttons, in order."""
    return [part["label"] for part in walk(raw_components(message)) if part["type"] == 2]


def can_press(message: Any, label: str) -> bool:
    """Whether the message has a button of that label that is not greyed out."""
    parts = [part for part in walk(raw_components(message)) if part["type"] == 2 and part["label"] == label]
    return any(not part.get("disabled") for part in parts)


def custom_ids_of(message: Any) -> list[str]:
    return [part["custom_id"] for part in walk(raw_components(message)) if "custom_id" in part]


def raw_components(message: Any) -> list[dict[str, Any]]:
    """Component payloads of a response or a stored message."""
    return [part if isinstance(part, dict) else part.to_dict() for part in message.components]


def walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for part in components:
        yield part
        yield from walk([*part.get("components", []), *([part["accessory"]] if "accessory" in part else [])])
