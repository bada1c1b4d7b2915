"""Commands, clicks and forms on their way through the bot, and the routes by which it answers them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.loopback.calls import Payload, Request
from tests.loopback.codes import DiscordError
from tests.loopback.messages import LOADING, Messages

EPHEMERAL = 64
NEW_MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9


@dataclass
class Interaction:
    """One of them. `original` is what `@original` means, once there is one.

    Set `expired` to have the bot told that its token is too old.
    """

    id: str
    token: str
    channel_id: str
    by: int
    pressed: Payload | None
    at: float
    callback: Payload | None = None
    original: Payload | None = None
    followups: list[Payload] = field(default_factory=list[Payload])
    expired: bool = False

    @property
    def choices(self) -> list[Payload] | None:
        """What autocomplete suggests, once it is there."""
        return self._answer(CHOICES).get("choices")

    @property
    def modal(self) -> Payload | None:
        """The form that this opened, once it has."""
        return self._answer(MODAL) or None

    def _answer(self, kind: int) -> Payload:
        return (self.callback.get("data") or {}) if self.callback and self.callback["type"] == kind else {}


class Interactions:
    """All of them, by their tokens. `acknowledge_within` seconds a bot has to answer; Discord gives three."""

    def __init__(self, messages: Messages) -> None:
        self.acknowledge_within = float("inf")
        self._messages = messages
        self._known: dict[str, Interaction] = {}

    def add(self, interaction: Interaction) -> None:
        self._known[interaction.token] = interaction

    def callback(self, request: Request, at: Payload) -> Payload | None:
        interaction = self._known.get(at["token"])
        if interaction is None or interaction.expired:
            raise DiscordError(10062)
        if interaction.callback is not None:
            raise DiscordError(40060)
        if request.at - interaction.at > self.acknowledge_within:
            raise DiscordError(10062)
        interaction.callback = request.body
        kind: int = request.body["type"]
        data: Payload = request.body.get("data") or {}
        if kind in {NEW_MESSAGE, DEFERRED_MESSAGE}:
            interaction.original = self._post(interaction, request, data, LOADING if kind == DEFERRED_MESSAGE else 0)
        elif interaction.pressed is not None and kind in {DEFERRED_UPDATE, UPDATE}:
            interaction.original = self._messages.change(interaction.pressed, data, request.files)
        if request.query.get("with_response") not in {"1", "true"}:
            return None
        shown = {"message": interaction.original} if kind in {NEW_MESSAGE, UPDATE} else {}
        return {"interaction": {"id": interaction.id, "type": kind}, "resource": {"type": kind, **shown}}

    def follow_up(self, request: Request, at: Payload) -> Payload:
        interaction = self._interaction(at)
        message = self._post(interaction, request, request.body)
        interaction.followups.append(message)
        return message

    def get(self, _request: Request, at: Payload) -> Payload:
        return self._response(at)

    def edit(self, request: Request, at: Payload) -> Payload:
        return self._messages.change(self._response(at), request.body, request.files)

    def delete(self, _request: Request, at: Payload) -> None:
        message, interaction = self._response(at), self._interaction(at)
        if message is interaction.original:
            interaction.original = None
        for place in (interaction.followups, self._messages.channels[interaction.channel_id]):
            if message in place:
                place.remove(message)

    def _interaction(self, at: Payload) -> Interaction:
        if at["token"] not in self._known:
            raise DiscordError(10015)
        if self._known[at["token"]].expired:
            raise DiscordError(50027)
        return self._known[at["token"]]

    def _response(self, at: Payload) -> Payload:
        interaction = self._interaction(at)
        if at["message"] == "@original":
            found = interaction.original
        else:
            found = next((message for message in interaction.followups if message["id"] == at["message"]), None)
        if found is None:
            raise DiscordError(10008)
        return found

    def _post(self, interaction: Interaction, request: Request, body: Payload, flags: int = 0) -> Payload:
        """Ephemeral messages are in no channel's history."""
        message = self._messages.make(interaction.channel_id, body, request.files, flags)
        if not message["flags"] & EPHEMERAL:
            self._messages.channels[interaction.channel_id].append(message)
        return message


def controls(components: Iterable[Payload]) -> list[Payload]:
    """Everything with a custom_id in a message or a form, however deep."""
    found: list[Payload] = []
    for part in components:
        inner = [part[name] for name in ("component", "accessory") if name in part]
        found += [part] if "custom_id" in part else []
        found += controls([*part.get("components", []), *inner])
    return found
