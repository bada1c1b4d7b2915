"""The whole: what the services see of it, the settings it accepts, the facts it keeps."""

import asyncio
from pathlib import Path

import pytest

from bot.errors import ExitCode, StartupError
from bot.services import ports
from bot.services.curation import ports as curation
from bot.storage import Storage, locate, upgrade
from tests.storage.places import Place


def fits(
    storage: Storage,
) -> tuple[ports.MemberStore, ports.PlanStore, ports.PromptStore, ports.EntryStore, ports.StateStore, ports.TallyStore]:
    """Checked by the type checker: the stores have the shapes that the services ask for."""
    return storage.members, storage.plans, storage.prompts, storage.entries, storage.state, storage.tallies


def fits_curation(
    storage: Storage,
) -> tuple[
    curation.CommunityStore,
    curation.ProposalStore,
    curation.RevisionStore,
    curation.ReportStore,
    curation.AlertStore,
    curation.PostedStore,
    curation.AskedStore,
    curation.Traces,
]:
    return (
        storage.communities,
        storage.proposals,
        storage.revisions,
        storage.reports,
        storage.alerts,
        storage.posted,
        storage.asked,
        storage.traces,
    )


async def test_the_stores_satisfy_the_ports(storage: Storage) -> None:
    assert all((*fits(storage), *fits_curation(storage)))


async def test_counts_lose_nothing_and_keep_cards_apart(storage: Storage) -> None:
    await asyncio.gather(*(storage.tallies.looked_up({"yoga": 1, f"card-{at % 2}": 2}) for at in range(20)))
    assert await storage.tallies.lookups() == {"yoga": 20, "card-0": 20, "card-1": 20}


async def test_facts_survive_a_restart(place: Place) -> None:
    storage = await place.open()
    assert await storage.state.get("tree") is None
    for value in ("one", "two"):
        await storage.state.put("tree", value)
    await storage.state.put("other", "")
    await storage.close()
    storage = await place.open()
    assert (await storage.state.get("tree"), await storage.state.get("other")) == ("two", "")
    await storage.close()


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (None, "sqlite:////data/spoonful.db"),
        ("sqlite:////srv/bot.db", "sqlite:////srv/bot.db"),
        ("postgres://me@host/name", "postgresql+asyncpg://me@host/name"),
        ("postgresql+psycopg://me@host/name?sslmode=require", "postgresql+asyncpg://me@host/name?ssl=require"),
    ],
)
def test_where_the_database_is(url: str | None, found: str) -> None:
    assert str(locate(url, Path("/data"))) == found


@pytest.mark.parametrize("url", ["mysql://host/name", "sqlite://", "my secret password"])
def test_a_url_that_cannot_be_used_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(StartupError) as caught:
        locate(url, Path("/data"))
    assert caught.value.code is ExitCode.CONFIG
    assert "secret" not in str(caught.value)


async def test_a_server_out_of_reach_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"127\.0\.0\.1:1/name cannot be used") as caught:
        await upgrade(locate("postgresql://me:secret@127.0.0.1:1/name", tmp_path))
    assert caught.value.code is ExitCode.DATABASE
    assert "secret" not in str(caught.value)


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(StartupError, match="cannot be written") as caught:
        await Storage.open(None, tmp_path / "data", tmp_path / "master.key")
    assert caught.value.code is ExitCode.DATABASE
