"""Where people can turn to, country by country."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from bot.domain.cards import Frozen, Label, Sentence, Slug

Code = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166 country code.")]


class SupportService(Frozen):
    """A service that answers people who need somebody."""

    id: Slug
    name: Label
    what: Sentence = Field(description="Who answers, and for what; one sentence.")
    hours: str | None = Field(default=None, max_length=160)
    contact: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(min_length=1)
    cost: str | None = Field(default=None, max_length=160)
    url: str | None = Field(default=None, pattern=r"^https://\S+$")


class SupportCountry(Frozen):
    """The services of one country, or of everywhere where `codes` is empty."""

    country: Label
    codes: tuple[Code, ...] = ()
    emergency: str | None = Field(default=None, max_length=80, description="Emergency number, only if confirmed.")
    services: tuple[SupportService, ...] = ()

    @property
    def everywhere(self) -> bool:
        return not self.codes


@dataclass(frozen=True)
class SafetyNet:
    """What a member reads first after a high answer.

    `own` are their own words (unescaped), `operators` the operator's word on where to turn to, `meaning` what such a
    total means.
    """

    own: str
    country: SupportCountry | None
    operators: str | None
    meaning: str | None
