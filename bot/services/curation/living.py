"""Living answers: what was posted publicly is edited in place when its card changes or is withdrawn."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

import structlog

from bot.domain.changes import changes, headline
from bot.domain.curation import Posted, Revision, RevisionKind, fingerprint
from bot.services.curation.editions import CardState, Editions
from bot.services.curation.ports import Noticeboard, Placed, PostedStore, RevisionStore
from bot.services.curation.waiting import Waiting
from bot.services.ports import Clock

REMEMBERED_FOR = timedelta(days=30)
TRY_AGAIN_AFTER = timedelta(minutes=1)
FAULTS_IN_A_ROW = 3
"""After so many edits that Discord did not take, the rest of a sweep waits too."""

WITHDRAWN = "withdrawn"
"""Stands in place of a fingerprint for a card that members cannot read just now."""

UPDATED, BACK = "the card was updated", "checked, and back again"

log = structlog.get_logger()


class LivingAnswers:
    """Keeps public messages true. The rows say what each message shows, so a restart in the middle loses nothing."""

    def __init__(
        self, clock: Clock, editions: Editions, posted: PostedStore, noticeboard: Noticeboard, revisions: RevisionStore
    ) -> None:
        self._clock = clock
        self._editions = editions
        self._posted = posted
        self._noticeboard = noticeboard
        self._revisions = revisions
        self._waiting = Waiting()
        editions.listeners.append(self._waiting.mark)

    async def remember(self, posted: Sequence[Posted]) -> None:
        """A message with these cards is public now: keep it up to date for 30 days."""
        await self._keep([(row.shown, await self._editions.state(row.guild_id, row.card_id)) for row in posted])
        await self._posted.add(posted)
        for row in posted:  # the card may have changed between drawing the message and this
            self._waiting.mark(row.guild_id)

    async def sweep(self) -> int:
        """Edit every message that shows something else than its card says now. Returns how many were edited."""
        with self._waiting.take(self._clock.now()) as guilds:
            if guilds is not None and not guilds:
                return 0
            return await self._edit_all(await self._stale(guilds))

    async def purge(self) -> int:
        """Forget messages older than 30 days; they stay in their channels as they are."""
        return await self._posted.purge(self._clock.now() - REMEMBERED_FOR)

    async def _stale(self, guilds: frozenset[int] | None) -> list[tuple[Posted, CardState]]:
        """What shows something old, community by community. Those of another process are not looked at."""
        rows = sorted(await self._rows(guilds), key=lambda row: row.guild_id)
        states: dict[tuple[int, str], CardState] = {}
        stale: list[tuple[Posted, CardState]] = []
        for row in rows:
            if not self._noticeboard.serves(row.guild_id):
                continue
            key = (row.guild_id, row.card_id)
            state = states.get(key) or await self._editions.state(*key)
            states[key] = state
            if row.shown != shown_now(state):
                stale.append((row, state))
        return stale

    async def _rows(self, guilds: frozenset[int] | None) -> Sequence[Posted]:
        if guilds is None:
            return await self._posted.all()
        return [row for guild in sorted(guilds) for row in await self._posted.all(guild)]

    async def _edit_all(self, stale: Sequence[tuple[Posted, CardState]]) -> int:
        """One after the other: several at once would only meet the limits of Discord sooner."""
        edited = faults = 0
        for _, group in groupby(stale, key=lambda each: each[0].message_id):
            rows = list(group)
            placed = await self._edit(rows) if faults < FAULTS_IN_A_ROW else Placed()
            edited += placed.done
            if placed.done or placed.gone:
                faults = 0
            else:
                faults += 1
                self._waiting.mark_later(rows[0][0].guild_id, self._clock.now() + TRY_AGAIN_AFTER)
        if faults:
            log.warning("answers not edited yet", count=faults)
        return edited

    async def _edit(self, rows: Sequence[tuple[Posted, CardState]]) -> Placed:
        """Edit one message about those of its cards that changed, and remember what came of it."""
        notes = [await self._note(row, state) for row, state in rows]
        message = rows[0][0]
        placed = await self._noticeboard.edit_answer(message, " · ".join(dict.fromkeys(filter(None, notes))))
        if placed.gone:
            await self._posted.forget(message.message_id)
        elif placed.done:
            await self._keep([(shown_now(state), state) for _, state in rows])
            for row, state in rows:
                await self._posted.shown(row.message_id, row.card_id, shown_now(state))
        return placed

    async def _keep(self, shown: Sequence[tuple[str, CardState]]) -> None:
        """The bundled texts among these: when others are bundled, nobody else has them for the note."""
        bundled = {what: state.bundled for what, state in shown if state.bundled}
        await self._posted.keep({what: card for what, card in bundled.items() if fingerprint(card) == what})

    async def _note(self, row: Posted, state: CardState) -> str:
        """What happened to a card since its message was drawn: `Updated 3 May: new harm added`. Empty if nothing did:
        another version of this program may write the same card in another way.
        """
        if shown_now(state) == WITHDRAWN:
            return f"Withdrawn {_day(state.withdrawal.since if state.withdrawal else self._clock.now())}"
        history = await self._revisions.of_card(row.guild_id, row.card_id)
        since = history[0].at if history and _brought(history[0], state) else self._clock.now()
        news = BACK if row.shown == WITHDRAWN else await self._news(row.shown, state, history)
        return f"Updated {_day(since)}: {news}" if news else ""

    async def _news(self, shown: str, state: CardState, history: Sequence[Revision]) -> str:
        """What is new on a card since that fingerprint of it, if anybody has the text of that time."""
        known = (revision.card for revision in history)
        old = next((card for card in known if card and fingerprint(card) == shown), None)
        old = old or await self._posted.kept(shown)
        if not old:
            return UPDATED
        found = changes(old, state.card)
        return headline(found) if found else ""


def shown_now(state: CardState) -> str:
    """What `Posted.shown` is for a message drawn from this state."""
    return WITHDRAWN if state.card is None or state.withdrawal else fingerprint(state.card)


def _brought(newest: Revision, state: CardState) -> bool:
    """Whether the text in effect came with the newest revision, and not with other bundled content since."""
    return newest.kind is RevisionKind.PUBLISHED or (
        state.card is not None and newest.bundled == fingerprint(state.card)
    )


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B}"
