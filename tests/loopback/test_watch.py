"""The source watch against both registries on loopback: what becomes an alert, and how it reaches the database."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from bot import cli
from bot.catalog.verify.watch import DETAIL_LENGTH, RegistryWatch
from bot.cli import cards
from bot.domain.alerts import CONCERN, CORRECTION, RETRACTION, is_about, message_of
from bot.domain.cards import Source
from bot.domain.curation import SourceAlert
from bot.errors import ExitCode
from bot.storage import Storage
from tests.loopback.registries import Registries, summary, update, work
from tests.unit.catalog.folder import Folder

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
TITLE = "Warm water exercise for people with widespread pain"
DOI = "10.5555/invented.2019"
NOTICE = "10.5555/notice.2021"


@pytest.fixture
async def registries() -> AsyncGenerator[Registries]:
    async with Registries.running() as server:
        yield server


@pytest.fixture
def watch(registries: Registries, tmp_path: Path) -> RegistryWatch:
    return on(registries, tmp_path / "verified.json")


def on(registries: Registries, cache: Path) -> RegistryWatch:
    return RegistryWatch(cache, crossref=registries.crossref, pubmed=registries.pubmed, rate=1000)


def source(name: str = "nobody-2019", **fields: Any) -> Source:
    given = {"id": name, "type": "randomised trial", "authors": "Nobody A, et al.", "title": TITLE, "doi": DOI}
    return Source.model_validate(given | fields)


@pytest.mark.parametrize(
    ("update_type", "kind"),
    [("retraction", RETRACTION), ("correction", CORRECTION), ("expression_of_concern", CONCERN)],
)
async def test_news_about_a_paper_is_one_alert_with_its_notice(
    watch: RegistryWatch, registries: Registries, update_type: str, kind: str
) -> None:
    registries.works[DOI] = work(DOI, TITLE, updated_by=[update(update_type, "A notice", NOTICE)])
    [alert] = await watch.look([source()], NOW)
    assert (alert.source_id, alert.kind, alert.found_at) == ("nobody-2019", kind, NOW)
    assert is_about(alert, source())
    assert not is_about(alert, source(doi="10.5555/another"))
    assert NOTICE in message_of(alert)
    assert len(alert.detail) <= DETAIL_LENGTH + 200


async def test_two_registries_with_the_same_news_make_one_alert(watch: RegistryWatch, registries: Registries) -> None:
    registries.works[DOI] = work(DOI, TITLE, updated_by=[update("retraction", "Retraction", NOTICE)])
    registries.summaries["12345678"] = summary("12345678", TITLE, DOI, pubtype=["Retracted Publication"])
    [alert] = await watch.look([source(pmid="12345678")], NOW)
    assert "Crossref" in alert.detail
    assert "PubMed" in alert.detail


async def test_good_papers_wrong_numbers_and_silent_registries_are_no_alerts(
    watch: RegistryWatch, registries: Registries
) -> None:
    registries.works[DOI] = work(DOI, TITLE)
    unknown, wrong = source("unknown", doi="10.5555/nothing"), source("wrong", title="Something else entirely")
    assert await watch.look([source(), unknown, wrong, source("page", doi=None, url="https://a.example/")], NOW) == []


async def test_two_papers_of_one_id_are_both_looked_up(watch: RegistryWatch, registries: Registries) -> None:
    registries.works[DOI] = work(DOI, TITLE)
    other = "10.5555/other"
    registries.works[other] = work(other, TITLE, updated_by=[update("retraction", "Retraction", NOTICE)])
    [alert] = await watch.look([source(), source(doi=other)], NOW)
    assert is_about(alert, source(doi=other))


def test_the_command_stores_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cache knows everything already, so that the command asks nobody."""
    content, data = Folder(tmp_path / "content").root, tmp_path / "data"
    listed = source("smith-2020", title="Warm water for pain", doi="10.1000/warm.2020", pmid="123456")

    async def ask_before() -> None:
        async with Registries.running() as registries:
            retracted = [update("retraction", "Retraction", NOTICE)]
            registries.works["10.1000/warm.2020"] = work("10.1000/warm.2020", listed.title, updated_by=retracted)
            registries.summaries["123456"] = summary("123456", listed.title, "10.1000/warm.2020")
            await on(registries, data / "sources-verified.json").look([listed], datetime.now(UTC))

    async def stored() -> list[SourceAlert]:
        storage = await Storage.open(None, data, data / "master.key")
        try:
            return list(await storage.alerts.undecided(1))
        finally:
            await storage.close()

    asyncio.run(ask_before())
    monkeypatch.setattr(cards, "configure", Mock(spec=cards.configure))  # the log of this process is pytest's
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOONFUL_DATA_DIR", str(data))
    monkeypatch.setattr(sys, "argv", ["spoonful", "sources", "verify", str(content), "--alerts"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == ExitCode.PROBLEMS_FOUND
    assert "smith-2020: retracted" in capsys.readouterr().out
    [alert] = asyncio.run(stored())
    assert (alert.source_id, alert.kind) == ("smith-2020", RETRACTION)
