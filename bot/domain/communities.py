"""Communities: what the administrators of one Discord server decided about Spoonful there."""

from collections.abc import Collection
from enum import StrEnum

from pydantic import Field

from bot.domain.cards import Frozen


class Feature(StrEnum):
    """What a community can switch off. Cards by name and questions are always there."""

    CHECKINS = "check-ins"
    SHARING = "sharing"
    FACT_CHECKS = "fact checks"
    WISHES = "wishes"
    REPORTS = "reports"
    DIGEST = "weekly digest"


class Community(Frozen):
    """The settings of one server; the defaults are what a server has that never set anything up."""

    guild_id: int
    curator_roles: frozenset[int] = frozenset()
    curation_channel_id: int | None = None
    country: str | None = Field(default=None, max_length=60, description="Whose services /support shows first.")
    public_answers: bool = False
    approvals: int = Field(default=1, ge=1, le=2, description="How many others must approve before it is published.")
    off: frozenset[Feature] = frozenset()

    def has(self, feature: Feature) -> bool:
        return feature not in self.off

    def may_curate(self, roles: Collection[int], *, administrator: bool) -> bool:
        """Whether somebody with these roles may propose, review and withdraw here."""
        return administrator or not self.curator_roles.isdisjoint(roles)
