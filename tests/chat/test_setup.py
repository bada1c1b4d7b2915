"""Setting up a server: who may, what is kept, and what Discord says about roles and channels."""

from datetime import timedelta
from typing import Any

import discord
import pytest
import simcord
from simcord.backend.errors import SetupError
from simcord.backend.models.channel import Overwrite
from simcord.enums import OverwriteType

from bot.chat import gate
from bot.chat.cogs.setup import NOT_EVERYONE
from bot.chat.ui import setup as ui
from bot.chat.ui.layout import CHARACTER_BUDGET, COMPONENT_BUDGET
from bot.domain.communities import Community, Feature
from bot.domain.curation import Event
from tests.chat.world import World, raw_components, text_of, walk


def administrator(world: World, guild: simcord.GuildHandle | None = None) -> simcord.MemberActor:
    guild = guild or world.guild
    role = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    return guild.add_member(world.env.create_user(f"admin{role.id}"), roles=[role])


async def panel_of(world: World, admin: simcord.MemberActor) -> Any:
    shown: Any = await admin.slash(world.channel, "setup")
    assert shown.ephemeral
    return shown.response


async def pick(admin: simcord.MemberActor, panel: Any, action: Any, *values: Any) -> Any:
    shown: Any = await admin.select(panel, values=list(values), custom_id=action.custom_id())
    return shown.response or panel


async def stored(world: World, guild_id: int | None = None) -> Community:
    """As a process that starts anew would read it."""
    guild_id = guild_id or world.guild.id
    return await world.storage.communities.get(guild_id) or Community(guild_id=guild_id)


async def test_defaults_are_safe_and_the_panel_is_for_one_person(world: World) -> None:
    panel = await panel_of(world, administrator(world))
    text = text_of(panel)
    for said in ("nobody chosen yet", "**Curation channel:** none", "**Country:** none", "**Answers:** private"):
        assert said in text
    for said in ("**Approvals:** 1", "all on", "**Language:** English", "None yet."):
        assert said in text
    assert await world.storage.communities.get(world.guild.id) is None


async def test_roles_are_chosen_in_place_and_written_down(world: World) -> None:
    admin = administrator(world)
    helpers, elders = world.guild.create_role("Helpers"), world.guild.create_role("*Elders*")
    panel = await panel_of(world, admin)
    shown: Any = await admin.select(panel, values=[helpers, elders], custom_id=ui.ROLES.custom_id())
    assert not shown.followups
    assert f"<@&{helpers.id}>, <@&{elders.id}>" in text_of(panel)
    assert (await stored(world)).curator_roles == {helpers.id, elders.id}
    event = (await world.storage.communities.events(world.guild.id, 1))[0]
    assert (event.actor_id, event.detail) == (admin.id, "moderators: *Elders*, Helpers")
    assert f"<@{admin.id}> · settings changed: moderators\\: \\*Elders\\*" in text_of(panel)
    defaults = next(part["default_values"] for part in walk(raw_components(panel)) if part["type"] == 6)
    assert {each["id"] for each in defaults} in ({helpers.id, elders.id}, {str(helpers.id), str(elders.id)})


async def test_the_same_choice_again_is_no_change(world: World) -> None:
    admin, role = administrator(world), world.guild.create_role("Helpers")
    panel = await panel_of(world, admin)
    for _ in range(2):
        await pick(admin, panel, ui.ROLES, role)
    assert len(await world.storage.communities.events(world.guild.id, 10)) == 1


async def test_everyone_is_no_moderator_role(world: World) -> None:
    admin, role = administrator(world), world.guild.create_role("Helpers")
    panel = await pick(admin, await panel_of(world, admin), ui.ROLES, role, world.guild.default_role)
    assert (await stored(world)).curator_roles == {role.id}
    assert NOT_EVERYONE in text_of(panel)


async def test_a_role_that_is_gone_is_said_to_be(world: World) -> None:
    admin, role = administrator(world), world.guild.create_role("Helpers")
    await pick(admin, await panel_of(world, admin), ui.ROLES, role)
    world.env.backend.delete_role(world.guild.id, role.id)
    text = text_of(await panel_of(world, admin))
    assert "nobody chosen yet" in text
    assert "1 of the roles chosen is no longer there" in text


async def test_a_channel_is_taken_when_i_can_post_there(world: World) -> None:
    admin = administrator(world)
    panel = await pick(admin, await panel_of(world, admin), ui.CHANNEL, world.channel)
    assert (await stored(world)).curation_channel_id == world.channel.id
    assert f"<#{world.channel.id}>" in text_of(panel)
    assert "Every member can read it" in text_of(panel)
    await pick(admin, panel, ui.CHANNEL)
    assert (await stored(world)).curation_channel_id is None


@pytest.mark.parametrize(
    ("denied", "missing"),
    [
        ({"send_messages": False}, "Send Messages"),
        ({"view_channel": False}, "View Channel, Send Messages"),
    ],
)
async def test_a_channel_closed_to_me_is_refused_with_what_is_missing(
    world: World, denied: dict[str, bool], missing: str
) -> None:
    admin = administrator(world)
    me = world.guild.me
    assert me is not None
    closed = world.guild.create_text_channel("closed", overwrites={me: discord.PermissionOverwrite(**denied)})
    panel = await pick(admin, await panel_of(world, admin), ui.CHANNEL, closed)
    assert f"I still need: {missing}." in text_of(panel)
    assert await world.storage.communities.get(world.guild.id) is None


async def test_a_channel_that_was_closed_or_deleted_since_is_said_to_be(world: World) -> None:
    admin = administrator(world)
    room = world.guild.create_text_channel("cards")
    await pick(admin, await panel_of(world, admin), ui.CHANNEL, room)
    silent = Overwrite(world.env.backend.bot_user.id, OverwriteType.MEMBER, deny=1 << 11)
    world.env.backend.edit_channel(room.id, {}, overwrites=[silent])
    assert "I cannot post there" in text_of(await panel_of(world, admin))
    world.env.backend.delete_channel(room.id)
    assert "is not there any more" in text_of(await panel_of(world, admin))


async def test_country_answers_approvals_and_features(world: World) -> None:
    admin = administrator(world)
    panel = await pick(admin, await panel_of(world, admin), ui.COUNTRY, "Ireland")
    world.clock.advance(minutes=1)
    await admin.click(panel, label="Make answers public")
    world.clock.advance(minutes=1)
    await admin.click(panel, label="Ask for two approvals")
    world.clock.advance(minutes=1)
    await pick(admin, panel, ui.FEATURES, *(set(Feature) - {Feature.REPORTS, Feature.DIGEST}))
    assert await stored(world) == Community(
        guild_id=world.guild.id,
        country="Ireland",
        public_answers=True,
        approvals=2,
        off=frozenset({Feature.REPORTS, Feature.DIGEST}),
    )
    assert "all on but Reports, Weekly digest" in text_of(panel)
    changed = [event.detail for event in await world.storage.communities.events(world.guild.id, 10)]
    assert changed[::-1] == [
        "country: Ireland",
        "answers: public",
        "approvals: 2",
        "switched off: reports, weekly digest",
    ]
    await pick(admin, panel, ui.COUNTRY, ui.NO_COUNTRY)
    await admin.click(panel, label="Make answers private")
    await admin.click(panel, label="One approval is enough")
    await pick(admin, panel, ui.FEATURES, *Feature)
    assert await stored(world) == Community(guild_id=world.guild.id)


async def test_the_panel_works_after_a_restart(world: World) -> None:
    admin = administrator(world)
    panel = await panel_of(world, admin)
    await world.restart()
    await admin.click(panel, label="Ask for two approvals")
    assert (await stored(world)).approvals == 2


async def test_servers_are_set_up_apart(world: World) -> None:
    elsewhere = world.env.create_guild("Elsewhere")
    room, theirs = elsewhere.create_text_channel("room"), administrator(world, elsewhere)
    admin = administrator(world)
    await admin.click(await panel_of(world, admin), label="Ask for two approvals")
    shown: Any = await theirs.slash(room, "setup")
    assert "**Approvals:** 1" in text_of(shown.response)
    assert "None yet." in text_of(shown.response)


async def test_only_who_manages_the_server_can_type_it(world: World) -> None:
    with pytest.raises(SetupError, match="not visible"):
        await world.member.slash(world.channel, "setup")
    with pytest.raises(SetupError, match="not visible"):
        await world.you.slash("setup")


@pytest.mark.parametrize("action", [ui.ROLES, ui.CHANNEL, ui.COUNTRY, ui.FEATURES], ids=lambda each: each.name)
async def test_a_control_in_other_hands_does_nothing(world: World, action: Any) -> None:
    pressed = await world.press(action.custom_id(), by=world.member)
    assert pressed.followups[-1].content == gate.NOT_ADMINISTRATOR
    assert await world.storage.communities.get(world.guild.id) is None


async def test_in_a_private_chat_a_control_says_where_it_belongs(world: World) -> None:
    pressed = await world.press(ui.APPROVALS.custom_id(count="2"))
    assert pressed.followups[-1].content == gate.IN_A_SERVER


async def test_who_lost_the_permission_changes_nothing_with_an_open_panel(world: World) -> None:
    admin = administrator(world)
    panel = await panel_of(world, admin)
    world.env.backend.edit_member(world.guild.id, admin.id, {"role_ids": []})
    shown: Any = await admin.click(panel, label="Ask for two approvals")
    assert shown.followups[-1].content == gate.NOT_ADMINISTRATOR
    assert await world.storage.communities.get(world.guild.id) is None


async def test_an_older_panel_writes_nothing_over_what_changed_since(world: World) -> None:
    one, two = administrator(world), administrator(world)
    panels = await panel_of(world, one), await panel_of(world, two)
    await one.click(panels[0], label="Ask for two approvals")
    await two.click(panels[1], label="Make answers public")  # drawn before the other changed anything
    assert await stored(world) == Community(guild_id=world.guild.id, approvals=2, public_answers=True)


def test_the_fullest_panel_fits(world: World) -> None:
    roles = frozenset(range(10**18, 10**18 + 25))
    community = Community(
        guild_id=1, curator_roles=roles | {7}, curation_channel_id=10**18, country="x" * 60, off=frozenset(Feature)
    )
    standing = ui.Standing(sorted(roles), 10**18, ["View Channel", "Send Messages"], open_to_all=True)
    at = world.clock.now() - timedelta(days=1)
    events = [Event(1, at, 10**18, "settings changed", "x" * 80, "*" * 900)] * 30
    view = ui.setup_view(community, standing, [str(each) for each in range(40)], events, NOT_EVERYONE)
    assert view.content_length() <= CHARACTER_BUDGET
    assert view.total_children_count <= COMPONENT_BUDGET
