"""*Report a problem*: from a card in a channel to the moderators, without a name."""

from typing import Any

import discord
import pytest
import simcord

from bot.chat import gate
from bot.chat.cogs import reports as cog
from bot.chat.ui import reports as ui
from bot.domain.communities import Community, Feature
from bot.domain.curation import Report
from bot.services.curation.queue import MOST_REPORTS, NO_REPORT, REPORTS_OFF
from tests.chat.world import World, labels_of, text_of

MENU = "Report a problem"
WRONG = "It says drips; @everyone says **sprays** <@1>"


@pytest.fixture
async def curation(world: World) -> simcord.ChannelHandle:
    """A channel for the moderators, of whom `world.other` is one."""
    role, channel = world.guild.create_role("Card keepers"), world.guild.create_text_channel("curation")
    world.env.backend.add_member_role(world.guild.id, world.other.id, role.id)
    await decide(world, curator_roles=frozenset({role.id}), curation_channel_id=channel.id)
    return channel


async def decide(world: World, **settings: Any) -> None:
    communities = world.app.curation.communities
    before = await communities.of(world.guild.id)
    await communities.change(Community.model_validate({**dict(before), **settings}), 1, "settings")


async def shared_card(world: World, name: str = "ketamine") -> discord.Message:
    shown: Any = await world.member.slash(world.channel, "treatment", name=name)
    await world.member.click(shown.response, label="Share here")
    message = world.channel.last_message
    assert message is not None
    return message


async def report(world: World, message: Any, text: str = WRONG) -> Any:
    opened = await world.member.context_menu(world.channel, MENU, message)
    assert opened.modal is not None
    return await world.member.submit_modal(opened, {ui.WHAT: text})


@pytest.mark.usefixtures("curation")
async def test_a_private_card_has_a_button_for_it(world: World) -> None:
    shown: Any = await world.member.slash(world.channel, "treatment", name="ketamine")
    opened: Any = await world.member.click(shown.response, label=MENU)
    await world.member.submit_modal(opened, {ui.WHAT: WRONG})
    (stored,) = await open_reports(world)
    assert (stored.card_id, stored.text) == ("ketamine", WRONG)
    assert MENU not in labels_of(await shared_card(world))
    await decide(world, off=frozenset({Feature.REPORTS}))
    again: Any = await world.member.slash(world.channel, "treatment", name="ketamine")
    assert MENU not in labels_of(again.response)


async def open_reports(world: World) -> list[Report]:
    return list(await world.storage.reports.open(world.guild.id))


async def test_a_report_reaches_the_queue_and_the_moderators_without_a_name(
    world: World, curation: simcord.ChannelHandle
) -> None:
    sent = await report(world, await shared_card(world))
    assert sent.ephemeral
    assert "Thank you" in text_of(sent.response)
    (stored,) = await open_reports(world)
    assert (stored.card_id, stored.text) == ("ketamine", WRONG)
    (notice,) = curation.history()
    assert "a problem with Ketamine" in text_of(notice)
    assert r"> It says drips\; \@everyone says \*\*sprays\*\* \<\@1\>" in text_of(notice)
    assert labels_of(notice) == ["Open the card", "Done", "Dismiss"]
    assert str(world.member.id) not in f"{text_of(notice)}{stored}"
    assert not notice.mentions
    assert not notice.mention_everyone


async def test_a_moderator_settles_it_in_place(world: World, curation: simcord.ChannelHandle) -> None:
    await report(world, await shared_card(world))
    (notice,) = curation.history()
    world.clock.advance(minutes=1)
    await world.restart()
    await world.other.click(notice, label="Done")
    (notice,) = curation.history()
    assert f"**Done**, says <@{world.other.id}>" in text_of(notice)
    assert labels_of(notice) == []
    assert await open_reports(world) == []
    event = (await world.storage.communities.events(world.guild.id, 1))[0]
    assert (event.actor_id, event.subject) == (world.other.id, "ketamine")


async def test_opening_the_card_leaves_the_notice(world: World, curation: simcord.ChannelHandle) -> None:
    await report(world, await shared_card(world))
    (notice,) = curation.history()
    shown: Any = await world.other.click(notice, label="Open the card")
    assert shown.ephemeral
    assert "## Ketamine" in text_of(shown.response)
    assert len(curation.history()) == 1


@pytest.mark.usefixtures("curation")
async def test_only_a_moderator_settles_it(world: World) -> None:
    await report(world, await shared_card(world))
    (stored,) = await open_reports(world)
    pressed = await world.press(ui.SETTLE.custom_id(report=stored.id, how="dismiss"), by=world.member)
    assert pressed.followups[-1].content == gate.NOT_CURATOR
    assert await open_reports(world) == [stored]


@pytest.mark.usefixtures("curation")
async def test_the_second_to_settle_is_told(world: World) -> None:
    await report(world, await shared_card(world))
    (stored,) = await open_reports(world)
    for how in ("done", "dismiss"):
        pressed = await world.press(ui.SETTLE.custom_id(report=stored.id, how=how), by=world.other)
    assert pressed.followups[-1].content == NO_REPORT


@pytest.mark.usefixtures("curation")
async def test_a_report_of_another_server_is_not_there(world: World) -> None:
    await report(world, await shared_card(world))
    (stored,) = await open_reports(world)
    elsewhere = world.env.create_guild("Elsewhere")
    role = elsewhere.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    theirs = elsewhere.add_member(world.env.create_user("theirs"), roles=[role])
    room = elsewhere.create_text_channel("room")
    view = ui.notice_view(stored, "Ketamine")
    forged = await world.app.client.get_partial_messageable(room.id).send(view=view)
    pressed: Any = await theirs.click(forged, label="Done")
    assert pressed.followups[-1].content == NO_REPORT
    assert await open_reports(world) == [stored]


async def test_the_form_survives_a_restart(world: World) -> None:
    opened = await world.member.context_menu(world.channel, MENU, await shared_card(world))
    await world.restart()
    await world.member.submit_modal(opened, {ui.WHAT: WRONG})
    assert [each.text for each in await open_reports(world)] == [WRONG]


async def test_with_several_cards_the_form_asks_which(world: World) -> None:
    shown: Any = await world.member.slash(world.channel, "compare", first="ketamine", second="pregabalin")
    await world.member.click(shown.response, label="Share here")
    message = world.channel.last_message
    assert message is not None
    opened = await world.member.context_menu(world.channel, MENU, message)
    await world.member.submit_modal(opened, {ui.CARD: ["pregabalin"], ui.WHAT: WRONG})
    assert [each.card_id for each in await open_reports(world)] == ["pregabalin"]


async def test_messages_without_a_card_are_refused(world: World) -> None:
    for message in (
        await world.member.send(world.channel, "Ketamine cured me"),
        await world.app.client.get_partial_messageable(world.channel.id).send("Hello"),
    ):
        refused: Any = await world.member.context_menu(world.channel, MENU, message)
        assert refused.response.content == cog.NOT_OURS


async def test_in_a_private_chat_it_says_where_to_go(world: World) -> None:
    pressed = await world.press(ui.REPORTED.custom_id(card="ketamine"))
    assert pressed.response.content == cog.NO_SERVER


async def test_switched_off_between_opening_and_sending_the_words_come_back(world: World) -> None:
    message = await shared_card(world)
    opened = await world.member.context_menu(world.channel, MENU, message)
    await decide(world, off=frozenset({Feature.REPORTS}))
    refused: Any = await world.member.submit_modal(opened, {ui.WHAT: WRONG})
    assert f"```\n{WRONG}\n```" in "".join(text_of(each) for each in [refused.response, *refused.followups])
    assert refused.followups[-1].content == f"{REPORTS_OFF} {gate.GIVEN_BACK}"
    again: Any = await world.member.context_menu(world.channel, MENU, message)
    assert again.response.content == REPORTS_OFF
    assert await open_reports(world) == []


async def test_words_that_would_end_the_block_come_back_as_a_file(world: World) -> None:
    message = await shared_card(world)
    opened = await world.member.context_menu(world.channel, MENU, message)
    await decide(world, off=frozenset({Feature.REPORTS}))
    refused: Any = await world.member.submit_modal(opened, {ui.WHAT: "```\n@everyone"})
    (attached,) = [file for each in [refused.response, *refused.followups] for file in each.attachments]
    assert (await attached.read()).decode() == "```\n@everyone"


async def test_five_an_hour(world: World) -> None:
    message = await shared_card(world)
    for number in range(cog.MOST):
        await report(world, message, f"Problem {number}")
    refused: Any = await world.member.context_menu(world.channel, MENU, message)
    assert refused.response.content == cog.TOO_MANY
    assert (await world.other.context_menu(world.channel, MENU, message)).modal is not None
    world.clock.advance(hours=1)
    await report(world, message, "One more")
    assert len(await open_reports(world)) == cog.MOST + 1


async def test_forms_opened_before_the_fifth_do_not_get_around_it(world: World) -> None:
    message = await shared_card(world)
    opened = [await world.member.context_menu(world.channel, MENU, message) for _ in range(cog.MOST + 1)]
    sent: list[Any] = [
        await world.member.submit_modal(form, {ui.WHAT: f"Problem {number}"}) for number, form in enumerate(opened)
    ]
    assert cog.TOO_MANY in sent[-1].followups[-1].content
    assert len(await open_reports(world)) == cog.MOST


async def test_what_is_refused_does_not_count(world: World) -> None:
    message = await shared_card(world)
    for number in range(MOST_REPORTS):
        await world.app.curation.queue.report(world.guild.id, world.other.id, "ketamine", f"Problem {number}")
    for number in range(cog.MOST + 1):
        refused = await report(world, message, f"More {number}")
        assert "more reports here than" in refused.followups[-1].content


async def test_a_channel_that_is_gone_costs_nothing_but_the_notice(
    world: World, curation: simcord.ChannelHandle
) -> None:
    world.env.backend.delete_channel(curation.id)
    sent = await report(world, await shared_card(world))
    assert "Thank you" in text_of(sent.response)
    assert len(await open_reports(world)) == 1
