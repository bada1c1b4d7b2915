"""The shelf: what a community has published. Taking down, history, going back, and the bundled card below."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.cards import Card
from bot.domain.curation import Event, Revision, RevisionKind, fingerprint
from bot.domain.questionnaires import tidied
from bot.errors import UserError
from bot.services.curation.communities import Action
from bot.services.curation.editions import CardState, Editions
from bot.services.curation.ports import RevisionStore
from bot.services.ports import Clock

REASON_LENGTH = 300
"""Characters of a why, a reason or a reply: one field of a form."""

NO_CARD = "There is no such card here. Type its name to look for it."
NO_REVISION = "There is no such revision of this card. The history shows those that there are."
NO_BUNDLED = "There is no bundled card to go back to: this one is your community's own."
WITHDRAWN_BEFORE = "This card is withdrawn already. The history says by whom, and why."
SHOWN_ALREADY = "That is what members see already."
NOT_CHANGED_BELOW = "The bundled card has nothing new to decide on. Somebody may have been quicker."
QUICKER = "Somebody was quicker: this card has changed just now. Look again before you decide."


def said(text: str, what: str) -> str:
    """A why, a reason or a reply as others will read it: in one line, without characters that hide.

    Raises:
        UserError: there is nothing, or too much, of it.
    """
    shown = tidied(text)
    if not shown:
        raise UserError(f"Please write {what}, in a few words: others decide by it.")
    if len(shown) > REASON_LENGTH:
        raise UserError(f"That has {len(shown)} characters. Please shorten it to {REASON_LENGTH} or fewer.")
    return shown


def beside(newest: Revision | None, bundled: Card | None) -> str | None:
    """What the next revision's `bundled` is: the fingerprint of the bundled card that people last decided about.

    Where a revision stands over a bundled card that has changed since, nobody has looked at the change yet: the old
    fingerprint goes on, so that the change stays in the queue.
    """
    if newest is not None and newest.kind is not RevisionKind.BUNDLED:
        return newest.bundled
    return None if bundled is None else fingerprint(bundled)


class Shelf:
    """Use-cases of what is published. Each needs one curator alone; what they choose from was approved before.

    All raise UserError: for a card that is not there, and when somebody else changed it in the same moment.
    """

    def __init__(self, clock: Clock, editions: Editions, revisions: RevisionStore) -> None:
        self._clock = clock
        self._editions = editions
        self._revisions = revisions

    async def withdraw(self, guild_id: int, curator_id: int, card_id: str, reason: str) -> Revision:
        """Take the card down at once. Members see that it is being checked, and the reason."""
        why = said(reason, "the reason")
        state = await self._state(guild_id, card_id)
        if state.withdrawal is not None:
            raise UserError(WITHDRAWN_BEFORE)
        revision = await self._next(guild_id, curator_id, card_id, state, why)
        return await self._add(replace(revision, kind=RevisionKind.WITHDRAWN), Action.WITHDRAWN)

    async def history(self, guild_id: int, card_id: str) -> Sequence[Revision]:
        """The community's revisions of the card, newest first; empty while it is the bundled one."""
        return await self._revisions.of_card(guild_id, card_id)

    async def restore(self, guild_id: int, curator_id: int, card_id: str, number: int, why: str) -> Revision:
        """Go back to the text of a revision (0: the bundled card). A withdrawal ends with that.

        A text that is the bundled one, word for word, becomes the bundled card again, and follows it from then on.
        """
        reason = said(why, "the reason")
        state = await self._state(guild_id, card_id)
        wanted = await self._revision(guild_id, card_id, number) if number else None
        card = state.bundled if wanted is None else wanted.card or state.bundled
        if card is None:
            raise UserError(NO_BUNDLED)
        if state.withdrawal is None and card == state.card:
            raise UserError(SHOWN_ALREADY)
        revision = await self._next(guild_id, curator_id, card_id, state, reason)
        if card == state.bundled:
            revision = _bundled(revision, card)
        else:
            revision = replace(revision, card=card, sources=wanted.sources if wanted else ())
        return await self._add(revision, Action.RESTORED, f"revision {number}")

    async def changed_below(self, guild_id: int) -> Sequence[tuple[Revision, Card]]:
        """The community's revisions that stand over a bundled card which has changed since, with that card."""
        bundled = self._editions.catalog.cards
        return [
            (revision, bundled[revision.card_id])
            for revision in await self._revisions.latest(guild_id)
            if _is_changed_below(revision, bundled.get(revision.card_id))
        ]

    async def accept_bundled(self, guild_id: int, curator_id: int, card_id: str) -> Revision:
        """Show the bundled card as it is now in place of the community's. A withdrawal ends with that."""
        newest, card = await self._undecided(guild_id, card_id)
        revision = self._after(newest, curator_id, "The changed bundled card was accepted.")
        return await self._add(_bundled(revision, card), Action.BUNDLED_ACCEPTED)

    async def keep_ours(self, guild_id: int, curator_id: int, card_id: str) -> Revision:
        """Go on showing the community's text, or that it is withdrawn, beside the bundled card as it is now."""
        newest, card = await self._undecided(guild_id, card_id)
        # Members read the why of a withdrawn card as its reason: that has not changed.
        why = newest.why if newest.kind is RevisionKind.WITHDRAWN else "Kept when the bundled card changed."
        revision = replace(self._after(newest, curator_id, why), bundled=fingerprint(card))
        return await self._add(revision, Action.OURS_KEPT)

    async def _state(self, guild_id: int, card_id: str) -> CardState:
        state = await self._editions.state(guild_id, card_id)
        if state.card is None:
            raise UserError(NO_CARD)
        return state

    async def _revision(self, guild_id: int, card_id: str, number: int) -> Revision:
        for revision in await self._revisions.of_card(guild_id, card_id):
            if revision.number == number:
                return revision
        raise UserError(NO_REVISION)

    async def _undecided(self, guild_id: int, card_id: str) -> tuple[Revision, Card]:
        for revision, card in await self.changed_below(guild_id):
            if revision.card_id == card_id:
                return revision, card
        raise UserError(NOT_CHANGED_BELOW)

    async def _next(self, guild_id: int, curator_id: int, card_id: str, state: CardState, why: str) -> Revision:
        """The revision after the state that the curator saw, with its text."""
        newest = next(iter(await self._revisions.of_card(guild_id, card_id)), None)
        return Revision(
            guild_id,
            card_id,
            state.number + 1,
            RevisionKind.PUBLISHED,
            state.card,
            state.added,
            curator_id,
            (),
            why,
            self._clock.now(),
            beside(newest, state.bundled),
        )

    def _after(self, newest: Revision, curator_id: int, why: str) -> Revision:
        return replace(
            newest,
            number=newest.number + 1,
            author_id=curator_id,
            approved_by=(),
            why=why,
            at=self._clock.now(),
        )

    async def _add(self, revision: Revision, action: Action, detail: str = "") -> Revision:
        said_too = f"{detail}: {revision.why}" if detail else revision.why
        event = Event(revision.guild_id, revision.at, revision.author_id, action, revision.card_id, said_too)
        if not await self._revisions.add(revision, event):
            raise UserError(QUICKER)
        self._editions.changed(revision.guild_id)
        return revision


def _bundled(revision: Revision, card: Card) -> Revision:
    return replace(revision, kind=RevisionKind.BUNDLED, card=None, sources=(), bundled=fingerprint(card))


def _is_changed_below(newest: Revision, bundled: Card | None) -> bool:
    return bundled is not None and newest.kind is not RevisionKind.BUNDLED and newest.bundled != fingerprint(bundled)
