"""Lifetimes: what is stored about a person, why, and until when. `/mydata` says it, the daily job keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

UNANSWERED_PROMPTS = timedelta(days=400)
"""A year and a month, so that two summers can be compared."""

NOTICE = timedelta(days=14)
"""Between the one message to a member who could not be reached and their erasure."""

ASKINGS = timedelta(days=180)
"""Questions and cards asked for in vain, and wishes to be told."""

REPORTS = timedelta(days=180)
"""Reports of cards, after they were made, once they are settled."""

POSTED = timedelta(days=30)
"""Which card messages stand in which channel."""

EVENTS = timedelta(days=2 * 365)
"""Lines of a server's log."""

BACKUPS = timedelta(days=30)
KEY_BACKUPS = timedelta(days=7)
"""Shorter: what was sealed with a key that is gone is unreadable in every older backup of the rest."""

TOMBSTONES = timedelta(days=60)
"""Longer than any backup, so that whoever restores one erases the same people again."""


class Holding(StrEnum):
    """One kind of row about a person, by the name of its table; preferences are a column of the membership."""

    MEMBER = "member"
    PREFERENCES = "preferences"
    PLAN = "plan"
    PROMPT = "prompt"
    ENTRY = "entry"
    MARK = "mark"
    ASKER = "asker"
    WISH = "wish"
    REPORT = "report"
    PROPOSAL = "proposal"
    REVISION = "revision"
    APPROVAL = "approval"
    SIGNATURE = "signature"
    EVENT = "event"


Holdings = Mapping[Holding, int]
"""How many rows of each kind; kinds without any are left out."""

SHARED = frozenset({Holding.PROPOSAL, Holding.REVISION, Holding.EVENT})
"""The history of a community's cards: erasing takes the name off and leaves the rest."""

SEALED = frozenset({Holding.PREFERENCES, Holding.PLAN, Holding.ENTRY, Holding.MARK})
"""Kinds whose words and answers are encrypted with the member's own key."""

CURATION = SHARED | {Holding.APPROVAL, Holding.SIGNATURE}


@dataclass(frozen=True)
class Keeping:
    """What rows of a kind are for, and a sentence on how long they stay."""

    why: str
    until: str


@dataclass(frozen=True)
class Lifetimes:
    """Those an operator can set: how old an entry gets, and how long somebody may be out of reach."""

    entries: timedelta = timedelta(days=5 * 365)
    unreachable: timedelta = timedelta(days=180)

    def keeping(self, holding: Holding) -> Keeping:
        """The words for a kind of row."""
        return _keepings(self)[holding]

    @property
    def out_of_reach(self) -> str:
        """What becomes of somebody whom messages do not reach."""
        return (
            f"If my messages do not reach you for {span(self.unreachable)} and you do not check in either, "
            f"I try to tell you once, and erase everything {span(NOTICE)} later."
        )


@dataclass(frozen=True)
class Receipt:
    """What an erasure met, and when."""

    at: datetime
    erased: Holdings

    @property
    def keys_gone(self) -> datetime:
        """From when on no backup holds the key that opens what was sealed."""
        return self.at + KEY_BACKUPS

    @property
    def backups_gone(self) -> datetime:
        """From when on no backup holds any of it."""
        return self.at + BACKUPS


def span(length: timedelta) -> str:
    """A lifetime as people say it: "5 years", "180 days"."""
    years, rest = divmod(length.days, 365)
    if years and not rest:
        return "a year" if years == 1 else f"{years} years"
    return "1 day" if length.days == 1 else f"{length.days} days"


def counted(holding: Holding, number: int) -> str:
    """So many rows of a kind, in words."""
    one, several = _NAMES[holding]
    return f"1 {one}" if number == 1 else f"{number:,} {several}"


_NAMES: Mapping[Holding, tuple[str, str]] = {
    Holding.MEMBER: ("membership", "memberships"),
    Holding.PREFERENCES: ("set of preferences", "sets of preferences"),
    Holding.PLAN: ("plan", "plans"),
    Holding.PROMPT: ("prompt", "prompts"),
    Holding.ENTRY: ("check-in", "check-ins"),
    Holding.MARK: ("mark", "marks"),
    Holding.ASKER: ("question", "questions"),
    Holding.WISH: ("wish", "wishes"),
    Holding.REPORT: ("report of a card", "reports of cards"),
    Holding.PROPOSAL: ("draft or proposal", "drafts and proposals"),
    Holding.REVISION: ("card change", "card changes"),
    Holding.APPROVAL: ("review", "reviews"),
    Holding.SIGNATURE: ("signature", "signatures"),
    Holding.EVENT: ("line in a server's log", "lines in servers' logs"),
}


def _keepings(lifetimes: Lifetimes) -> Mapping[Holding, Keeping]:
    yours = "Kept until you erase it."
    history = "Stays with the history of the card; erasing takes your name off."
    return {
        Holding.MEMBER: Keeping("your Discord id, time zone, our private chat, what you agreed to and when", yours),
        Holding.PREFERENCES: Keeping("how you want to be treated", yours),
        Holding.PLAN: Keeping("check-ins and reminders you set up, the stopped ones too", yours),
        Holding.PROMPT: Keeping(
            "when each was due and what became of it, so that no day is asked twice",
            f"Kept {span(UNANSWERED_PROMPTS)}, or as long as its answer.",
        ),
        Holding.ENTRY: Keeping(
            "your answers and notes, for your trends and reports", f"Kept {span(lifetimes.entries)}."
        ),
        Holding.MARK: Keeping("treatments and flares, for your trends and reports", yours),
        Holding.ASKER: Keeping(
            "a coded mark of you beside what no card answers, so that nobody is counted twice", f"Kept {span(ASKINGS)}."
        ),
        Holding.WISH: Keeping(
            "the names of cards you want to be told about, our private chat, and a coded mark of you",
            f"Kept {span(ASKINGS)}.",
        ),
        Holding.REPORT: Keeping(
            "what you said is wrong with a card, and a coded mark of you, so that you can erase it",
            f"Kept {span(REPORTS)}, and longer while it is open. The message that moderators got stays on Discord.",
        ),
        Holding.PROPOSAL: Keeping("card texts you wrote", history),
        Holding.REVISION: Keeping("what you published, withdrew or restored", history),
        Holding.APPROVAL: Keeping("proposals you approved", yours),
        Holding.SIGNATURE: Keeping("published cards that you had approved", yours),
        Holding.EVENT: Keeping("what you changed as a moderator", f"Kept {span(EVENTS)}."),
    }
