"""`spoonful sources verify` against both registries on loopback: what it says, and above all what it does not."""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.catalog.verify import UNAVAILABLE, Report, Result, Standing, verify
from bot.catalog.verify.polite import GIVE_UP_AFTER, TRIES, retry_after
from bot.catalog.verify.pubmed import BATCH
from bot.catalog.verify.titles import agree
from bot.domain.cards import Source, SourceType
from bot.errors import StartupError
from tests.loopback.registries import Payload, Registries, Request, of_crossref, reference, said, summary, update, work

TODAY = date(2026, 3, 1)
TITLE = "Warm water exercise for people with widespread pain"
DOI = "10.5555/Invented.2019"
NOTICE = "10.5555/notice.2021"
PMID = "12345678"
BROKEN = (Standing.RETRACTED, Standing.CONCERN, Standing.CORRECTED)


@pytest.fixture
async def registries() -> AsyncGenerator[Registries]:
    async with Registries.running() as server:
        yield server


def source(name: str = "nobody-2019", **fields: Any) -> Source:
    given = {"id": name, "type": SourceType.TRIAL, "authors": "Nobody A, et al.", "title": TITLE, "year": 2019}
    return Source.model_validate(given | fields)


def many(count: int) -> list[Source]:
    return [source(f"source-{number}", doi=f"10.5555/{number}") for number in range(count)]


class Desk:
    """The operator's desk: runs the command with a cache of its own, quickly."""

    def __init__(self, registries: Registries, cache: Path) -> None:
        self.registries = registries
        self.cache = cache

    async def report(self, *sources: Source, today: date = TODAY, **options: Any) -> Report:
        quick: dict[str, Any] = {
            "cache": self.cache,
            "crossref": self.registries.crossref,
            "pubmed": self.registries.pubmed,
            "today": today,
            "rate": 1000,
            "timeout": 5,
            "backoff": 0.01,
        }
        return await verify(sources, **(quick | options))

    async def result(self, checked: Source, **options: Any) -> Result:
        return (await self.report(checked, **options)).results[0]


@pytest.fixture
def desk(registries: Registries, tmp_path: Path) -> Desk:
    return Desk(registries, tmp_path / "data" / "verified.json")


# What a good day looks like


async def test_a_source_that_both_registries_know_is_verified(desk: Desk) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE)
    desk.registries.summaries[PMID] = summary(PMID, TITLE, DOI)
    report = await desk.report(source(doi=DOI, pmid=PMID))
    assert [result.standing for result in report.results] == [Standing.VERIFIED]
    assert (report.exit_status, report.attention, report.unreachable) == (0, (), ())


@pytest.mark.parametrize("number", [{"doi": DOI}, {"pmid": PMID}])
async def test_one_number_is_enough(desk: Desk, number: dict[str, str]) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE)
    desk.registries.summaries[PMID] = summary(PMID, TITLE, DOI)
    assert (await desk.result(source(**number))).standing is Standing.VERIFIED
    assert len(desk.registries.requests) == 1


async def test_a_source_without_numbers_is_nothing_to_check(desk: Desk) -> None:
    report = await desk.report(source(url="https://example.org/guideline"))
    assert report.results[0].standing is Standing.NOTHING
    assert (report.exit_status, desk.registries.requests) == (0, [])


async def test_a_pmid_may_begin_with_zeros(desk: Desk) -> None:
    desk.registries.summaries["77"] = summary("77", TITLE)
    assert (await desk.result(source(pmid="00000077"))).standing is Standing.VERIFIED


async def test_the_doi_is_percent_encoded_whole(desk: Desk) -> None:
    doi = "10.1002/(SICI)1096-9071(199911)59:3<1::AID-JMV>3.0.CO;2-#"
    desk.registries.works[doi.casefold()] = work(doi, TITLE)
    assert (await desk.result(source(doi=doi))).standing is Standing.VERIFIED
    assert desk.registries.requests[0].raw_path.startswith("/crossref/works/10.1002%2F%28SICI%291096-9071")


async def test_pubmed_is_asked_for_many_at_once(desk: Desk) -> None:
    pmids = [str(number) for number in range(1, BATCH + 3)]
    desk.registries.summaries = {pmid: summary(pmid, TITLE) for pmid in pmids}
    report = await desk.report(*(source(f"source-{pmid}", pmid=pmid) for pmid in pmids))
    assert report.counts[Standing.VERIFIED] == len(pmids)
    assert len(desk.registries.requests) == 2


@pytest.mark.parametrize(
    ("contact", "ending"),
    [(None, "sources)"), ("ops@example.org", "; mailto:ops@example.org)"), ("a\r\nb", "a%0D%0Ab)")],
)
async def test_it_says_who_asks(desk: Desk, contact: str | None, ending: str) -> None:
    await desk.report(source(doi=DOI, pmid=PMID), contact=contact)
    assert {request.user_agent.startswith("Spoonful/") for request in desk.registries.requests} == {True}
    assert {request.user_agent.endswith(ending) for request in desk.registries.requests} == {True}
    assert desk.registries.requests[0].query["tool"] == "spoonful"
    assert desk.registries.requests[0].query.get("email") == contact


async def test_progress_counts_every_source(desk: Desk) -> None:
    seen: list[tuple[int, int]] = []

    def bar(done: int, total: int) -> None:
        seen.append((done, total))

    await desk.report(*many(3), source(), progress=bar)
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


# Titles


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Ketamine for pain", "Ketamine for pain."),
        ("Exercise for fibromyalgia: a randomised trial", "Exercise for fibromyalgia: A Randomized Trial"),
        ("Exercise training for fibromyalgia", "Exercise training for fibromyalgia: a Cochrane review"),
        (
            "Oestrogen and dietary fibre after anaesthesia: effects of a training programme",
            "Estrogen and dietary fiber after anesthesia: effects of a training program",
        ),
        ("Low-dose naltrexone", "Lowdose naltrexone"),
        ("Exercise training for fibromyalgia. A Cochrane review", "Exercise training for fibromyalgia"),
        ("Café au lait, β-blockers and pain", "<i>Cafe au lait</i>, β-blockers &amp;amp; pain"),
        ("Rehabilitation after a stroke", "[Rehabilitation after a stroke]."),
        ("Low-dose naltrexone for widespread pain", "RETRACTED ARTICLE: Low dose naltrexone for widespread pain"),
        ("Low-dose naltrexone for widespread pain", "[Retracted] Low-dose naltrexone for widespread pain"),
        (
            "Warm water exercise for people with widespread pain: a randomised trial",
            "Warm water exercise for people with widespread pain: a double-blind, placebo-controlled randomised trial",
        ),
    ],
)
def test_titles_of_one_paper(ours: str, theirs: str) -> None:
    assert agree(ours, theirs)
    assert agree(theirs, ours)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Ketamine for pain", "Pregabalin for pain"),
        ("Fibromyalgia: a clinical review", "Fibromyalgia"),
        ("Fibromyalgia: a clinical review", "Fibromyalgia: criteria for children"),
        ("Ketamine for chronic pain: risks and benefits", "Ketamine for chronic pain: history of a medicine"),
        (
            "A long and winding guideline on widespread pain, part 1",
            "A long and winding guideline on widespread pain, part 2",
        ),
        ("Ketamine for Depression, 4: In What Dose", "Ketamine for Depression, 5: Interactions"),
        (
            "Chronic pain (primary and secondary) in over 16s: summary of NICE guidance",
            "Chronic pain (primary and secondary) in over 16s: assessment of all chronic pain and its management",
        ),
        (
            "Ketamine versus placebo, relief of postoperative pain",
            "Esketamine versus placebo, relief of postoperative pain",
        ),
        ("Amitriptyline for fibromyalgia in adults", "Nortriptyline for fibromyalgia in adults"),
        ("Exercise for widespread pain in adults and children", "Exercise for widespread pain in adults"),
        ("Pain in the hip", "Gout of an arm"),
        ("Ketamine for pain", ""),
    ],
)
def test_titles_of_two_papers(ours: str, theirs: str) -> None:
    assert not agree(ours, theirs)
    assert not agree(theirs, ours)


@pytest.mark.parametrize(
    "fields",
    [
        {"title": ["Warm water exercise"], "subtitle": ["for people with widespread pain"]},
        {"title": ["Übungen im warmen Wasser"], "original_title": [TITLE]},
        {"title": ["Übungen im warmen Wasser", TITLE], "subtitle": None},
    ],
)
async def test_every_title_crossref_has_may_agree(desk: Desk, fields: Payload) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE, **fields)
    assert (await desk.result(source(doi=DOI))).standing is Standing.VERIFIED


async def test_another_title_differs_and_is_shown(desk: Desk) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, "Cold showers for sailors")
    report = await desk.report(source(doi=DOI))
    assert report.results[0].standing is Standing.DIFFERS
    assert report.exit_status == 1
    assert "Cold showers for sailors" in report.markdown()


@pytest.mark.parametrize("titles", [[], None, [" "]])
async def test_no_title_is_not_an_agreeing_title(desk: Desk, titles: list[str] | None) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE, title=titles)
    assert (await desk.result(source(doi=DOI))).standing is Standing.DIFFERS


# What happened to a paper


@pytest.mark.parametrize(
    ("fields", "standing"),
    [
        ({"updated_by": [update("retraction", "Retraction", NOTICE, "retraction-watch")]}, Standing.RETRACTED),
        ({"updated_by": [update("withdrawal", "Withdrawal", NOTICE)]}, Standing.RETRACTED),
        ({"updated_by": [update("partial_retraction", "Partial retraction", NOTICE)]}, Standing.RETRACTED),
        ({"update_to": [update("retraction", "Retraction", DOI)]}, Standing.RETRACTED),
        ({"relation": {"is-retracted-by": [{"id-type": "doi", "id": NOTICE}]}}, Standing.RETRACTED),
        ({"title": [f"RETRACTED: {TITLE}"]}, Standing.RETRACTED),
        ({"title": [f"WITHDRAWN: {TITLE}"]}, Standing.RETRACTED),
        ({"updated_by": [update("expression_of_concern", "Expression of concern", NOTICE)]}, Standing.CONCERN),
        ({"updated_by": [update("erratum", "Erratum", NOTICE)]}, Standing.CORRECTED),
        ({"updated_by": [update("correction", "Correction", "unavailable")]}, Standing.CORRECTED),
        ({"updated_by": [update("reinstatement", "Reinstatement", NOTICE)]}, Standing.CORRECTED),
        ({"relation": {"has-correction": [{"id-type": "doi", "id": NOTICE}]}}, Standing.CORRECTED),
        (
            {"updated_by": [update("correction", "Correction", NOTICE), update("retraction", "Retraction", NOTICE)]},
            Standing.RETRACTED,
        ),
        ({"updated_by": [update("new_version", "New version", NOTICE)], "update_to": None}, Standing.VERIFIED),
        ({"update_to": [update("new_version", "New version", "10.5555/v1")]}, Standing.VERIFIED),
        ({"relation": {"has-preprint": [{"id-type": "doi", "id": NOTICE}]}}, Standing.VERIFIED),
    ],
)
async def test_what_crossref_knows_of_a_paper(desk: Desk, fields: Payload, standing: Standing) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE, **fields)
    result = await desk.result(source(doi=DOI))
    assert result.standing is standing
    assert result.needs_a_person is (standing is not Standing.VERIFIED)


@pytest.mark.parametrize(
    ("fields", "standing"),
    [
        ({"pubtype": ["Journal Article", "Retracted Publication"]}, Standing.RETRACTED),
        ({"references": [reference("Retraction in", 23456789)]}, Standing.RETRACTED),
        ({"references": [reference("RetractionIn")]}, Standing.RETRACTED),
        ({"references": [reference("Retracted and republished in")]}, Standing.RETRACTED),
        ({"title": f"Retracted: {TITLE}."}, Standing.RETRACTED),
        ({"pubtype": ["Expression of Concern"]}, Standing.CONCERN),
        ({"references": [reference("Expression of concern in")]}, Standing.CONCERN),
        ({"references": [reference("Comment in", 1), reference("Erratum in")]}, Standing.CORRECTED),
        ({"references": [reference("Corrected and republished in")]}, Standing.CORRECTED),
        ({"references": [reference("Corrected and republished from")]}, Standing.VERIFIED),
        ({"references": [reference("Comment in"), reference("Update in")]}, Standing.VERIFIED),
        ({"references": None}, Standing.VERIFIED),
    ],
)
async def test_what_pubmed_knows_of_a_paper(desk: Desk, fields: Payload, standing: Standing) -> None:
    desk.registries.summaries[PMID] = summary(PMID, TITLE, DOI, **fields)
    assert (await desk.result(source(pmid=PMID))).standing is standing


@pytest.mark.parametrize(
    "fields",
    [
        {"update_to": [update("correction", "Correction", "10.5555/paper")]},
        {"relation": {"is-correction-of": [{"id-type": "doi", "id": "10.5555/paper"}]}},
        {"title": [f"Correction to: {TITLE}"]},
        {"title": [f"Erratum to “{TITLE}”"]},
    ],
)
async def test_the_doi_of_a_notice_is_not_that_of_the_paper(desk: Desk, fields: Payload) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE, **fields)
    assert (await desk.result(source(doi=DOI))).standing is Standing.DIFFERS


@pytest.mark.parametrize(
    "fields", [{"pubtype": ["Published Erratum"]}, {"references": [reference("Erratum for", 23456789)]}]
)
async def test_the_pmid_of_a_notice_is_not_that_of_the_paper(desk: Desk, fields: Payload) -> None:
    desk.registries.summaries[PMID] = summary(PMID, TITLE, **fields)
    assert (await desk.result(source(pmid=PMID))).standing is Standing.DIFFERS


async def test_a_notice_that_two_report_is_told_once(desk: Desk) -> None:
    both = [update("retraction", "Retraction", NOTICE), update("retraction", "Retraction", NOTICE, "retraction-watch")]
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE, updated_by=both)
    assert (await desk.report(source(doi=DOI))).markdown().count(NOTICE) == 1


# Not there, or elsewhere


async def test_a_doi_that_crossref_does_not_know(desk: Desk) -> None:
    desk.registries.summaries[PMID] = summary(PMID, TITLE, DOI)
    report = await desk.report(source(doi=DOI, pmid=PMID))
    assert (report.results[0].standing, report.exit_status) == (Standing.NOT_FOUND, 1)


async def test_a_pmid_that_pubmed_does_not_know(desk: Desk) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE)
    assert (await desk.result(source(doi=DOI, pmid=PMID))).standing is Standing.NOT_FOUND


async def test_a_doi_and_a_pmid_of_two_papers(desk: Desk) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE)
    desk.registries.summaries[PMID] = summary(PMID, TITLE, "10.5555/another")
    report = await desk.report(source(doi=DOI, pmid=PMID))
    assert report.results[0].standing is Standing.DIFFERS
    assert "lead to two papers" in report.markdown()


async def test_two_papers_are_told_apart_by_title_where_pubmed_has_no_doi(desk: Desk) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE)
    desk.registries.summaries[PMID] = summary(PMID, "Cold showers for sailors")
    messages = [finding.message for finding in (await desk.result(source(doi=DOI, pmid=PMID))).findings]
    assert "the DOI and the PMID lead to papers with different titles" in messages


async def test_a_doi_that_moved_is_one_paper_if_crossref_says_so(desk: Desk) -> None:
    desk.registries.works[DOI.casefold()] = work("10.5555/new-home", TITLE, aliases=[DOI])
    desk.registries.summaries[PMID] = summary(PMID, TITLE, "10.5555/new-home")
    assert (await desk.result(source(doi=DOI, pmid=PMID))).standing is Standing.VERIFIED


async def test_an_answer_about_another_doi_differs(desk: Desk) -> None:
    desk.registries.works[DOI.casefold()] = work("10.5555/somebody-else", TITLE)
    assert (await desk.result(source(doi=DOI))).standing is Standing.DIFFERS


# Bad days. Whatever happens, it is never verified


def assert_unreachable(report: Report, desk: Desk) -> None:
    assert {result.standing for result in report.results} == {Standing.UNREACHABLE}
    assert report.exit_status == UNAVAILABLE
    assert report.counts[Standing.VERIFIED] == 0
    assert "Could not be asked" in report.markdown()
    assert "findings" not in desk.cache.read_text()


NONSENSE = [
    "",
    "{",
    "null",
    "[]",
    "<html>Log in to the hotel's wireless network</html>",
    '{"error":"API rate limit exceeded","count":"4"}',
    '{"status":"ok","message-type":"work","message":{}}',
    '{"status":"ok","message-type":"work","message":{"DOI":"10.5555/x","title":"not a list"}}',
    '{"status":"ok","message-type":"work","message":{"DOI":"10.5555/x","title":["T"],"updated-by":["?"]}}',
    '{"status":"failed","message-type":"validation-failure","message":[]}',
    '{"result":{}}',
    '{"result":{"12345678":"text"}}',
    '{"result":{"12345678":{"uid":"1","title":"Warm water exercise for people with widespread pain."}}}',
    '{"esummaryresult":["Invalid uid 12345678 at position= 0"]}',
    "[" * 100_000,
]


@pytest.mark.parametrize("number", [{"doi": DOI}, {"pmid": PMID}], ids=["crossref", "pubmed"])
@pytest.mark.parametrize("body", NONSENSE, ids=lambda body: body[:40])
async def test_nonsense(desk: Desk, body: str, number: dict[str, str]) -> None:
    async def fate(_request: Request) -> web.StreamResponse:
        return said(body)

    desk.registries.fate = fate
    assert_unreachable(await desk.report(source(**number)), desk)
    assert len(desk.registries.requests) == 1


@pytest.mark.parametrize(("status", "tries"), [(500, TRIES), (503, TRIES), (429, TRIES), (403, 1), (302, 1), (204, 1)])
async def test_a_bad_status(desk: Desk, status: int, tries: int) -> None:
    async def fate(_request: Request) -> web.StreamResponse:
        return web.Response(status=status)

    desk.registries.fate = fate
    assert_unreachable(await desk.report(source(doi=DOI)), desk)
    assert len(desk.registries.requests) == tries


async def test_pubmed_without_its_page_is_out_of_reach(desk: Desk) -> None:
    assert_unreachable(await desk.report(source(pmid=PMID), pubmed=f"{desk.registries.url}/elsewhere"), desk)


async def test_a_hanging_service(desk: Desk) -> None:
    desk.registries.fate = desk.registries.hang
    assert_unreachable(await desk.report(source(doi=DOI), timeout=0.2), desk)
    assert len(desk.registries.requests) == TRIES


async def test_a_service_that_breaks_off(desk: Desk) -> None:
    async def fate(request: Request) -> web.StreamResponse:
        assert request.raw.transport
        request.raw.transport.close()
        return web.Response()  # goes nowhere

    desk.registries.fate = fate
    assert_unreachable(await desk.report(source(doi=DOI, pmid=PMID)), desk)


async def test_nobody_there(desk: Desk, unused_tcp_port: int) -> None:
    nowhere = f"http://127.0.0.1:{unused_tcp_port}"
    assert_unreachable(await desk.report(source(doi=DOI, pmid=PMID), crossref=nowhere, pubmed=nowhere), desk)


async def test_one_service_out_of_reach_is_not_verified_by_the_other(desk: Desk, unused_tcp_port: int) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE)
    report = await desk.report(source(doi=DOI, pmid=PMID), pubmed=f"http://127.0.0.1:{unused_tcp_port}")
    assert_unreachable(report, desk)


async def test_a_retraction_is_told_even_if_the_other_service_is_out_of_reach(desk: Desk) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, f"RETRACTED: {TITLE}")
    report = await desk.report(source(doi=DOI, pmid=PMID), pubmed=f"{desk.registries.url}/elsewhere")
    assert report.results[0].standing is Standing.RETRACTED
    assert (report.exit_status, report.unreachable) == (1, report.results)
    assert "findings" not in desk.cache.read_text()


async def test_retry_after_is_honoured(desk: Desk) -> None:
    async def fate(_request: Request) -> web.StreamResponse | None:
        first = len(desk.registries.requests) == 1
        return web.Response(status=429, headers={"Retry-After": "1"}) if first else None

    desk.registries.works[DOI.casefold()] = work(DOI, TITLE)
    desk.registries.fate = fate
    assert (await desk.result(source(doi=DOI))).standing is Standing.VERIFIED
    one, other = desk.registries.requests
    assert other.at - one.at >= 0.99


async def test_a_service_that_asks_for_hours_is_left_alone(desk: Desk) -> None:
    async def fate(_request: Request) -> web.StreamResponse:
        return web.Response(status=503, headers={"Retry-After": "7200"})

    desk.registries.fate = fate
    assert_unreachable(await desk.report(*many(3)), desk)
    assert len(desk.registries.requests) == 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 12:00:30 -0000", None),
        ("soon", None),
        ("-5", None),
        ("٣", None),
    ],
)
def test_retry_after_in_both_forms(said: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": said, "Date": "Sun, 01 Mar 2026 12:00:00 GMT"}) == seconds


def test_no_retry_after() -> None:
    assert retry_after({}) is None
    assert retry_after({"Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT"}) is None


async def test_back_off_grows(desk: Desk) -> None:
    async def fate(_request: Request) -> web.StreamResponse:
        return web.Response(status=502)

    desk.registries.fate = fate
    await desk.report(source(doi=DOI), backoff=0.1)
    first, second = (later.at - sooner.at for sooner, later in itertools.pairwise(desk.registries.requests))
    assert first >= 0.095
    assert second >= 0.195


async def test_a_service_that_is_down_is_soon_left_in_peace(desk: Desk) -> None:
    async def fate(_request: Request) -> web.StreamResponse:
        return web.Response(status=500)

    desk.registries.fate = fate
    report = await desk.report(*many(20))
    assert_unreachable(report, desk)
    assert len(desk.registries.requests) == GIVE_UP_AFTER * TRIES
    assert "not asked, because 3 questions in a row failed" in report.markdown()


async def test_single_failures_do_not_add_up(desk: Desk) -> None:
    asked = many(8)
    desk.registries.works = {one.doi: work(one.doi, TITLE) for one in asked if one.doi}

    async def fate(request: Request) -> web.StreamResponse | None:
        return said("{") if int(request.path[-1]) % 2 else None

    desk.registries.fate = fate
    report = await desk.report(*asked)
    assert (report.counts[Standing.VERIFIED], report.counts[Standing.UNREACHABLE]) == (4, 4)


# Manners


async def test_the_rate_is_kept_over_both_services_and_every_try(desk: Desk) -> None:
    async def fate(request: Request) -> web.StreamResponse | None:
        return web.Response(status=500) if request.path.endswith("/3") else None

    desk.registries.fate = fate
    await desk.report(source(pmid=PMID), *many(5), rate=10)
    gaps = [later.at - sooner.at for sooner, later in itertools.pairwise(desk.registries.requests)]
    assert len(gaps) == 5 + TRIES - 1
    assert sum(gaps) >= len(gaps) / 10 - 0.05
    assert min(gaps) >= 1 / 10 - 0.05


async def test_three_a_second_unless_told_otherwise(desk: Desk) -> None:
    where = desk.registries
    await verify(many(3), cache=desk.cache, today=TODAY, crossref=where.crossref, pubmed=where.pubmed)
    first, second = (later.at - sooner.at for sooner, later in itertools.pairwise(where.requests))
    assert min(first, second) >= 1 / 3 - 0.05


# Memory


async def test_a_second_run_asks_nothing(desk: Desk) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE)
    desk.registries.works["10.5555/0"] = work("10.5555/0", f"RETRACTED: {TITLE}")
    desk.registries.summaries[PMID] = summary(PMID, TITLE, DOI)
    asked = (source(doi=DOI, pmid=PMID), *many(1))
    first = await desk.report(*asked)
    desk.registries.requests.clear()
    second = await desk.report(*asked, today=TODAY + timedelta(days=29))
    assert desk.registries.requests == []
    assert [(result.standing, result.findings) for result in second.results] == [
        (result.standing, result.findings) for result in first.results
    ]
    assert {result.asked_on for result in second.results} == {TODAY}
    assert "2 of them asked about before today" in second.markdown()


@pytest.mark.parametrize("days", [30, 400, -1])
async def test_an_old_result_or_one_from_the_future_is_asked_again(desk: Desk, days: int) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE)
    await desk.report(source(doi=DOI))
    result = await desk.result(source(doi=DOI), today=TODAY + timedelta(days=days))
    assert len(desk.registries.requests) == 2
    assert result.asked_on == TODAY + timedelta(days=days)


async def test_a_mended_source_is_asked_again(desk: Desk) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, "Cold showers for sailors")
    await desk.report(source(doi=DOI))
    result = await desk.result(source(doi=DOI, title="Cold showers for sailors"))
    assert result.standing is Standing.VERIFIED


async def test_what_was_not_found_is_asked_again(desk: Desk) -> None:
    await desk.report(source(doi=DOI))
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE)
    assert (await desk.result(source(doi=DOI))).standing is Standing.VERIFIED


async def test_what_was_out_of_reach_is_asked_again(desk: Desk, unused_tcp_port: int) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE)
    assert_unreachable(await desk.report(source(doi=DOI), crossref=f"http://127.0.0.1:{unused_tcp_port}"), desk)
    assert (await desk.result(source(doi=DOI))).standing is Standing.VERIFIED


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"version": 99, "entries": {}}', b'{"version": 1}'])
async def test_a_damaged_memory_is_an_empty_one(desk: Desk, content: bytes) -> None:
    desk.registries.works[DOI.casefold()] = work(DOI, TITLE)
    desk.cache.parent.mkdir()
    desk.cache.write_bytes(content)
    assert (await desk.result(source(doi=DOI))).standing is Standing.VERIFIED
    assert (await desk.result(source(doi=DOI))).standing is Standing.VERIFIED
    assert len(desk.registries.requests) == 1


async def test_an_unusable_memory_is_said_before_anybody_is_asked(desk: Desk) -> None:
    desk.cache.mkdir(parents=True)
    with pytest.raises(StartupError, match="cannot be used"):
        await desk.report(source(doi=DOI))
    assert desk.registries.requests == []


async def test_what_was_learned_survives_a_run_that_is_cut_short(desk: Desk) -> None:
    asked = many(3)
    desk.registries.works = {one.doi: work(one.doi, TITLE) for one in asked if one.doi}

    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await desk.report(*asked, progress=stop)
    await desk.report(*asked)
    assert len(desk.registries.requests) == 3


# The report


async def test_the_report_goes_from_the_worst_to_what_is_unknown(desk: Desk) -> None:
    titles = ["Fine", "RETRACTED: Fine", "Other"]
    asked = [source(f"source-{number}", title="Fine", doi=f"10.5555/{number}") for number in range(5)]
    desk.registries.works = {
        f"10.5555/{number}": work(f"10.5555/{number}", title) for number, title in enumerate(titles)
    }

    async def fate(request: Request) -> web.StreamResponse | None:
        return said("?") if request.path.endswith("/4") else None

    desk.registries.fate = fate
    report = await desk.report(*asked, source("source-5", url="https://example.org/"))
    assert list(report.counts.values()) == [1, 0, 1, 1, 0, 1, 1, 1]
    text = report.markdown()
    order = ["Sources checked on 2026-03-01", "- Verified: 1", "Needs a person (3)", "source-1: retracted"]
    order += [
        "Take it off every card",
        "source-2: differs",
        "source-3: not found",
        "Could not be asked (1)",
        "- source-4",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "source-0" not in text
    assert "source-5" not in text


async def test_the_registries_cannot_write_markup_into_the_report(desk: Desk) -> None:
    title = "Cold\n\n# showers [x](https://evil.example) ![](y) <b>&lt;img src=x&gt;</b> `code` \u202e"
    desk.registries.works[DOI.casefold()] = work(DOI, title)
    lines = (await desk.report(source(doi=DOI))).markdown().splitlines()
    quoted = next(line for line in lines if "Cold" in line)
    assert r"Cold \# showers \[x\](https://evil.example) !\[\](y) \`code\`" in quoted
    assert "\u202e" not in quoted


def test_every_standing_has_its_place() -> None:
    assert [standing for standing in Standing if standing in BROKEN] == list(BROKEN)
    assert Result(source(), (), TODAY).standing is Standing.NOTHING


async def test_an_answer_of_another_media_type_is_read_all_the_same(desk: Desk) -> None:
    async def fate(_request: Request) -> web.StreamResponse:
        return of_crossref(work(DOI, TITLE))

    desk.registries.fate = fate
    assert (await desk.result(source(doi=DOI))).standing is Standing.VERIFIED
