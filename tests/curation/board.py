"""A noticeboard of our own port that does as it is told, and remembers what it was given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.cards import Card
from bot.domain.communities import Community
from bot.domain.curation import Posted, Wish
from bot.services.curation.ports import Placed

DONE, GONE, LATER = Placed(done=True), Placed(gone=True), Placed()


@dataclass
class ToldNoticeboard:
    """Answers with what it was told, in turn, then with `DONE`."""

    outcomes: list[Placed] = field(default_factory=list[Placed])
    edits: list[tuple[Posted, str]] = field(default_factory=list[tuple[Posted, str]])
    digests: list[tuple[int, Mapping[str, Sequence[str]], str]] = field(
        default_factory=list[tuple[int, Mapping[str, Sequence[str]], str]]
    )
    told: list[tuple[Wish, Card]] = field(default_factory=list[tuple[Wish, Card]])
    elsewhere: set[int] = field(default_factory=set[int])
    meanwhile: Callable[[], object] = lambda: None
    """Happens while a message is on its way."""

    def serves(self, guild_id: int) -> bool:
        return guild_id not in self.elsewhere

    async def edit_answer(self, posted: Posted, note: str) -> Placed:
        self.edits.append((posted, note))
        return self._outcome()

    async def post_digest(self, community: Community, digest: Mapping[str, Sequence[str]], nonce: str) -> Placed:
        self.digests.append((community.guild_id, digest, nonce))
        return self._outcome()

    async def tell_wisher(self, wish: Wish, card: Card) -> Placed:
        self.told.append((wish, card))
        return self._outcome()

    @property
    def notes(self) -> list[str]:
        return [note for _, note in self.edits]

    @property
    def edited(self) -> list[int]:
        """Which messages, in turn."""
        return [posted.message_id for posted, _ in self.edits]

    def _outcome(self) -> Placed:
        self.meanwhile()
        return self.outcomes.pop(0) if self.outcomes else DONE
