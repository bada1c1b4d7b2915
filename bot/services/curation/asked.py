"""What members looked for in vain: counted without names, and told when it is there."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.domain.cards import Card
from bot.domain.catalog import Catalog
from bot.domain.communities import Feature
from bot.domain.curation import AskedKind, Wish
from bot.domain.zones import fold
from bot.errors import UserError
from bot.services.curation.communities import CommunityService
from bot.services.curation.editions import Editions
from bot.services.curation.ports import AskedStore, Noticeboard, Traces
from bot.services.curation.waiting import Waiting
from bot.services.ports import Clock

REVEAL_FROM = 3
"""Different people who must have asked the same before its text is stored or shown to anybody."""

KEPT_FOR = timedelta(days=180)
TRY_AGAIN_AFTER = timedelta(minutes=5)
NAME_LENGTH = 60
QUESTION_LENGTH = 80
"""Of its content words."""

TYPED_LENGTH = 200
"""Whoever types more than that tells a story."""

MOST_WISHES = 20
"""For one person in one place."""

OUTSIDE = 0
"""The community that stands for direct messages."""

_NUMBER = re.compile(r"\d{5}")
"""Dates of birth, telephone numbers, ids of people: never part of a question about a treatment."""

_APOSTROPHE = re.compile(r"['\u2019]")

_SAYING_NOTHING = """
a about am an and any anybody anyone are arent as at be been being but by can cant could did didnt do does doesnt
doing dont for from get gets getting had has have having hello hey hi how i id if im in is isnt it its ive just me my
of on or our please really should so some somebody someone take taking tell than thank thanks that the their them then
there these they this those to tried try trying use used using very was we were what whats when where which who why
will with would you your
"""
_STOP_WORDS = frozenset(_SAYING_NOTHING.split())


class Asked:
    """Cards and questions that members asked for. Nothing here says who asked; the marks of askers are keyed hashes."""

    def __init__(
        self,
        clock: Clock,
        editions: Editions,
        communities: CommunityService,
        store: AskedStore,
        traces: Traces,
        noticeboard: Noticeboard,
    ) -> None:
        self._clock = clock
        self._editions = editions
        self._communities = communities
        self._store = store
        self._traces = traces
        self._noticeboard = noticeboard
        self._waiting = Waiting()
        editions.listeners.append(self._waiting.mark)

    async def wanted(self, guild_id: int | None, user_id: int, name: str) -> None:
        """Count that somebody wants a card of that name. Nothing is kept of what is no name."""
        await self._count(guild_id, user_id, AskedKind.CARD, name_of(name))

    async def unanswered(self, guild_id: int | None, user_id: int, question: str) -> None:
        """Count a question that no card answers. Nothing is kept of one that says too much."""
        await self._count(guild_id, user_id, AskedKind.QUESTION, words_of(question))

    async def tell_me(self, guild_id: int | None, user_id: int, name: str, channel_id: int) -> bool:
        """Promise one private message, in the DM channel of that id, once a card of that name exists.

        False if it was promised before.

        Raises:
            UserError: wishes are switched off here, it is no name, there is such a card, or they have too many wishes.
        """
        guild, wanted = guild_id or OUTSIDE, name_of(name)
        if not await self._may_wish(guild):
            raise UserError("Wishes for new cards are switched off in this server.")
        if not wanted:
            raise UserError(f"Please ask for a card by a name of at most {NAME_LENGTH} letters.")
        if card := cards_by_name(await self._catalog(guild)).get(wanted):
            raise UserError(f"There is a card of that name already: {card.name}.")
        wish = Wish(guild, wanted, self._traces.of(user_id), channel_id, self._clock.now())
        theirs = {each.name for each in await self._store.wishes(guild) if each.trace == wish.trace}
        if len(theirs) >= MOST_WISHES and wanted not in theirs:
            raise UserError(f"I already keep {MOST_WISHES} wishes of yours here, and that is as many as I can.")
        new = await self._store.wish(wish)
        self._waiting.mark(guild)  # the card may have come between looking and storing
        return new

    async def fulfil(self) -> int:
        """Tell everybody whose wish has come true, once, and forget the wish. Returns how many were told."""
        with self._waiting.take(self._clock.now()) as guilds:
            if guilds is not None and not guilds:
                return 0
            told: set[tuple[int, str]] = set()
            for guild, wishes in _by_guild(await self._wishes(guilds)).items():
                if self._noticeboard.serves(guild):
                    await self._fulfil(guild, wishes, told)
            return len(told)

    async def purge(self) -> int:
        """Forget what was asked, or wished for, more than 180 days ago."""
        return await self._store.purge(self._clock.now() - KEPT_FOR)

    async def _count(self, guild_id: int | None, user_id: int, kind: AskedKind, text: str) -> None:
        guild = guild_id or OUTSIDE
        if not text or not await self._may_wish(guild):
            return
        mark = self._traces.of("asked", guild, kind, text)
        asker = self._traces.of(user_id)  # of nothing else: erasing a person finds every row by it
        await self._store.asked(guild, kind, mark, asker, text, self._clock.now(), REVEAL_FROM)

    async def _may_wish(self, guild: int) -> bool:
        return guild == OUTSIDE or (await self._communities.of(guild)).has(Feature.WISHES)

    async def _wishes(self, guilds: frozenset[int] | None) -> Sequence[Wish]:
        if guilds is None:
            return await self._store.wishes()
        return [wish for guild in sorted(guilds) for wish in await self._store.wishes(guild)]

    async def _fulfil(self, guild: int, wishes: Sequence[Wish], told: set[tuple[int, str]]) -> None:
        cards = cards_by_name(await self._catalog(guild))
        for wish in wishes:
            if card := cards.get(wish.name):
                await self._tell(wish, card, told)

    async def _tell(self, wish: Wish, card: Card, told: set[tuple[int, str]]) -> None:
        """One message for one card, by however many of its names somebody wished for it."""
        if (wish.channel_id, card.id) not in told:
            placed = await self._noticeboard.tell_wisher(wish, card)
            if not placed.done and not placed.gone:
                self._waiting.mark_later(wish.guild_id, self._clock.now() + TRY_AGAIN_AFTER)
                return
            if placed.done:
                told.add((wish.channel_id, card.id))
        await self._store.unwish(wish)

    async def _catalog(self, guild: int) -> Catalog:
        return self._editions.catalog if guild == OUTSIDE else await self._editions.catalog_of(guild)


def name_of(text: str) -> str:
    """What somebody wants a card on, folded; empty if it is too long for a name."""
    folded = fold(text)
    return "" if len(folded) > NAME_LENGTH or _NUMBER.search(folded) else folded


def words_of(question: str) -> str:
    """The content words of a question, sorted: `Does K help pain?` and `K help with pain` are one.

    Empty if that is too long to be a question about a treatment, or has a number that may be somebody's.
    """
    if len(question) > TYPED_LENGTH:
        return ""
    words = sorted(set(fold(_APOSTROPHE.sub("", question)).split()) - _STOP_WORDS)
    text = " ".join(words)
    return "" if len(text) > QUESTION_LENGTH or _NUMBER.search(text) else text


def cards_by_name(catalog: Catalog) -> Mapping[str, Card]:
    """Every folded name, alias and brand with its card."""
    return {fold(name): card for card in catalog.cards.values() for name in (*card.brands, *card.aliases, card.name)}


def _by_guild(wishes: Sequence[Wish]) -> dict[int, list[Wish]]:
    grouped: dict[int, list[Wish]] = {}
    for wish in wishes:
        grouped.setdefault(wish.guild_id, []).append(wish)
    return grouped
