"""Anybody sending anything: interactions as they come over the gateway, also such as no real client sends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import simcord
from simcord import interactions
from simcord.backend import serializers
from simcord.results import InteractionResult, ResponseMessage

from bot.chat.ui.layout import panel
from tests.chat.world import World, text_of

COMMAND, COMPONENT, AUTOCOMPLETE, FORM = 2, 3, 4, 5
BUTTON, SELECT, TEXT_INPUT, LABEL = 2, 3, 4, 18
CHAT_INPUT, ON_MESSAGE = 1, 3
OPTION_TYPES = {str: 3, int: 4}

PATIENCE = 0.002
"""Seconds between two looks whether the bot is done."""

BLANK = panel(["A message."])

Seen = dict[int, tuple[str, str]]


@dataclass(frozen=True)
class Person:
    """Somebody at one place: a member in a channel of a server, or a user in their DM with the bot."""

    name: str
    actor: Any
    channel: simcord.ChannelHandle
    carrier: int
    """The message of the bot's whose controls they press, whatever these are said to be."""

    @property
    def id(self) -> int:
        return self.actor.id

    def begin_anew(self) -> None:
        """Have the message in front of them as it was first."""
        stored = self._backend.get_message(self.channel.id, self.carrier)
        stored.content, stored.components = "", BLANK.to_components()

    @property
    def _backend(self) -> Any:
        return self.actor._env.backend

    async def press(self, custom_id: str) -> InteractionResult:
        return await self._component({"custom_id": custom_id, "component_type": BUTTON})

    async def pick(self, custom_id: str, values: Sequence[str]) -> InteractionResult:
        return await self._component({"custom_id": custom_id, "component_type": SELECT, "values": list(values)})

    async def submit(self, custom_id: str, typed: Mapping[str, str | Sequence[str]]) -> InteractionResult:
        """Send a form in that was opened from the carrier, or never."""
        fields = [
            {"type": LABEL, "id": number, "component": _field(name, value)}
            for number, (name, value) in enumerate(typed.items(), start=1)
        ]
        return await self._send(FORM, {"custom_id": custom_id, "components": fields}, with_message=True)

    async def command(self, name: str, options: Mapping[str, Any], kind: int = COMMAND) -> InteractionResult:
        """A slash command, whether or not Discord would show it to this person here."""
        root, *below = name.split()
        data: dict[str, Any] = {"id": "1", "name": root, "type": CHAT_INPUT}
        data["options"] = [self._option(option, value, data) for option, value in options.items()]
        for each in reversed(below):
            data["options"] = [{"type": 1, "name": each, "options": data["options"]}]
        return await self._send(kind, data)

    async def suggestions(self, name: str, option: str, typed: str) -> list[dict[str, Any]]:
        """What is offered while they type into an option."""
        root, *below = name.split()
        options: list[dict[str, Any]] = [{"name": option, "type": 3, "value": typed, "focused": True}]
        for each in reversed(below):
            options = [{"type": 1, "name": each, "options": options}]
        data = {"id": "1", "name": root, "type": CHAT_INPUT, "options": options}
        return (await self._send(AUTOCOMPLETE, data)).autocomplete_choices or []

    async def menu(self, name: str, message: Any) -> InteractionResult:
        """A context menu on a message."""
        stored = self._backend.get_message(message.channel.id, message.id)
        payload = dict(serializers.message_payload(self._backend, stored))
        data = {"id": "1", "name": name, "type": ON_MESSAGE, "target_id": str(message.id)}
        return await self._send(COMMAND, {**data, "resolved": {"messages": {str(message.id): payload}}})

    def _option(self, name: str, value: Any, data: dict[str, Any]) -> dict[str, Any]:
        if isinstance(value, bytes):
            resolved = data.setdefault("resolved", {})
            stored = interactions.store_interaction_attachment(
                self._backend, self.channel.id, "file.json", value, resolved
            )
            return {"name": name, "type": 11, "value": stored}
        return {"name": name, "type": OPTION_TYPES[type(value)], "value": value}

    async def _component(self, data: dict[str, Any]) -> InteractionResult:
        return await self._send(COMPONENT, data, with_message=True)

    async def _send(self, kind: int, data: dict[str, Any], *, with_message: bool = False) -> InteractionResult:
        """As the simulator sends what its people do, without its looks at what these can see and press."""
        env, guild = self.actor._env, getattr(self.actor, "guild", None)
        record, payload = interactions.base_payload(
            self._backend,
            type=kind,
            channel_id=self.channel.id,
            guild_id=guild.id if guild else None,
            user_id=self.id,
            data=data,
        )
        if with_message:
            stored = self._backend.get_message(self.channel.id, self.carrier)
            payload["message"] = dict(serializers.message_payload(self._backend, stored))
            record.source_message_id = self.carrier
        self._backend.emit("INTERACTION_CREATE", payload)
        await env._settle_internal(dispatch="INTERACTION_CREATE", idle=PATIENCE)
        return InteractionResult(env, record)


def _field(name: str, value: str | Sequence[str]) -> dict[str, Any]:
    if isinstance(value, str):
        return {"type": TEXT_INPUT, "custom_id": name, "value": value}
    return {"type": SELECT, "custom_id": name, "values": list(value)}


async def somebody(world: World, name: str, actor: Any, channel: simcord.ChannelHandle) -> Person:
    """A person, with a message of the bot's in front of them."""
    message = await world.app.client.get_partial_messageable(channel.id).send(view=BLANK)
    return Person(name, actor, channel, message.id)


def everything_seen(world: World) -> Seen:
    """What stands in every message there is: plain text, and all the rest."""
    return {
        message.id: (message.content, repr((message.components, message.attachments)))
        for place in world.env.backend.messages.values()
        for message in place.values()
    }


async def words_of(result: InteractionResult) -> str:
    """All that somebody was told in answer, files and forms included."""
    messages = [message for message in (result.response, *result.followups) if message is not None]
    files = [str(await each.read()) for message in messages for each in message.attachments]
    return "\n".join([*map(_words, messages), *files, str(result.modal or "")])


def sentences_of(result: InteractionResult) -> list[ResponseMessage]:
    """The answers in plain text: every refusal is one, and hardly anything else."""
    return [message for message in (result.response, *result.followups) if message is not None and message.content]


def _words(message: ResponseMessage) -> str:
    return f"{text_of(message)}\n{message.components}"
