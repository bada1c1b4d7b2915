"""`spoonful sources verify`: every source against the registries of DOIs and PMIDs, for an operator with internet.

report = await verify(sources, cache=data_dir / "sources-verified.json", today=today, progress=bar)
report.markdown(), report.exit_status
"""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from bot.catalog.verify.crossref import Crossref
from bot.catalog.verify.judging import judge
from bot.catalog.verify.memory import Memory
from bot.catalog.verify.polite import Pace, Service, visit
from bot.catalog.verify.pubmed import PubMed
from bot.catalog.verify.report import UNAVAILABLE, Finding, Report, Result, Standing
from bot.domain.cards import Source

__all__ = ["CROSSREF", "PUBMED", "UNAVAILABLE", "Finding", "Report", "Result", "Standing", "verify"]

CROSSREF = "https://api.crossref.org"
PUBMED = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"


async def verify(
    sources: Sequence[Source],
    *,
    cache: Path,
    today: date,
    crossref: str = CROSSREF,
    pubmed: str = PUBMED,
    rate: float = 3,
    contact: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    timeout: float = 15,  # noqa: ASYNC109 - of each request, not of the whole run
    backoff: float = 1,
) -> Report:
    """Ask Crossref about each DOI and PubMed about each PMID, unless `cache` still knows; `rate` is per second.

    `progress` is called with how many sources are done and how many there are, first with 0. `contact` is a mail
    address that is shown to both services. `timeout` and `backoff`, the first wait before another try, are seconds.
    What was learned is in `cache` even when the run is cut short.

    Raises:
        StartupError: `cache` cannot be read or written.
    """
    memory = Memory.load(cache, today)
    tell = progress or _say_nothing
    tell(0, len(sources))
    known = {source.id: result for source in sources if (result := memory.recall(source))}
    results: list[Result] = []
    pace = Pace(rate)
    try:
        async with visit(contact, timeout) as session:
            dois = Crossref(Service("Crossref", crossref, session, pace, backoff))
            pmids = PubMed(Service("PubMed", pubmed, session, pace, backoff), contact)
            summaries = await pmids.summaries(
                [source.pmid for source in sources if source.pmid and source.id not in known]
            )
            for source in sources:
                result = known.get(source.id)
                if result is None:
                    work = await dois.work(source.doi) if source.doi else None
                    findings = judge(source, work, summaries[source.pmid] if source.pmid else None)
                    result = Result(source, findings, today)
                    memory.keep(result)
                results.append(result)
                tell(len(results), len(sources))
    finally:
        memory.save()
    return Report(tuple(results), today)


def _say_nothing(_done: int, _total: int) -> None: ...
