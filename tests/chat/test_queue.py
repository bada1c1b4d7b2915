"""`/curate queue`: what waits, and what a moderator can do about each of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import discord
import pytest
import simcord

from bot.chat import gate
from bot.chat.cogs.queue import NO_ASKED
from bot.chat.ui import queue as ui
from bot.chat.ui.drafts import BEGIN_NEW
from bot.chat.ui.layout import CHARACTER_BUDGET, COMPONENT_BUDGET, Layout
from bot.domain.alerts import RETRACTION, about
from bot.domain.cards import Card, Kind
from bot.domain.changes import changes
from bot.domain.communities import Community
from bot.domain.curation import AskedKind, Event, Proposal, ProposalStatus, Report, Revision, RevisionKind, SourceAlert
from bot.domain.manuscripts import Part, manuscript_of
from bot.services.curation.queue import NO_REPORT, Cited, Heading, Missed, Queue
from tests.chat.world import World, custom_ids_of, labels_of, text_of

OLD_SCOPE = "What ketamine does in fibromyalgia. No doses are given, on purpose."
CARD = "ketamine"


@pytest.fixture
async def other(world: World) -> simcord.MemberActor:
    """A moderator of the cards."""
    role = world.guild.create_role("Card keepers")
    world.env.backend.add_member_role(world.guild.id, world.other.id, role.id)
    community = Community(guild_id=world.guild.id, curator_roles=frozenset({role.id}))
    await world.app.curation.communities.change(community, 1, "moderators: Card keepers")
    world.clock.advance(minutes=1)
    return world.other


async def panel_of(world: World) -> Any:
    shown: Any = await world.other.slash(world.channel, "curate queue")
    assert shown.ephemeral
    return shown.response


async def listed(world: World, heading: Heading) -> Any:
    """The panel at this heading."""
    panel = await panel_of(world)
    await world.other.click(panel, custom_id=ui.LIST.custom_id(heading=heading.name.lower(), page="0"))
    assert f"## {heading.value}" in text_of(panel)
    return panel


async def opened(world: World, heading: Heading, key: str | None = None) -> Any:
    """The panel at one thing, the first by default."""
    panel = await listed(world, heading)
    await look(world, panel, heading, key or keys_of(panel)[0])
    return panel


async def look(world: World, panel: Any, heading: Heading, key: str) -> None:
    await world.other.click(panel, custom_id=ui.SHOW.custom_id(heading=heading.name.lower(), key=key, page="0"))


def keys_of(message: Any) -> list[str]:
    """What is listed in a panel, by key."""
    return [values["key"] for each in custom_ids_of(message) if (values := ui.SHOW.parse(each))]


async def actions(world: World) -> list[str]:
    return [event.action for event in await world.storage.communities.events(world.guild.id, 5)]


async def overlay(world: World, **changed: Any) -> Revision:
    """A revision of the ketamine card, over a bundled card that has changed since."""
    card = world.library.catalog.cards[CARD].model_copy(update={"scope": OLD_SCOPE, **changed})
    now = world.clock.now()
    revision = Revision(world.guild.id, CARD, 1, RevisionKind.PUBLISHED, card, (), 5, (6,), "Why", now, "0" * 16)
    assert await world.storage.revisions.add(revision, Event(world.guild.id, now, 5, "published", CARD))
    world.app.editions.changed(world.guild.id)
    world.clock.advance(minutes=1)
    return revision


@pytest.mark.usefixtures("other")
async def test_an_empty_queue_says_well_done(world: World) -> None:
    assert text_of(await panel_of(world)) == ui.EMPTY


async def test_who_is_no_moderator_sees_nothing(world: World) -> None:
    shown: Any = await world.member.slash(world.channel, "curate queue")
    assert shown.ephemeral
    assert text_of(shown.response) == gate.NOBODY_CHOSEN


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize(
    "custom_id",
    [
        ui.QUEUE.custom_id(),
        ui.LIST.custom_id(heading="reports", page="0"),
        ui.SHOW.custom_id(heading="below", key=CARD, page="0"),
        ui.SETTLE.custom_id(heading="below", key=CARD, how="take"),
    ],
)
async def test_a_control_in_other_hands_does_nothing(world: World, custom_id: str) -> None:
    await overlay(world)
    pressed = await world.press(custom_id, by=world.member)
    assert pressed.followups[-1].content == gate.NOT_CURATOR
    assert len(await world.storage.revisions.of_card(world.guild.id, CARD)) == 1


async def test_a_moderator_who_lost_the_role_settles_nothing(world: World, other: simcord.MemberActor) -> None:
    await world.app.curation.queue.report(world.guild.id, world.other.id, CARD, "Wrong")
    panel = await opened(world, Heading.REPORTS)
    world.env.backend.edit_member(world.guild.id, other.id, {"role_ids": []})
    pressed: Any = await other.click(panel, label="Done")
    assert pressed.followups[-1].content == gate.NOT_CURATOR
    assert await world.storage.reports.open(world.guild.id)


@pytest.mark.usefixtures("other")
async def test_overdue_cards_page_by_page_to_a_draft(world: World) -> None:
    world.clock.moment = datetime(2027, 12, 24, tzinfo=UTC)
    number = len((await world.app.curation.queue.of(world.guild.id)).overdue)
    assert number > 2 * ui.PER_PAGE
    assert f"Review overdue: **{number}**" in text_of(await panel_of(world))
    panel = await listed(world, Heading.OVERDUE)
    first = keys_of(panel)
    assert len(first) == ui.PER_PAGE
    await world.restart()
    await world.other.click(panel, label="Later")
    assert not set(first) & set(keys_of(panel))
    await world.other.click(panel, label="Earlier")
    assert keys_of(panel) == first
    card_id = first[3]
    await look(world, panel, Heading.OVERDUE, card_id)
    assert "Review due" in text_of(panel)
    await world.other.click(panel, label="Change it")
    assert labels_of(panel)
    (draft,) = await world.storage.proposals.of_author(world.guild.id, world.other.id)
    assert draft.card_id == card_id


@pytest.mark.usefixtures("other")
async def test_due_soon_opens_the_card(world: World) -> None:
    world.clock.moment = datetime(2027, 11, 1, tzinfo=UTC)
    panel = await opened(world, Heading.DUE_SOON)
    card = (await world.app.curation.queue.of(world.guild.id)).due_soon[0]
    shown: Any = await world.other.click(panel, label="Open the card")
    assert f"## {card.name}" in text_of(shown.response or panel)


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize(("label", "action"), [("Done", "report done"), ("Dismiss", "report dismissed")])
async def test_reports_are_settled(world: World, label: str, action: str) -> None:
    await world.app.curation.queue.report(world.guild.id, world.other.id, CARD, "**bold** <@1>")
    panel = await opened(world, Heading.REPORTS)
    assert r"> \*\*bold\*\* \<\@1\>" in text_of(panel)
    await world.other.click(panel, label=label)
    assert ui.EMPTY in text_of(panel)
    assert not await world.storage.reports.open(world.guild.id)
    assert (await actions(world))[0] == action


@pytest.mark.usefixtures("other")
async def test_what_somebody_else_settled_meanwhile(world: World) -> None:
    report = await world.app.curation.queue.report(world.guild.id, world.other.id, CARD, "Wrong")
    await world.app.curation.queue.report(world.guild.id, world.other.id, CARD, "Wrong too")
    panel, list_panel = await opened(world, Heading.REPORTS, report.id), await listed(world, Heading.REPORTS)
    await world.app.curation.queue.settle_report(world.guild.id, 1, report.id, done=True)
    pressed: Any = await world.other.click(panel, label="Done")
    assert pressed.followups[-1].content == NO_REPORT
    await look(world, list_panel, Heading.REPORTS, report.id)
    assert ui.GONE in text_of(list_panel)
    assert "Wrong too" in text_of(list_panel)


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize(("label", "confirmed"), [("Confirm: it matters", 1), ("Dismiss", 0)])
async def test_news_about_a_source_is_decided(world: World, label: str, confirmed: int) -> None:
    catalog = world.library.catalog
    source = catalog.sources_of(catalog.cards[CARD])[0][1]
    alert = SourceAlert(source.id, RETRACTION, about(source, "Retracted *today*"), world.clock.now())
    await world.storage.alerts.found([alert])
    panel = await opened(world, Heading.ALERTS)
    assert r"> Retracted \*today\*" in text_of(panel)
    assert "Change Ketamine" in labels_of(panel)
    await world.other.click(panel, label=label)
    assert len(await world.storage.alerts.confirmed(world.guild.id)) == confirmed
    assert not await world.storage.alerts.undecided(world.guild.id)
    assert ("Cards that still cite a retracted source: **1**" in text_of(panel)) is bool(confirmed)
    if confirmed:
        assert "Confirm: it matters" not in labels_of(await opened(world, Heading.TO_MEND))


@pytest.mark.usefixtures("other")
async def test_a_card_asked_for_is_begun(world: World) -> None:
    for person in range(3):
        await world.app.curation.asked.wanted(world.guild.id, person, "Moon dust")
    panel = await opened(world, Heading.WISHED)
    assert "A card asked for by 3 people" in text_of(panel)
    await world.other.select(panel, [Kind.SUPPLEMENT], custom_id=BEGIN_NEW.custom_id(name="moon dust"))
    (draft,) = await world.storage.proposals.of_author(world.guild.id, world.other.id)
    assert draft.manuscript.parts[Part.NAME] == "moon dust"
    assert draft.base is None


@pytest.mark.usefixtures("other")
async def test_what_was_asked_is_dismissed(world: World) -> None:
    for person in range(3):
        await world.app.curation.asked.wanted(world.guild.id, person, "Moon dust")
        await world.app.curation.asked.unanswered(world.guild.id, person, "Does moon dust help?")
    for heading in (Heading.WISHED, Heading.UNANSWERED):
        await world.other.click(await opened(world, heading), label="Dismiss")
    assert not await world.storage.asked.revealed(world.guild.id)


@pytest.mark.usefixtures("other")
async def test_two_questions_are_told_apart_and_the_second_dismissal_is_told(world: World) -> None:
    for person in range(3):
        for question in ("Does moon dust help?", "Does star dust help?"):
            await world.app.curation.asked.unanswered(world.guild.id, person, question)
    panels = [await opened(world, Heading.UNANSWERED) for _ in range(2)]
    await world.other.click(panels[0], label="Dismiss")
    assert [kind for kind, _, _ in await world.storage.asked.revealed(world.guild.id)] == [AskedKind.QUESTION]
    pressed: Any = await world.other.click(panels[1], label="Dismiss")
    assert pressed.followups[-1].content == NO_ASKED


@pytest.mark.usefixtures("other")
async def test_a_bundled_card_that_changed_below_is_shown_as_a_difference(world: World) -> None:
    await overlay(world)
    panel = await opened(world, Heading.BELOW)
    text = text_of(panel)
    assert "from yours to the bundled card" in text
    assert "What ketamine does" in text
    assert labels_of(panel)[:2] == ["Take the bundled card", "Keep ours"]


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize(
    ("label", "kind", "shown"),
    [("Take the bundled card", RevisionKind.BUNDLED, False), ("Keep ours", RevisionKind.PUBLISHED, True)],
)
async def test_one_of_the_two_is_chosen_and_none_is_lost(
    world: World, label: str, kind: RevisionKind, *, shown: bool
) -> None:
    ours = await overlay(world)
    await world.other.click(await opened(world, Heading.BELOW), label=label)
    latest, before = await world.storage.revisions.of_card(world.guild.id, CARD)
    assert (latest.kind, latest.author_id) == (kind, world.other.id)
    assert before == ours
    facts = await world.app.editions.of(world.guild.id)
    assert (facts.card(CARD).card.scope == OLD_SCOPE) is shown
    assert text_of(await panel_of(world)) == ui.EMPTY


@pytest.mark.usefixtures("other")
async def test_a_withdrawn_card_waits_with_its_reason(world: World) -> None:
    await world.app.curation.shelf.withdraw(world.guild.id, 1, CARD, "A dose is *wrong*.")
    panel = await opened(world, Heading.WITHDRAWN)
    assert r"> A dose is \*wrong\*\." in text_of(panel)
    await world.other.click(panel, label="History")
    assert "Ketamine" in text_of(panel)


@pytest.mark.usefixtures("other")
async def test_a_proposal_is_opened_for_review(world: World) -> None:
    proposals, guild_id = world.app.curation.proposals, world.guild.id
    begun = await proposals.begin(guild_id, world.member.id, CARD)
    await proposals.write(guild_id, begun.id, world.member.id, {Part.SCOPE: OLD_SCOPE})
    assert (await proposals.send(guild_id, begun.id, world.member.id, "*Clearer*")).is_clean
    panel = await opened(world, Heading.OPEN)
    assert f"By <@{world.member.id}>" in text_of(panel)
    assert r"> \*Clearer\*" in text_of(panel)
    await world.other.click(panel, label="Open it")
    assert "Approve" in labels_of(panel)


@pytest.mark.usefixtures("other")
async def test_the_way_back(world: World) -> None:
    await world.app.curation.queue.report(world.guild.id, world.other.id, CARD, "Wrong")
    panel = await opened(world, Heading.REPORTS)
    await world.other.click(panel, label="Back to the list")
    assert keys_of(panel)
    await world.other.click(panel, label="The whole queue")
    assert "Reports of problems: **1**" in text_of(panel)


@pytest.mark.usefixtures("other")
async def test_another_server_has_a_queue_of_its_own(world: World) -> None:
    report = await world.app.curation.queue.report(world.guild.id, world.other.id, CARD, "Wrong")
    elsewhere = world.env.create_guild("Elsewhere")
    role = elsewhere.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    theirs = elsewhere.add_member(world.env.create_user("theirs"), roles=[role])
    room = elsewhere.create_text_channel("room")
    shown: Any = await theirs.slash(room, "curate queue")
    assert text_of(shown.response) == ui.EMPTY
    forged = await world.app.client.get_partial_messageable(room.id).send(
        view=ui.entry_view(Queue(reports=[report]), Heading.REPORTS, report.id)
    )
    pressed: Any = await theirs.click(forged, label="Done")
    assert pressed.followups[-1].content == NO_REPORT
    assert await world.storage.reports.open(world.guild.id) == [report]


def test_the_fullest_views_fit(world: World) -> None:
    """Each text as long and as full of punctuation as it may be, and ten of each."""
    queue = full_queue(world.library.catalog.cards[CARD])
    source = world.library.catalog.sources["noppers-2011-fm"].model_copy(
        update={"authors": "*" * 120, "title": "*" * 400, "published_in": "*" * 160}
    )
    alert = SourceAlert(source.id, RETRACTION, about(source, "*" * 500), world.clock.now())
    cited = [Cited(replace(alert, detail=f"{alert.detail}{n}"), source, tuple(queue.overdue)) for n in range(30)]
    queue = replace(queue, alerts=cited, to_mend=cited)
    assert fits(ui.queue_view(queue, ui.SETTLED["confirm"]))
    for heading in Heading:
        assert fits(ui.heading_view(queue, heading, 2, ui.SETTLED["confirm"]))
        for entry in ui.entries_of(queue, heading)[:2]:
            found = changes(queue.below[0][0].card, queue.below[0][1])
            pages = [ui.entry_view(queue, heading, entry.key, found, page) for page in range(99)]
            assert all(map(fits, pages)), heading


def full_queue(card: Card) -> Queue:
    now, full = datetime(2026, 11, 23, tzinfo=UTC), "*" * 1000
    cards = [
        card.model_copy(update={"id": f"{'x' * 37}{n:03}", "name": "*" * 80, "review_due": date(2026, 1, 1)})
        for n in range(30)
    ]
    other = card.model_copy(
        update={
            "key_messages": tuple(
                each.model_copy(update={"text": f"{each.text} {'*' * 900}"}) for each in card.evidence
            )
        }
    )
    proposals = [
        Proposal(f"{n:016x}", 1, card.id, 10**18, ProposalStatus.OPEN, manuscript_of(card), None, 0, now, full[:300])
        for n in range(30)
    ]
    revisions = [
        Revision(1, each.id, 1, RevisionKind.WITHDRAWN, other, (), 1, (), full[:300], now - timedelta(days=1), None)
        for each in cards
    ]
    return Queue(
        open=proposals,
        conflicts=proposals,
        reports=[Report(f"{n:016x}", 1, cards[n].id, full, now) for n in range(30)],
        withdrawn=revisions,
        overdue=cards,
        due_soon=cards,
        below=list(zip(revisions, cards, strict=True)),
        wished=[Missed(f"{n:03}{'x' * 57}", 3) for n in range(30)],
        unanswered=[Missed(f"{n:03}{'x' * 77}", 3) for n in range(30)],
        names={each.id: each.name for each in cards},
    )


def fits(view: Layout) -> bool:
    return view.content_length() <= CHARACTER_BUDGET and view.total_children_count <= COMPONENT_BUDGET
