"""Changed files are taken over while the bot runs; files with problems are not."""

import os
import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.app import ContentWatch
from bot.catalog.live import LiveContent, indexed
from bot.config import ROOT
from bot.services.condition import Troubles
from bot.services.curation.editions import Editions
from bot.services.facts import Answer, Lookups
from bot.storage import Storage
from tests.chat.world import FixedClock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A content folder with two cards and every source, free to be changed."""
    for name in ("sources", "cards"):
        (tmp_path / "content" / name).mkdir(parents=True)
    for source in (ROOT / "content/sources").glob("*.yaml"):
        shutil.copy(source, tmp_path / "content/sources")
    for card in ("yoga", "massage"):
        shutil.copy(ROOT / f"content/cards/{card}.yaml", tmp_path / "content/cards")
    return tmp_path / "content"


@pytest.fixture
async def watch(folder: Path, tmp_path: Path) -> ContentWatch:
    storage = await Storage.open(None, tmp_path / "data", tmp_path / "data/master.key")
    content = LiveContent(folder)
    editions = Editions(content.load(), storage.revisions, indexed, Lookups(storage.tallies), FixedClock())
    await storage.close()  # nothing here looks anything up
    return ContentWatch(content, editions, Troubles())


def change(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1))


async def test_nothing_happens_while_nothing_changes(watch: ContentWatch) -> None:
    before = watch.editions.catalog
    await watch.reload_if_changed()
    assert watch.editions.catalog is before


async def test_a_changed_card_is_taken_over(watch: ContentWatch, folder: Path) -> None:
    change(folder / "cards/yoga.yaml", "name: Yoga", "name: Gentle yoga")
    await watch.reload_if_changed()
    found = (await watch.editions.of(None)).answer("gentle yoga")
    assert isinstance(found, Answer)
    assert found.card.id == "yoga"


async def test_a_removed_card_is_gone(watch: ContentWatch, folder: Path) -> None:
    (folder / "cards/massage.yaml").unlink()
    await watch.reload_if_changed()
    assert set(watch.editions.catalog.cards) == {"yoga"}


async def test_a_broken_file_keeps_the_old_cards_and_says_why_once(watch: ContentWatch, folder: Path) -> None:
    change(folder / "cards/yoga.yaml", "kind: exercise", "kind: magic")
    with capture_logs() as logs:
        await watch.reload_if_changed()
        await watch.reload_if_changed()
    assert set(watch.editions.catalog.cards) == {"yoga", "massage"}
    assert len(logs) == 1
    assert "yoga.yaml" in logs[0]["problems"][0]
    change(folder / "cards/yoga.yaml", "kind: magic", "kind: exercise")
    with capture_logs() as logs:
        await watch.reload_if_changed()
    assert logs[0]["event"] == "content reloaded"


async def test_a_signal_reloads_without_a_change(watch: ContentWatch) -> None:
    before = watch.editions.catalog
    watch.content.forget()
    await watch.reload_if_changed()
    assert watch.editions.catalog is not before
