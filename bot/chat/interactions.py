"""How every interaction is answered, and the one place where every failed one ends."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.chat.routing import OUTDATED, Handler, Interaction
from bot.chat.ui.consent import consent_view
from bot.chat.ui.layout import Layout
from bot.domain.checkins import new_id
from bot.errors import UserError
from bot.logs import trace_of
from bot.services.checkins import NOT_YOURS
from bot.services.membership import OutdatedConsentError

log = structlog.get_logger()

UNKNOWN_INTERACTION, ALREADY_ACKNOWLEDGED = 10062, 40060
UNKNOWN_WEBHOOK, INVALID_TOKEN = 10015, 50027
BEYOND_ANSWER = {UNKNOWN_INTERACTION, ALREADY_ACKNOWLEDGED, UNKNOWN_WEBHOOK, INVALID_TOKEN}
"""Refusals by which Discord says that an interaction takes no answer from us any more."""

FIRST_RETRY = 1.0
"""Seconds after which discord.py repeats an answer to which there was no clear reply, at the earliest."""

ACKNOWLEDGED, TOO_LATE = "acknowledged", "too late"
"""What we note in the extras of an interaction."""

OPENING_DMS_TOO_FAST = 40003

DMS_CLOSED = (
    "I could not send you a private message, so nothing was started. Please allow private messages from members "
    "of this server (server name, Privacy settings), then press the button again."
)
TRY_LATER = "Discord will not let me open new private chats just now. Nothing was started; please try again in an hour."


def in_bot_dm(interaction: Interaction) -> bool:
    """Whether this happens in the member's own chat with the bot, where everything is private already."""
    return interaction.context.dm_channel


def is_private(interaction: Interaction) -> bool:
    """Whether the pressed message is seen by nobody else."""
    return in_bot_dm(interaction) or (interaction.message is not None and interaction.message.flags.ephemeral)


def community_of(interaction: Interaction) -> int | None:
    """The server whose cards count here. In private that is the only one the bot is in; None if there are several."""
    client = interaction.client
    if interaction.guild_id is None and len(client.guilds) == 1 and (client.shard_count or 1) == 1:
        return client.guilds[0].id
    return interaction.guild_id


def can_share(interaction: Interaction) -> bool:
    """Whether there is anybody here to share with."""
    return not in_bot_dm(interaction)


async def acknowledge(interaction: Interaction) -> None:
    """Tell Discord within its three seconds that we are on it, before anything slow is begun.

    If that comes too late, or its reply is lost, the work goes on: what a member told us is kept.
    """
    began = asyncio.get_running_loop().time()
    try:
        await _defer(interaction)
    except (OSError, aiohttp.ClientError) as error:  # it may have arrived
        log.warning("acknowledgement uncertain", reason=type(error).__name__)
        interaction.extras[ACKNOWLEDGED] = True
    except discord.HTTPException as error:
        repeated = asyncio.get_running_loop().time() - began >= FIRST_RETRY
        if error.code == ALREADY_ACKNOWLEDGED and repeated:  # by our own first try; else another process has it
            interaction.extras[ACKNOWLEDGED] = True
        elif error.code == UNKNOWN_INTERACTION:
            log.warning("acknowledged too late")
            interaction.extras[TOO_LATE] = True
        else:
            raise


async def acknowledge_beside(interaction: Interaction) -> None:
    """As `acknowledge`, for an answer that does not take the place of the pressed message, or that has none."""
    await interaction.response.defer(ephemeral=not in_bot_dm(interaction), thinking=True)


def of_owner(handler: Handler) -> Handler:
    """Let only the person whose id the control carries (as `member`) press it."""

    async def checked(interaction: Interaction, values: Mapping[str, str]) -> None:
        if values["member"] != str(interaction.user.id):
            raise UserError(NOT_YOURS)
        await handler(interaction, values)

    return checked


async def _defer(interaction: Interaction) -> None:
    if interaction.type is discord.InteractionType.application_command:
        await interaction.response.defer(ephemeral=not in_bot_dm(interaction), thinking=True)
    else:
        await interaction.response.defer()


async def show(
    interaction: Interaction, view: Layout, *, private: bool = True, files: Sequence[discord.File] = ()
) -> None:
    """Answer with a view; after `acknowledge`, put it where the answer or the pressed message is.

    Files can only go with an answer that was acknowledged before: they take time to make. Where that was too late, a
    pressed message of ours in the member's DM is edited without the interaction; anywhere else nobody can be told.
    """
    if TOO_LATE in interaction.extras:
        if interaction.message is not None and in_bot_dm(interaction):
            await interaction.message.edit(view=view, attachments=files)
    elif _is_acknowledged(interaction):
        await interaction.edit_original_response(view=view, attachments=files)
    else:
        await interaction.response.send_message(view=view, ephemeral=private and not in_bot_dm(interaction))


async def show_everyone(interaction: Interaction, view: Layout) -> int | None:
    """Answer with a new message that all in the channel see; its id, unless Discord left that out."""
    return (await interaction.response.send_message(view=view)).message_id


def _is_acknowledged(interaction: Interaction) -> bool:
    return interaction.response.is_done() or ACKNOWLEDGED in interaction.extras


async def say(interaction: Interaction, text: str) -> None:
    """A short private sentence beside whatever is there."""
    private = not in_bot_dm(interaction)
    if _is_acknowledged(interaction):
        await interaction.followup.send(text, ephemeral=private)
    else:
        await interaction.response.send_message(text, ephemeral=private)


async def _show_beside(interaction: Interaction, view: Layout) -> None:
    private = not in_bot_dm(interaction)
    if _is_acknowledged(interaction):
        await interaction.followup.send(view=view, ephemeral=private)
    else:
        await interaction.response.send_message(view=view, ephemeral=private)


async def open_dm(interaction: Interaction) -> discord.DMChannel:
    """The member's DM channel, opened in answer to their own click: the only place where one is ever opened.

    Raises:
        UserError: Discord does not let us.
    """
    try:
        return await interaction.user.create_dm()
    except discord.HTTPException as error:
        if error.code == OPENING_DMS_TOO_FAST:
            raise UserError(TRY_LATER) from None
        if isinstance(error, discord.Forbidden):
            raise UserError(DMS_CLOSED) from None
        raise


async def send_to(dm: discord.DMChannel, view: Layout, nonce: str) -> None:
    """Send to a DM that was just opened; the nonce keeps a repeat from doubling it.

    Raises:
        UserError: the member's DMs are closed to us.
    """
    try:
        await dm.send(view=view, nonce=nonce)
    except discord.Forbidden:
        raise UserError(DMS_CLOSED) from None


async def report(interaction: Interaction, error: BaseException) -> None:
    """End an interaction that failed: a kind sentence to the member, the trace without any values to the log."""
    if isinstance(error, app_commands.CommandInvokeError | app_commands.TransformerError) and error.__cause__:
        error = error.__cause__
    if isinstance(error, discord.HTTPException) and error.code in BEYOND_ANSWER:
        log.warning("interaction could not be answered", code=error.code)
        return
    if isinstance(error, UserError):
        text = str(error)
    elif isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        log.warning("unknown command")
        text = OUTDATED
    else:
        reference = new_id()[:8]
        log.error("interaction failed", reference=reference, trace=trace_of(error))
        text = (
            f"Something went wrong on my side, sorry. What you had saved before is safe. If it keeps happening, "
            f"tell a moderator this reference: {reference}"
        )
    try:
        if isinstance(error, OutdatedConsentError):
            await _show_beside(interaction, consent_view(error.member))
        else:
            await say(interaction, text)
    except discord.HTTPException as failure:
        log.warning("error reply did not arrive", code=failure.code)


def submitted(interaction: Interaction) -> dict[str, str]:
    """What was filled into a modal, by the custom_id of each field; fields left empty are left out.

    Read from the interaction itself, not from a modal object: that one is gone after a restart.
    """
    found: dict[str, str] = {}
    for filled in _fields(interaction):
        value = str(filled.get("value") or next(iter(filled.get("values") or ()), "")).strip()
        if value:
            found[str(filled["custom_id"])] = value
    return found


def picked(interaction: Interaction) -> dict[str, list[str]]:
    """Everything that was picked in the selects of a modal, by the custom_id of each."""
    filled = [each for each in _fields(interaction) if each.get("values")]
    return {str(each["custom_id"]): [str(value) for value in each["values"]] for each in filled}


def chosen(interaction: Interaction) -> str:
    """The value picked in a select; empty if none came."""
    return next(iter(all_chosen(interaction)), "")


def all_chosen(interaction: Interaction) -> list[str]:
    """Every value picked in a select."""
    return [str(value) for value in _payload(interaction).get("values") or ()]


def _fields(interaction: Interaction) -> list[Mapping[str, Any]]:
    """The fields of a modal; text between them comes back without one."""
    parts = _payload(interaction).get("components", ())
    held = [part.get("component") or next(iter(part.get("components") or ()), None) for part in parts]
    return [field for field in held if field]


def _payload(interaction: Interaction) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", interaction.data or {})
