"""What a person can see and take along of what is stored about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.lifetimes import Holding
from bot.domain.members import Preferences
from bot.domain.plans import Plan


@dataclass(frozen=True)
class Record:
    """One row as it is stored: names of columns with what stands in them, without what is sealed."""

    holding: Holding
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Account:
    """Everything about a person that is not in their diary, as it was at `made_at`."""

    made_at: datetime
    preferences: Preferences
    plans: Sequence[Plan]
    records: Sequence[Record]
