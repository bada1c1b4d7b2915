"""What became of checking the sources: one value for each source, and the report a person reads."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.domain.cards import Frozen, Source
from bot.errors import ExitCode

UNAVAILABLE = 69
"""Exit status when a service could not be asked and nothing else is wrong (EX_UNAVAILABLE of the BSD sysexits)."""

_LONGEST = 600


class Standing(StrEnum):
    """What the registries say about a source, worst first: the worst finding gives a source its standing."""

    RETRACTED = "retracted"
    CONCERN = "concern"
    DIFFERS = "differs"
    NOT_FOUND = "not found"
    CORRECTED = "corrected"
    UNREACHABLE = "unreachable"
    VERIFIED = "verified"
    NOTHING = "nothing to check"

    @property
    def severity(self) -> int:
        """Its place in the list: 0 is the worst."""
        return _ORDER.index(self)


_ORDER = tuple(Standing)

WHAT_TO_DO = {
    Standing.RETRACTED: "Take it off every card that cites it, or withdraw the statements that rest on it alone.",
    Standing.CONCERN: "Read the notice. Until it is settled, cite another source, or say on the card that this one is "
    "in doubt.",
    Standing.DIFFERS: "Open the links and see which paper the cards mean; then mend the title, DOI or PMID in "
    "`content/sources/`.",
    Standing.NOT_FOUND: "Open the link. If it leads nowhere, mend the number in `content/sources/`. If it leads to "
    "the paper, the number is registered elsewhere, and a person has to vouch for the source.",
    Standing.CORRECTED: "Read the correction, and check what the cards say from this source, numbers first.",
}
"""For every standing that needs a person."""


class Finding(Frozen):
    """One thing a registry says about a source. `message` is plain text and may quote the registry."""

    standing: Standing
    message: str
    link: str | None = None


@dataclass(frozen=True)
class Result:
    """A source and all findings about it, worst first; `asked_on` is older than today when it was remembered."""

    source: Source
    findings: tuple[Finding, ...]
    asked_on: date

    @property
    def standing(self) -> Standing:
        """The worst of the findings. Verified is never a default: it takes a finding that says so."""
        return min((finding.standing for finding in self.findings), key=_ORDER.index, default=Standing.NOTHING)

    @property
    def needs_a_person(self) -> bool:
        return self.standing in WHAT_TO_DO

    @property
    def is_incomplete(self) -> bool:
        """Whether some service could not be asked about it, whatever another one said."""
        return any(finding.standing is Standing.UNREACHABLE for finding in self.findings)

    @property
    def is_settled(self) -> bool:
        """Whether asking again soon is pointless. What was not found is asked again: somebody may have mended it."""
        open_ends = {Standing.UNREACHABLE, Standing.NOT_FOUND, Standing.NOTHING}
        return bool(self.findings) and not open_ends.intersection(finding.standing for finding in self.findings)


@dataclass(frozen=True)
class Report:
    """Every source's result, in the order in which the sources were given."""

    results: tuple[Result, ...]
    today: date

    @property
    def counts(self) -> dict[Standing, int]:
        """How many sources have each standing, worst first; zeros included."""
        found = Counter(result.standing for result in self.results)
        return {standing: found[standing] for standing in Standing}

    @property
    def attention(self) -> tuple[Result, ...]:
        """What needs a person, worst first."""
        waiting = (result for result in self.results if result.needs_a_person)
        return tuple(sorted(waiting, key=lambda result: (result.standing.severity, result.source.id)))

    @property
    def unreachable(self) -> tuple[Result, ...]:
        """Sources about which a service could not be asked; some of them may be in `attention` too."""
        return tuple(result for result in self.results if result.is_incomplete)

    @property
    def exit_status(self) -> int:
        """0: all is well. 1: something needs a person. `UNAVAILABLE`: nothing does, but not all could be asked."""
        if self.attention:
            return ExitCode.PROBLEMS_FOUND
        return UNAVAILABLE if self.unreachable else ExitCode.OK

    def markdown(self) -> str:
        """The report as Markdown. What the registries said is escaped: it is their text, not ours."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        remembered = sum(result.asked_on != self.today for result in self.results)
        yield f"# Sources checked on {self.today}"
        yield ""
        yield f"{len(self.results)} sources, {remembered} of them asked about before today and not again."
        yield ""
        yield from (f"- {standing.capitalize()}: {count}" for standing, count in self.counts.items())
        if self.attention:
            yield ""
            yield f"## Needs a person ({len(self.attention)})"
            for result in self.attention:
                yield from _case(result)
        if self.unreachable:
            yield ""
            yield f"## Could not be asked ({len(self.unreachable)})"
            yield ""
            yield "Nothing is known about these until a service answers. Run the command again later."
            yield ""
            yield from map(_silence, self.unreachable)


def _case(result: Result) -> Iterator[str]:
    source = result.source
    year = f", {source.year}" if source.year else ""
    yield ""
    yield f"### {_plain(source.id)}: {result.standing}"
    yield ""
    yield f"{_plain(source.authors)}{year}: {_plain(source.title)}{_angle(source.link)}"
    yield ""
    for finding in result.findings:
        if finding.standing in WHAT_TO_DO:
            yield f"- {_plain(finding.message)}{_angle(finding.link)}"
    for standing in dict.fromkeys(finding.standing for finding in result.findings):
        if standing in WHAT_TO_DO:
            yield ""
            yield f"What to do ({standing}): {WHAT_TO_DO[standing]}"


def _silence(result: Result) -> str:
    reasons = "; ".join(
        _plain(finding.message) for finding in result.findings if finding.standing is Standing.UNREACHABLE
    )
    return f"- {_plain(result.source.id)}: {reasons}"


def _angle(link: str | None) -> str:
    return f" <{link.replace('<', '%3C').replace('>', '%3E')}>" if link else ""


def _plain(text: str) -> str:
    """One line that Markdown shows as it is: no control characters, no markup, not endless."""
    line = " ".join("".join(mark if _is_visible(mark) else " " for mark in text).split())
    short = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
    return "".join(f"\\{mark}" if mark in r"\`*_{}[]<>#|~&$" else mark for mark in short)


def _is_visible(mark: str) -> bool:
    return not unicodedata.category(mark).startswith("C")
