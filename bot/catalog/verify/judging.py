"""From what the registries answered to what is true of a source. No I/O."""

from collections.abc import Iterator

from bot.catalog.verify.answers import Answer, NoAnswer, Record, Unknown, doi_link, pubmed_link
from bot.catalog.verify.report import Finding, Standing
from bot.catalog.verify.titles import agree, is_of_a_notice
from bot.domain.cards import Source


def judge(source: Source, crossref: Answer | None, pubmed: Answer | None) -> tuple[Finding, ...]:
    """Every finding about a source, worst first; None is the answer to a question there was no reason to ask.

    Each answer gives at least one finding, and only a record that fits the source gives a verified one.
    """
    findings: list[Finding] = []
    if crossref is not None:
        findings += _of_answer(source, "Crossref", f"DOI {source.doi}", doi_link(source.doi or ""), crossref)
    if pubmed is not None:
        findings += _of_answer(source, "PubMed", f"PMID {source.pmid}", pubmed_link(source.pmid or ""), pubmed)
    findings += _two_papers(source, crossref, pubmed)
    return tuple(sorted(findings, key=lambda finding: finding.standing.severity))


def _of_answer(source: Source, name: str, number: str, link: str, answer: Answer) -> Iterator[Finding]:
    match answer:
        case NoAnswer(reason):
            yield Finding(standing=Standing.UNREACHABLE, message=f"{name}, {number}: {reason}", link=link)
        case Unknown():
            yield Finding(standing=Standing.NOT_FOUND, message=f"{name} does not know the {number}", link=link)
        case Record():
            for notice in answer.notices:
                message = f"{name}, {number}: {notice.text}"
                yield Finding(standing=notice.standing, message=message, link=notice.link or link)
            yield _of_record(source, name, number, link, answer)


def _of_record(source: Source, name: str, number: str, link: str, record: Record) -> Finding:
    if not record.titles:
        problem = f"{name} has no title for the {number}: compare by hand"
    elif record.is_about and not is_of_a_notice(source.title):
        problem = f"{name}, {number}: this is a notice about a paper, not the paper ({record.is_about})"
    elif not any(agree(source.title, title) for title in record.titles):
        problem = f"{name}, {number}: its title is “{record.titles[0]}”"
    else:
        return Finding(standing=Standing.VERIFIED, message=f"{name}, {number}: the title agrees", link=link)
    return Finding(standing=Standing.DIFFERS, message=problem, link=link)


def _two_papers(source: Source, crossref: Answer | None, pubmed: Answer | None) -> Iterator[Finding]:
    """The DOI and the PMID, or the DOI and Crossref's own, lead to different papers."""
    doi = (source.doi or "").casefold()
    known = {doi}
    if isinstance(crossref, Record):
        known |= crossref.dois
        if doi not in crossref.dois:
            yield _differ(f"Crossref answers DOI {doi} with DOI {', '.join(sorted(crossref.dois))}", doi_link(doi))
    if not doi or not isinstance(pubmed, Record):
        return
    link = pubmed_link(source.pmid or "")
    if pubmed.dois and not pubmed.dois & known:
        theirs = ", ".join(sorted(pubmed.dois))
        yield _differ(f"the DOI and the PMID lead to two papers: PubMed has DOI {theirs} for PMID {source.pmid}", link)
    elif not pubmed.dois and isinstance(crossref, Record) and not _one_paper(crossref, pubmed):
        yield _differ("the DOI and the PMID lead to papers with different titles", link)


def _one_paper(one: Record, other: Record) -> bool:
    return any(agree(mine, theirs) for mine in one.titles for theirs in other.titles)


def _differ(message: str, link: str) -> Finding:
    return Finding(standing=Standing.DIFFERS, message=message, link=link)
