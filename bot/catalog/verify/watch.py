"""What the registries found, as alerts for people to decide on."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from bot.catalog.verify import CROSSREF, PUBMED, Report, Result, Standing, verify
from bot.domain.alerts import CONCERN, CORRECTION, RETRACTION, about
from bot.domain.cards import Source
from bot.domain.curation import SourceAlert

KINDS = {Standing.RETRACTED: RETRACTION, Standing.CONCERN: CONCERN, Standing.CORRECTED: CORRECTION}
DETAIL_LENGTH = 800
"""What a registry says is its own text, and may be long."""


class RegistryWatch:
    """The `SourceWatch` port on Crossref and PubMed. What they said lately is in `cache`, and not asked again."""

    def __init__(self, cache: Path, *, crossref: str = CROSSREF, pubmed: str = PUBMED, rate: float = 3) -> None:
        self._cache = cache
        self._crossref = crossref
        self._pubmed = pubmed
        self._rate = rate

    async def look(self, sources: Sequence[Source], at: datetime) -> Sequence[SourceAlert]:
        """Every alert about these sources, in their order; 3 questions a second.

        Raises:
            StartupError: `cache` cannot be read or written.
        """
        found: list[SourceAlert] = []
        for each in _with_different_ids(sources):
            report = await verify(
                each,
                cache=self._cache,
                today=at.date(),
                crossref=self._crossref,
                pubmed=self._pubmed,
                rate=self._rate,
            )
            found += alerts_of(report, at)
        return found


def alerts_of(report: Report, at: datetime) -> list[SourceAlert]:
    """One alert for each kind of news about a source, whatever number of registries has it."""
    return [alert for result in report.results for alert in _alerts(result, at)]


def _alerts(result: Result, at: datetime) -> Iterator[SourceAlert]:
    for standing, kind in KINDS.items():
        told = [
            f"{finding.message} {finding.link or ''}".strip()
            for finding in result.findings
            if finding.standing is standing
        ]
        if told:
            detail = about(result.source, "; ".join(sorted(set(told)))[:DETAIL_LENGTH])
            yield SourceAlert(result.source.id, kind, detail, at)


def _with_different_ids(sources: Sequence[Source]) -> list[list[Source]]:
    """In as few parts as it takes for no id to be twice in one of them: results are told apart by id."""
    parts: list[dict[str, Source]] = []
    for source in sources:
        part = next((part for part in parts if source.id not in part), None)
        if part is None:
            parts.append({source.id: source})
        else:
            part[source.id] = source
    return [list(part.values()) for part in parts]
