"""Cards as each community shows them: through real discord.py, with two servers and a private chat side by side."""

from typing import Any

import pytest
import simcord

from bot.catalog.live import Library
from bot.chat.cogs.questions import FACT_CHECKS_OFF
from bot.chat.sharing import SHARING_OFF
from bot.chat.ui.cards import Page, card_text
from bot.chat.ui.questions import COUNTED, NO_WISHES
from bot.domain.cards import Card, Statement
from bot.domain.communities import Community, Feature
from bot.domain.curation import AskedKind, Event, Posted, Revision, RevisionKind, fingerprint
from bot.services.curation.living import WITHDRAWN
from bot.services.facts import Answer
from tests.chat.world import World, labels_of, text_of

CURATOR = 4242
REASON = "The <@123> dose is **wrong**"
SHOWN_REASON = r"The \<\@123\> dose is \*\*wrong\*\*"


class Elsewhere:
    """A second server with somebody in it."""

    def __init__(self, world: World) -> None:
        self.guild = world.env.create_guild("Other Days")
        self.channel = self.guild.create_text_channel("treatments")
        self.user = world.env.create_user("stranger")
        self.member = self.guild.add_member(self.user)


@pytest.fixture
def elsewhere(world: World) -> Elsewhere:
    return Elsewhere(world)


async def withdraw(world: World, card_id: str = "ketamine", reason: str = REASON) -> None:
    await world.app.curation.shelf.withdraw(world.guild.id, CURATOR, card_id, reason)


async def publish(world: World, card: Card, number: int = 1) -> None:
    revision = Revision(
        world.guild.id,
        card.id,
        number,
        RevisionKind.PUBLISHED,
        card,
        (),
        CURATOR,
        (7,),
        "New.",
        world.clock.now(),
        None,
    )
    event = Event(world.guild.id, world.clock.now(), CURATOR, "published", card.id)
    assert await world.storage.revisions.add(revision, event)
    world.app.editions.changed(world.guild.id)


async def decide(world: World, *off: Feature, public: bool = False, country: str | None = None) -> None:
    community = Community(guild_id=world.guild.id, off=frozenset(off), public_answers=public, country=country)
    await world.app.curation.communities.change(community, CURATOR, "Tried out.")


def bundled(world: World, card_id: str = "ketamine") -> Card:
    return world.library.catalog.cards[card_id]


def reworded(card: Card, text: str = "Ours says it in another way.") -> Card:
    first = Statement(text=text, cites=card.key_messages[0].cites)
    return card.model_copy(update={"key_messages": (first, *card.key_messages[1:])})


def contents(card: Card) -> list[str]:
    """Everything a card says that nobody may read while it is withdrawn."""
    return [card.scope, *(statement.text for statement in card.statements())]


def is_withdrawn(world: World, message: Any, card_id: str = "ketamine") -> bool:
    text = text_of(message)
    assert not [said for said in contents(bundled(world, card_id)) if said in text]
    return "Withdrawn, being checked" in text and SHOWN_REASON in text and "23 November 2026" in text


async def said_in(actor: simcord.MemberActor, channel: simcord.ChannelHandle, *command: str, **options: str) -> Any:
    return (await actor.slash(channel, *command, **options)).response


def beside(pressed: Any) -> str:
    """The private sentence that followed a press."""
    (followup,) = pressed.followups
    assert followup.ephemeral
    return text_of(followup)


async def latest(world: World) -> Any:
    message = world.channel.last_message
    assert message is not None
    return message


async def rows(world: World) -> list[tuple[int, str, str, str]]:
    found = await world.storage.posted.all(world.guild.id)
    return [(each.message_id, each.card_id, each.shape, each.shown) for each in found]


async def test_a_card_is_as_its_community_has_it_and_as_it_was_elsewhere(world: World, elsewhere: Elsewhere) -> None:
    await publish(world, reworded(bundled(world)))
    for place in ("here", "elsewhere", "here"):  # what was drawn for one is not shown to the other
        actor, channel = (world.member, world.channel) if place == "here" else (elsewhere.member, elsewhere.channel)
        text = text_of(await said_in(actor, channel, "treatment", name="ketamine"))
        assert ("Ours says it in another way." in text) == (place == "here")
    assert "Ours says it" not in text_of((await world.you.slash("treatment", name="ketamine")).response)


async def test_a_card_of_one_community_is_nowhere_else(world: World, elsewhere: Elsewhere) -> None:
    tea = bundled(world).model_copy(update={"id": "moon-dust", "name": "Moon dust", "aliases": (), "brands": ()})
    await publish(world, tea)
    assert "## Moon dust" in text_of(await said_in(world.member, world.channel, "treatment", name="moon dust"))
    offered = await world.member.autocomplete(world.channel, "treatment", "name", "moon")
    assert offered[0]["value"] == "moon-dust"
    assert "no card under that name" in text_of(
        await said_in(elsewhere.member, elsewhere.channel, "treatment", name="moon dust")
    )
    offered = await elsewhere.member.autocomplete(elsewhere.channel, "treatment", "name", "moon")
    assert "moon-dust" not in [choice["value"] for choice in offered]
    assert "no card under that name" in text_of((await world.you.slash("treatment", name="moon dust")).response)


async def test_a_withdrawn_card_says_so_here_and_is_untouched_elsewhere(world: World, elsewhere: Elsewhere) -> None:
    await withdraw(world)
    for name in ("ketamine", "special k"):
        assert is_withdrawn(world, await said_in(world.member, world.channel, "treatment", name=name))
    compared = await said_in(world.member, world.channel, "compare", first="pregabalin", second="ketamine")
    assert is_withdrawn(world, compared)
    assert "Share here" not in labels_of(compared)
    asked = text_of(await said_in(world.member, world.channel, "ask", question="does ketamine help with pain"))
    assert "### Ketamine" not in asked
    said = "ketamine boosts the immune system"
    assert "Ketamine" not in text_of(await said_in(world.member, world.channel, "claim", said=said))
    message = await world.other.send(world.channel, said)
    checked: Any = await world.member.context_menu(world.channel, "Fact-check this", message)
    assert "Not supported" not in text_of(checked.response)
    assert "Not supported" in text_of(await said_in(elsewhere.member, elsewhere.channel, "claim", said=said))
    text = text_of(await said_in(elsewhere.member, elsewhere.channel, "treatment", name="ketamine"))
    assert "In short" in text


async def test_in_private_the_cards_of_the_only_server_count_and_with_several_the_bundled_ones(world: World) -> None:
    async def asked() -> Any:
        return (await world.you.slash("treatment", name="ketamine")).response

    await withdraw(world)
    shown = await asked()
    assert is_withdrawn(world, shown)
    await world.app.curation.shelf.restore(world.guild.id, CURATOR, "ketamine", 0, "It was right after all.")
    await world.you.click(shown, label="Look again")
    assert "In short" in text_of(world.inbox[-1])
    await withdraw(world)
    world.env.create_guild("Another").create_text_channel("help")
    assert "In short" in text_of(await asked())


async def test_what_is_kept_of_a_card_goes_when_it_is_withdrawn_and_comes_back_with_it(world: World) -> None:
    async def asked() -> Any:
        return await said_in(world.member, world.channel, "treatment", name="ketamine")

    first, second = await asked(), await asked()
    assert text_of(first) == text_of(second)
    await withdraw(world)
    assert is_withdrawn(world, await asked())
    await world.app.curation.shelf.restore(world.guild.id, CURATOR, "ketamine", 0, "It was right after all.")
    assert "In short" in text_of(await asked())


async def test_a_card_withdrawn_while_someone_reads_it(world: World) -> None:
    shown = await said_in(world.member, world.channel, "treatment", name="ketamine")
    compared = await said_in(world.member, world.channel, "compare", first="ketamine", second="pregabalin")
    claimed = await said_in(world.member, world.channel, "claim", said="ketamine boosts the immune system")
    picked = (await world.member.autocomplete(world.channel, "claim", "said", "ketamine boosts the immune"))[0]
    await withdraw(world)
    await world.restart()
    for message in (shown, compared, claimed):
        shared = await world.member.click(message, label="Share here")
        assert is_withdrawn(world, shared.response)
    assert is_withdrawn(world, await said_in(world.member, world.channel, "claim", said=picked["value"]))
    turned: Any = await world.member.click(shown, label="Harms")
    assert is_withdrawn(world, turned.response)
    await world.app.curation.shelf.restore(world.guild.id, CURATOR, "ketamine", 0, "It was right after all.")
    back = await world.member.click(turned.response, label="Look again")
    assert "In short" in text_of(back.response)


async def test_an_overdue_card_says_so_from_the_day_after(world: World) -> None:
    due = bundled(world).review_due
    world.clock.moment = world.clock.moment.replace(year=due.year, month=due.month, day=due.day)
    assert "overdue" not in text_of((await world.you.slash("treatment", name="ketamine")).response)
    world.clock.advance(days=1)
    shown = await world.you.slash("treatment", name="ketamine")
    assert "is overdue, so newer findings may be missing" in text_of(shown.response)
    compared = await world.you.slash("compare", first="ketamine", second="pregabalin")
    claimed = await world.you.slash("claim", said="ketamine boosts the immune system")
    for message in (compared.response, claimed.response):
        assert "Ketamine: its review was due" in text_of(message)


@pytest.mark.parametrize(("overdue", "note"), [(True, ""), (False, "Updated 23 November: new harm added")])
def test_later_words_leave_every_first_page_one_message(library: Library, *, overdue: bool, note: str) -> None:
    for card in library.catalog.cards.values():
        answer = Answer(card, library.catalog.sources_of(card), overdue)
        (page,) = card_text(answer, Page.SUMMARY, note)
        assert len("\n".join(page)) <= 4000, card.id


async def test_answers_are_private_unless_the_community_wants_them_open(world: World, elsewhere: Elsewhere) -> None:
    commands = {
        "treatment": {"name": "ketamine"},
        "topic": {"name": "fibro fog"},
        "compare": {"first": "ketamine", "second": "pregabalin"},
        "claim": {"said": "ketamine boosts the immune system"},
        "ask": {"question": "does ketamine help with pain after surgery"},
    }
    for command, options in commands.items():
        shown: Any = await world.member.slash(world.channel, command, **options)
        assert shown.ephemeral, command
    assert await rows(world) == []
    await decide(world, public=True)
    ids: list[int] = []
    for command, options in commands.items():
        shown = await world.member.slash(world.channel, command, **options)
        assert not shown.ephemeral, command
        assert not [label for label in labels_of(shown.response) if label.startswith("Share")]
        ids.append((await latest(world)).id)
        hidden: Any = await elsewhere.member.slash(elsewhere.channel, command, **options)
        assert hidden.ephemeral, command
    kept = await rows(world)
    assert {message_id for message_id, *_ in kept} == set(ids)
    shapes = {(card_id, shape.partition(":")[0]) for _, card_id, shape, _ in kept}
    assert shapes >= {
        ("ketamine", "card"),
        ("fibro-fog", "card"),
        ("ketamine", "compare"),
        ("pregabalin", "compared"),
        ("ketamine", "claim"),
        ("ketamine", "ask"),
    }
    assert {shown for _, card_id, _, shown in kept if card_id == "ketamine"} == {fingerprint(bundled(world))}


async def test_what_is_not_found_stays_private_where_answers_are_open(world: World) -> None:
    await decide(world, public=True)
    nothing: dict[str, dict[str, str]] = {
        "treatment": {"name": "moon dust"},
        "ask": {"question": "what is the capital of france"},
        "claim": {"said": "the moon is made of cheese"},
    }
    for command, options in nothing.items():
        shown: Any = await world.member.slash(world.channel, command, **options)
        assert shown.ephemeral, command


async def share_all(world: World) -> list[Any]:
    """A card, a claim, a comparison and a kind reply, all public; the messages, oldest first."""
    for command, options in {
        "treatment": {"name": "ketamine"},
        "claim": {"said": "ketamine boosts the immune system"},
        "compare": {"first": "pregabalin", "second": "ketamine"},
    }.items():
        shown = await said_in(world.member, world.channel, command, **options)
        await world.member.click(shown, label="Share here")
    message = await world.other.send(world.channel, "They say ketamine boosts the immune system.")
    checked: Any = await world.member.context_menu(world.channel, "Fact-check this", message)
    await world.member.click(checked.response, label="Reply kindly with Ketamine")
    await decide(world, public=True)
    await world.member.slash(world.channel, "ask", question="does ketamine help with pain after surgery")
    ids = list(dict.fromkeys(message_id for message_id, *_ in await rows(world)))
    assert len(ids) == 5
    return [posted for posted in world.channel.history() if posted.id in ids]


def now_in(world: World, messages: list[Any]) -> list[str]:
    ids = [message.id for message in messages]
    return [text_of(message) for message in world.channel.history() if message.id in ids]


async def test_every_public_message_is_remembered_and_edited_when_its_card_is_withdrawn(world: World) -> None:
    messages = await share_all(world)
    await world.restart()
    await withdraw(world)
    assert await world.app.curation.living.sweep() == 5
    for text in now_in(world, messages):
        assert "Withdrawn 23 November" in text
        assert SHOWN_REASON in text
        assert not [said for said in contents(bundled(world)) if said in text]
    assert {shown for _, card_id, _, shown in await rows(world) if card_id == "ketamine"} == {WITHDRAWN}
    assert await world.app.curation.living.sweep() == 0


async def test_every_public_message_follows_a_new_revision(world: World) -> None:
    messages = await share_all(world)
    card = reworded(bundled(world))
    claims = [claim.model_copy(update={"why": "We say why ourselves."}) for claim in card.claims]
    effect = card.effect.model_copy(update={"text": "We say how much ourselves."}) if card.effect else None
    await publish(world, card.model_copy(update={"claims": tuple(claims), "effect": effect}))
    assert await world.app.curation.living.sweep() == 5
    ours = [
        "Ours says it in another way.",
        "We say why ourselves.",
        "We say how much ourselves." if effect else "Ketamine",
        "Ours says it in another way.",
        "Ours says it in another way.",
    ]
    for text, said in zip(now_in(world, messages), ours, strict=True):
        assert text.startswith("-# Updated 23 November: "), text[:80]
        assert said in text
        assert len(text) <= 4000


async def test_a_message_whose_claim_is_gone_says_so(world: World) -> None:
    shown = await said_in(world.member, world.channel, "claim", said="ketamine boosts the immune system")
    await world.member.click(shown, label="Share here")
    await publish(world, bundled(world).model_copy(update={"claims": ()}))
    assert await world.app.curation.living.sweep() == 1
    assert "no longer on the card" in text_of(await latest(world))
    again: Any = await world.member.click(shown, label="Share here")
    assert "no longer here" in text_of(again.response)


async def test_a_public_message_is_not_remembered_in_another_community(world: World, elsewhere: Elsewhere) -> None:
    shown = await said_in(world.member, world.channel, "treatment", name="ketamine")
    await world.member.click(shown, label="Share here")
    assert [row[1:3] for row in await rows(world)] == [("ketamine", "card")]
    posted: list[Posted] = list(await world.storage.posted.all(elsewhere.guild.id))
    assert posted == []


async def test_sharing_switched_off_hides_the_buttons_and_refuses_old_ones(world: World) -> None:
    shown = [
        await said_in(world.member, world.channel, "treatment", name="ketamine"),
        await said_in(world.member, world.channel, "claim", said="ketamine boosts the immune system"),
        await said_in(world.member, world.channel, "compare", first="pregabalin", second="ketamine"),
    ]
    message = await world.other.send(world.channel, "They say ketamine boosts the immune system.")
    checked: Any = (await world.member.context_menu(world.channel, "Fact-check this", message)).response
    await decide(world, Feature.SHARING)
    for old, label in [*((each, "Share here") for each in shown), (checked, "Reply kindly with Ketamine")]:
        pressed: Any = await world.member.click(old, label=label)
        assert pressed.ephemeral
        assert text_of(pressed.response) == SHARING_OFF
    assert await rows(world) == []
    anew = [
        await said_in(world.member, world.channel, "treatment", name="ketamine"),
        await said_in(world.member, world.channel, "ask", question="does ketamine help with pain after surgery"),
        (await world.member.context_menu(world.channel, "Fact-check this", message)).response,
    ]
    for each in anew:
        assert not [label for label in labels_of(each) if label.startswith(("Share", "Reply"))]


async def test_fact_checks_switched_off(world: World, elsewhere: Elsewhere) -> None:
    await decide(world, Feature.FACT_CHECKS)
    message = await world.other.send(world.channel, "They say ketamine boosts the immune system.")
    refused: Any = await world.member.context_menu(world.channel, "Fact-check this", message)
    assert refused.ephemeral
    assert text_of(refused.response) == FACT_CHECKS_OFF
    theirs = await elsewhere.member.send(elsewhere.channel, "They say ketamine boosts the immune system.")
    checked = await elsewhere.member.context_menu(elsewhere.channel, "Fact-check this", theirs)
    assert "Not supported" in text_of(checked.response)


async def test_wishes_switched_off(world: World) -> None:
    shown = await said_in(world.member, world.channel, "treatment", name="moon dust")
    await decide(world, Feature.WISHES)
    for label in ("Ask for this card", "Tell me when there is one"):
        refused: Any = await world.member.click(shown, label=label)
        assert refused.ephemeral
        assert text_of(refused.response) == NO_WISHES
    anew = await said_in(world.member, world.channel, "treatment", name="moon dust")
    assert not [label for label in labels_of(anew) if label.startswith(("Ask", "Tell"))]
    asked = await said_in(world.member, world.channel, "ask", question="what is the capital of france")
    assert "counted" not in text_of(asked)


async def test_a_wish_is_counted_for_each_person_once(world: World) -> None:
    third = world.guild.add_member(world.env.create_user("third"))
    for actor in (world.member, world.member, world.other):
        shown = await said_in(actor, world.channel, "treatment", name="Moon dust")
        assert beside(await actor.click(shown, label="Ask for this card")) == COUNTED
    assert await world.storage.asked.revealed(world.guild.id) == []
    await third.click(await said_in(third, world.channel, "treatment", name="moon dust"), label="Ask for this card")
    assert await world.storage.asked.revealed(world.guild.id) == [(AskedKind.CARD, "moon dust", 3)]


async def test_a_question_without_an_answer_is_counted_and_says_so(world: World, elsewhere: Elsewhere) -> None:
    third = world.guild.add_member(world.env.create_user("third"))
    for actor in (world.member, world.other, third):
        shown = await said_in(actor, world.channel, "ask", question="what is the capital of france")
        assert "without your name" in text_of(shown)
    await said_in(elsewhere.member, elsewhere.channel, "ask", question="what is the capital of france")
    assert [count for *_, count in await world.storage.asked.revealed(world.guild.id)] == [3]
    assert await world.storage.asked.revealed(elsewhere.guild.id) == []


async def test_tell_me_sends_one_private_message_and_forgets(world: World, elsewhere: Elsewhere) -> None:
    user = world.env.create_user("wisher")
    wisher = world.guild.add_member(user)
    shown = await said_in(wisher, world.channel, "treatment", name="Moon dust")
    noted = beside(await wisher.click(shown, label="Tell me when there is one"))
    assert "one private message" in noted
    assert "180 days" in noted
    await world.restart()
    assert "noted already" in beside(await wisher.click(shown, label="Tell me when there is one"))
    theirs = await said_in(elsewhere.member, elsewhere.channel, "treatment", name="moon dust")
    await elsewhere.member.click(theirs, label="Tell me when there is one")
    tea = bundled(world).model_copy(update={"id": "moon-dust", "name": "Moon dust", "aliases": (), "brands": ()})
    await publish(world, tea)
    for expected in (1, 0):
        assert await world.app.curation.asked.fulfil() == expected
    assert "Moon dust" in text_of(list(user.dm_channel.history())[-1])
    assert len(list(user.dm_channel.history())) == 1
    assert list(elsewhere.user.dm_channel.history()) == []
    assert [wish.guild_id for wish in await world.storage.asked.wishes()] == [elsewhere.guild.id]


async def test_support_knows_the_community_s_country_and_asks_where_it_does_not(world: World) -> None:
    asked = text_of(await said_in(world.member, world.channel, "support"))
    assert "Which country are you in?" in asked
    assert "Find A Helpline" in asked
    await decide(world, country="Ireland")
    assert "## Ireland" in text_of(await said_in(world.member, world.channel, "support"))
    assert "Emergency: 999" in text_of(await said_in(world.member, world.channel, "support", country="United Kingdom"))
    assert "## Ireland" in text_of((await world.you.slash("support")).response)  # of the only server there is
    world.env.create_guild("Another").create_text_channel("help")
    assert "Which country are you in?" in text_of((await world.you.slash("support")).response)
