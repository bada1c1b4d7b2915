"""The panel of `/setup`: what the administrators of a server decide, how each of it is now, and who changed what."""

import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.layout import ACCENT, Item, Layout, bullets, button, inert, row
from bot.domain.communities import Community, Feature
from bot.domain.curation import Event

ROLES = Action("setup-roles")
CHANNEL = Action("setup-channel")
COUNTRY = Action("setup-country")
ANSWERS = Action("setup-answers", fields={"who": "all|one"})
APPROVALS = Action("setup-approvals", fields={"count": "1|2"})
FEATURES = Action("setup-features")

NO_COUNTRY = "none"
"""The option for no country; no country is called that."""

MOST_OPTIONS = 25
EVENTS = 10
EVENT_LENGTH = 160
NAMES = 400
"""Characters for the roles by name; there may be 25 of them."""

ABOUT_FEATURES: Mapping[Feature, tuple[str, str]] = {
    Feature.CHECKINS: ("Check-ins and reminders", "/checkin and /remind can be set up from here"),
    Feature.SHARING: ("Sharing", "Members can share a card with everybody here"),
    Feature.FACT_CHECKS: ("Fact-checks", "Fact-check this, on any message"),
    Feature.WISHES: ("Wishes", "Members can ask for a missing card, and be told when it is there"),
    Feature.REPORTS: ("Reports", "Report a problem, on any card"),
    Feature.DIGEST: ("Weekly digest", "Each Monday, what waits, in the curation channel"),
}

HEAD = "## Set up Spoonful in this server\n-# Only you see this. A choice counts at once."
ONE_LANGUAGE = "The cards are written in English; other languages have none yet, so there is nothing to choose."


@dataclass(frozen=True)
class Standing:
    """How what was decided stands on Discord now: roles and channels go without anybody telling us."""

    roles: Sequence[int] = ()
    """Those of the moderator roles that still exist."""
    channel_id: int | None = None
    """The curation channel, if it still exists."""
    missing: Sequence[str] = ()
    """Permissions that I lack in it, as Discord names them."""
    open_to_all: bool = False
    """Whether every member can read it."""


def setup_view(
    community: Community,
    standing: Standing,
    countries: Sequence[str],
    events: Sequence[Event],
    notice: str = "",
) -> Layout:
    """The whole panel. `notice` says what was just done, or why it was not."""
    parts: list[Item] = [
        _text(HEAD),
        *([_text(notice)] if notice else []),
        _text(*_moderators(community, standing)),
        row(_role_select(standing)),
        _text(*_channel(community, standing)),
        row(_channel_select(standing)),
        _text(f"**Country:** {community.country or 'none'}\n-# Whose services `/support` shows first."),
        row(_country_select(community, countries)),
        _text(*_answers(community), *_approvals(community)),
        row(_answers_button(community), _approvals_button(community)),
        _text(_features(community)),
        row(_feature_select(community)),
        _text(f"**Language:** English\n-# {ONE_LANGUAGE}", _changes(events)),
    ]
    return Layout(ui.Container[Any](*parts, accent_colour=ACCENT))


def cannot_post(channel_id: int, missing: Sequence[str]) -> str:
    """Why a channel cannot be taken."""
    return (
        f"**I cannot post in <#{channel_id}>.** There I still need: {', '.join(missing)}. "
        "Please allow me that in the channel's settings, then choose it again. Nothing was changed."
    )


def names_text(names: Collection[str]) -> str:
    """Role names in one line, for the audit log."""
    return textwrap.shorten(", ".join(sorted(names)), NAMES, placeholder=" ...")


def _text(*lines: str) -> Item:
    return ui.TextDisplay[Any]("\n".join(line for line in lines if line))


def _moderators(community: Community, standing: Standing) -> list[str]:
    named = ", ".join(f"<@&{role}>" for role in sorted(standing.roles))
    gone = len(community.curator_roles) - len(standing.roles)
    return [
        f"**Moderators:** {named or 'nobody chosen yet'}",
        f"-# {gone} of the roles chosen {'is' if gone == 1 else 'are'} no longer there." if gone else "",
        "-# They write, review and withdraw cards. People who may manage this server always can.",
    ]


def _channel(community: Community, standing: Standing) -> list[str]:
    about = "-# Proposals, reports and the weekly digest go there. Without one, they wait in `/curate queue`."
    if community.curation_channel_id is None:
        return ["**Curation channel:** none yet", about]
    if standing.channel_id is None:
        return ["**Curation channel:** ⚠ the one chosen is not there any more. Please choose another.", about]
    lines = [f"**Curation channel:** <#{standing.channel_id}>", about]
    if standing.missing:
        lines.append(f"⚠ **I cannot post there.** I still need: {', '.join(standing.missing)}.")
    if standing.open_to_all:
        lines.append("-# Every member can read it, and so also what is still under review.")
    return lines


def _answers(community: Community) -> list[str]:
    if community.public_answers:
        return ["**Answers:** public", "-# Everybody in the channel sees what a member looks up."]
    return ["**Answers:** private", "-# Only who asks sees the answer, and can share it."]


def _approvals(community: Community) -> list[str]:
    others = "one other moderator" if community.approvals == 1 else "two other moderators"
    return [f"**Approvals:** {community.approvals}", f"-# A card is published once {others} approved it."]


def _features(community: Community) -> str:
    off = [ABOUT_FEATURES[feature][0] for feature in Feature if not community.has(feature)]
    now = f"all on but {', '.join(off)}" if off else "all on"
    return f"**What members can use:** {now}\n-# Cards and questions are always there."


def _changes(events: Sequence[Event]) -> str:
    lines = [_event(event) for event in events[:EVENTS]]
    return f"### Recent changes\n{bullets(lines) if lines else 'None yet.'}"


def _event(event: Event) -> str:
    who = f"<@{event.actor_id}>" if event.actor_id else "somebody"
    what = ": ".join(part for part in (event.subject, event.detail) if part)
    said = f": {inert(textwrap.shorten(what, EVENT_LENGTH, placeholder=' ...'))}" if what else ""
    return f"{_stamp(event.at)} {who} · {inert(event.action)}{said}"


def _stamp(moment: datetime) -> str:
    """Discord shows it by the clock of whoever looks."""
    return f"<t:{int(moment.timestamp())}:f>"


def _role_select(standing: Standing) -> Item:
    return ui.RoleSelect[Any](
        custom_id=ROLES.custom_id(),
        placeholder="Choose the moderator roles",
        min_values=0,
        max_values=MOST_OPTIONS,
        default_values=[discord.SelectDefaultValue.from_role(discord.Object(role)) for role in standing.roles],
    )


def _channel_select(standing: Standing) -> Item:
    channel = [discord.Object(standing.channel_id)] if standing.channel_id else []
    return ui.ChannelSelect[Any](
        custom_id=CHANNEL.custom_id(),
        placeholder="Choose the curation channel",
        channel_types=[discord.ChannelType.text],
        min_values=0,
        default_values=[discord.SelectDefaultValue.from_channel(each) for each in channel],
    )


def _country_select(community: Community, countries: Sequence[str]) -> Item:
    named = [("None", NO_COUNTRY), *((name, name) for name in countries[: MOST_OPTIONS - 1])]
    return ui.Select[Any](
        custom_id=COUNTRY.custom_id(),
        placeholder="Choose a country",
        options=[
            discord.SelectOption(label=label, value=value, default=value == (community.country or NO_COUNTRY))
            for label, value in named
        ],
    )


def _answers_button(community: Community) -> Item:
    if community.public_answers:
        return button("Make answers private", ANSWERS.custom_id(who="one"))
    return button("Make answers public", ANSWERS.custom_id(who="all"))


def _approvals_button(community: Community) -> Item:
    other = 3 - community.approvals
    label = "Ask for two approvals" if other == 2 else "One approval is enough"
    return button(label, APPROVALS.custom_id(count=str(other)))


def _feature_select(community: Community) -> Item:
    options = [
        discord.SelectOption(label=label, value=feature, description=about, default=community.has(feature))
        for feature, (label, about) in ABOUT_FEATURES.items()
    ]
    return ui.Select[Any](
        custom_id=FEATURES.custom_id(),
        placeholder="Everything is off: choose what members can use",
        min_values=0,
        max_values=len(options),
        options=options,
    )
