"""The services of curation over a real SQLite file and the bundled cards."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.catalog.live import Library, LiveContent
from bot.catalog.proofread import CardProofreader
from bot.catalog.search.index import SearchIndex
from bot.config import ROOT
from bot.domain.catalog import Catalog
from bot.services.curation.communities import CommunityService
from bot.services.curation.editions import Editions
from bot.services.curation.proposals import ProposalService
from bot.services.curation.shelf import Shelf
from bot.services.facts import Lookups
from bot.storage import Storage
from tests.chat.world import FixedClock
from tests.curation.desk import Desk
from tests.ready import open_ready


@pytest.fixture(scope="session")
def library() -> Library:
    return LiveContent(ROOT / "content").load()


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    storage = await open_ready(tmp_path)
    yield storage
    await storage.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def editions(storage: Storage, library: Library, clock: FixedClock) -> Editions:
    def indexed(catalog: Catalog) -> Library:
        return Library(catalog, SearchIndex(catalog))

    editions = Editions(library, storage.revisions, indexed, Lookups(storage.tallies), clock)
    await editions.load()
    return editions


@pytest.fixture
def proofreader() -> CardProofreader:
    return CardProofreader()


@pytest.fixture
def desk(
    clock: FixedClock, storage: Storage, library: Library, editions: Editions, proofreader: CardProofreader
) -> Desk:
    communities = CommunityService(clock, storage.communities)
    proposals = ProposalService(clock, editions, communities, storage.proposals, storage.revisions, proofreader)
    return Desk(clock, storage, library, editions, communities, proposals, Shelf(clock, editions, storage.revisions))
