"""Controls that outlive the process: a versioned custom_id carries all state, and one router finds its handler.

discord.py's own dispatch is left out on purpose. Views are sent already stopped (`bot.chat.ui.layout`), so the library
keeps no object for any message; a button, select or modal works the same before and after a restart; a stopping view
cannot take other controls down with it; and every handler ends in the same error reporter.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import discord

from bot.errors import UserError

Interaction = discord.Interaction[discord.Client]
Handler = Callable[[Interaction, Mapping[str, str]], Awaitable[None]]

OUTDATED = (
    "I do not recognise that control; it may come from an older version of me. "
    "Type /help to see what I can do now. Nothing was changed."
)


@dataclass(frozen=True, eq=False)
class Action:
    """One kind of control: its name, its version, and a pattern for each field that its custom_id carries.

    The custom_id reads `name:version:field:field`, at most 100 characters; no field may contain a colon.
    """

    name: str
    version: int = 1
    fields: Mapping[str, str] = field(default_factory=dict[str, str])

    def custom_id(self, **values: str) -> str:
        """The custom_id for these field values; they must fit their patterns."""
        made = ":".join([self.name, str(self.version), *(values[name] for name in self.fields)])
        if self.parse(made) != values or len(made) > 100:
            raise ValueError(f"{self.name}: these values do not make a custom_id")
        return made

    def parse(self, custom_id: str) -> dict[str, str] | None:
        """The field values of a custom_id of this kind; None for any other."""
        pattern = ":".join(
            [self.name, str(self.version), *(f"(?P<{name}>{rule})" for name, rule in self.fields.items())]
        )
        match = re.fullmatch(pattern, custom_id, re.ASCII)
        return match.groupdict() if match else None


class Router:
    """Finds the handler for a component or modal interaction."""

    def __init__(self, handlers: Mapping[Action, Handler] | None = None) -> None:
        self._handlers: dict[str, tuple[Action, Handler]] = {}
        for action, handler in (handlers or {}).items():
            self.add(action, handler)

    def add(self, action: Action, handler: Handler) -> None:
        key = f"{action.name}:{action.version}"
        if key in self._handlers:
            raise ValueError(f"two handlers for {key}")
        self._handlers[key] = (action, handler)

    async def dispatch(self, interaction: Interaction, custom_id: str) -> None:
        """Run the handler for this custom_id.

        Raises:
            UserError: no control of ours has such a custom_id (forged, or from a version long gone).
        """
        key = ":".join(custom_id.split(":", 2)[:2])
        action, handler = self._handlers.get(key, (None, None))
        values = action.parse(custom_id) if action else None
        if handler is None or values is None:
            raise UserError(OUTDATED)
        await handler(interaction, values)
