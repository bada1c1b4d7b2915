"""What the bot posts and edits by itself: public cards kept true, wishes that come true, the weekly digest."""

from typing import Any

import pytest

from bot.chat.client import ShardedClient
from bot.chat.noticeboard import DONE, GONE, LATER, DiscordNoticeboard
from bot.chat.ui.digest import digest_view
from bot.chat.ui.layout import CHARACTER_BUDGET
from bot.domain.communities import Community
from bot.domain.curation import Wish
from bot.services.curation.ports import Placed
from tests.chat.world import World, custom_ids_of, text_of, walk
from tests.curation.desk import library_with

ANNA = 1
DIGEST = {"Review overdue: 2": ["Ketamine", "TENS"], "Cards asked for: 1": ["@everyone [x](https://evil.example) #1"]}


@pytest.fixture
def board(world: World) -> DiscordNoticeboard:
    return DiscordNoticeboard(world.app.client, world.app.editions)


async def share(world: World, name: str = "ketamine") -> Any:
    """A member shares a card; returns the public message."""
    shown: Any = await world.member.slash(world.channel, "treatment", name=name)
    await world.member.click(shown.response, label="Share here")
    return world.channel.last_message


def now(world: World, message: Any) -> Any:
    """The message as everybody sees it by now."""
    return next(each for each in world.channel.history() if each.id == message.id)


async def withdraw(world: World, guild_id: int | None = None) -> None:
    await world.app.curation.shelf.withdraw(guild_id or world.guild.id, ANNA, "ketamine", "A source was retracted.")


async def sweep(world: World) -> int:
    return await world.app.curation.living.sweep()


def payloads(world: World, method: str, path: str) -> list[Any]:
    """What the bot sent to addresses that end so."""
    sent = world.env.http_requests
    return [each.json for each in sent if each.method == method and each.path.endswith(path) and each.json]


async def remembered(world: World) -> int:
    return len(await world.storage.posted.all())


# Living answers


async def test_a_shared_card_is_edited_in_place_when_it_is_withdrawn_and_when_it_is_back(world: World) -> None:
    message = await share(world)
    await share(world, "tens")
    await withdraw(world)
    assert await sweep(world) == 1
    text = text_of(now(world, message))
    assert "Withdrawn 23 November" in text
    assert "A source was retracted" in text
    assert "What trials found" not in text
    await world.app.curation.shelf.restore(world.guild.id, ANNA, "ketamine", 0, "Checked.")
    assert await sweep(world) == 1
    assert "Updated 23 November: checked, and back again" in text_of(now(world, message))
    assert "What trials found" in text_of(now(world, message))
    assert len(list(world.channel.history())) == 2


async def test_an_edit_pings_nobody_and_its_buttons_still_work(world: World) -> None:
    message = await share(world)
    card = world.library.catalog.cards["ketamine"]
    scope = "Ketamine for @everyone with fibromyalgia."
    world.app.editions.publish(library_with(world.library, [card.model_copy(update={"scope": scope})]))
    await sweep(world)
    assert "Updated 23 November: scope reworded" in text_of(now(world, message))
    [edit] = payloads(world, "PATCH", f"/messages/{message.id}")
    assert edit["allowed_mentions"]["parse"] == []
    shown: Any = await world.other.click(now(world, message), label="Harms")
    assert "When to get help" in text_of(shown.response)


async def test_another_servers_withdrawal_changes_nothing_here(world: World) -> None:
    message = await share(world)
    before = text_of(message)
    await withdraw(world, world.guild.id + 1)
    assert await sweep(world) == 0
    assert text_of(now(world, message)) == before


async def test_fault_a_restart_between_the_withdrawal_and_the_edit(world: World) -> None:
    message = await share(world)
    await withdraw(world)
    await world.restart()
    await world.app.editions.load()
    assert await sweep(world) == 1
    assert "Withdrawn" in text_of(now(world, message))


async def test_fault_a_deleted_message_and_a_deleted_channel_are_forgotten(world: World) -> None:
    message = await share(world)
    place = world.app.client.get_partial_messageable(world.channel.id)
    await place.get_partial_message(message.id).delete()
    await withdraw(world)
    assert await sweep(world) == 0
    assert await remembered(world) == 0


@pytest.mark.parametrize(
    ("status", "code", "kept"),
    [(403, 50001, 0), (403, 50013, 0), (404, 10003, 0), (404, 10008, 0), (500, 0, 1), (401, 0, 1), (400, 50035, 1)],
)
async def test_fault_what_discord_says_to_an_edit(world: World, status: int, code: int, kept: int) -> None:
    message = await share(world)
    await withdraw(world)
    path = f"/channels/{world.channel.id}/messages/{message.id}"
    world.env.inject_error("PATCH", path, status=status, code=code, times=5)
    await sweep(world)
    assert await remembered(world) == kept


# Wishes


async def test_a_wish_that_comes_true_is_one_private_message_with_the_way_to_the_card(world: World) -> None:
    asked, dm = world.app.curation.asked, world.you.dm_channel.id
    await asked.tell_me(None, world.you.id, "Butterbur", dm)
    await asked.tell_me(world.guild.id, world.you.id, "Petasites", dm)
    card = world.library.catalog.cards["ketamine"]
    new = card.model_copy(update={"id": "butterbur", "name": "Butterbur", "aliases": ("Petasites",), "brands": ()})
    world.app.editions.publish(library_with(world.library, [new]))
    assert await asked.fulfil() == 1
    assert await asked.fulfil() == 0
    [told] = world.inbox
    assert "There is a card on **Butterbur** now" in text_of(told)
    shown: Any = await world.you.click(told, label="Butterbur")
    assert "## Butterbur" in text_of(shown.response or world.inbox[-1])


async def test_a_servers_own_card_is_said_to_be_there(world: World, board: DiscordNoticeboard) -> None:
    wish = Wish(world.guild.id, "ketamine", "trace", world.you.dm_channel.id, world.clock.now())
    assert await board.tell_wisher(wish, world.library.catalog.cards["ketamine"]) == DONE
    [told] = world.inbox
    assert "in Gentle Days now" in text_of(told)
    assert custom_ids_of(told) == []


async def test_fault_a_wish_told_twice_is_one_message(world: World, board: DiscordNoticeboard) -> None:
    wish = Wish(0, "ketamine", "trace", world.you.dm_channel.id, world.clock.now())
    for _ in range(2):
        assert await board.tell_wisher(wish, world.library.catalog.cards["ketamine"]) == DONE
    first, second = payloads(world, "POST", "/messages")
    assert first["nonce"] == second["nonce"]
    assert first["enforce_nonce"]
    assert len(first["nonce"]) <= 25


@pytest.mark.parametrize(
    ("status", "code", "placed"),
    [(403, 50007, GONE), (404, 10003, GONE), (404, 10008, DONE), (500, 0, LATER), (403, 50278, GONE)],
)
async def test_fault_what_discord_says_to_a_message(
    world: World, board: DiscordNoticeboard, status: int, code: int, placed: Placed
) -> None:
    dm = world.you.dm_channel.id
    world.env.inject_error("POST", f"/channels/{dm}/messages", status=status, code=code, times=5)
    wish = Wish(0, "ketamine", "trace", dm, world.clock.now())
    assert await board.tell_wisher(wish, world.library.catalog.cards["ketamine"]) == placed


# The digest


async def test_the_digest_goes_to_the_curation_channel_as_nothing_but_words(
    world: World, board: DiscordNoticeboard
) -> None:
    community = Community(guild_id=world.guild.id, curation_channel_id=world.channel.id)
    assert await board.post_digest(community, DIGEST, "nonce-1") == DONE
    text = text_of(world.channel.last_message)
    assert "Review overdue\\: 2" in text
    assert "- Ketamine\n- TENS" in text
    assert r"\@everyone \[x\]" in text
    assert "/curate queue" in text


async def test_without_a_channel_the_digest_is_gone(world: World, board: DiscordNoticeboard) -> None:
    assert await board.post_digest(Community(guild_id=world.guild.id), DIGEST, "nonce-1") == GONE
    closed = Community(guild_id=world.guild.id, curation_channel_id=world.channel.id + 999)
    assert await board.post_digest(closed, DIGEST, "nonce-1") == GONE


async def test_monday_morning_brings_one_digest_of_what_waits(world: World) -> None:
    community = Community(guild_id=world.guild.id, curation_channel_id=world.channel.id)
    await world.app.curation.communities.change(community, ANNA, "channel")
    await world.app.curation.queue.report(world.guild.id, world.other.id, "ketamine", "The dose is wrong.")
    assert await world.app.curation.digests.send_due() == 0
    world.clock.advance(minutes=30)
    assert await world.app.curation.digests.send_due() == 1
    assert await world.app.curation.digests.send_due() == 0
    assert "Ketamine" in text_of(world.channel.last_message)


def test_a_digest_of_everything_fits_a_message() -> None:
    many = {f"Heading {number}": ["#" * 300] * 6 for number in range(11)}
    texts = [part["content"] for part in walk(digest_view(many).to_components()) if part["type"] == 10]
    assert sum(map(len, texts)) <= CHARACTER_BUDGET


# Who does it, with several processes


def test_a_single_process_serves_everybody(board: DiscordNoticeboard) -> None:
    assert all(board.serves(guild_id) for guild_id in (0, 1, 2**63))


def test_each_community_is_served_by_one_process_and_direct_messages_by_the_one_with_shard_0(world: World) -> None:
    parts = [range(1), range(1, 3), range(3, 4)]
    boards = [DiscordNoticeboard(ShardedClient(world.storage.state, part, 4), world.app.editions) for part in parts]
    for guild_id in (1456074443980800019, 81384788765712384, 2**63, *(number << 22 for number in range(8))):
        assert sum(board.serves(guild_id) for board in boards) == 1
        assert boards[[(guild_id >> 22) % 4 in part for part in parts].index(True)].serves(guild_id)
    assert [board.serves(0) for board in boards] == [True, False, False]
