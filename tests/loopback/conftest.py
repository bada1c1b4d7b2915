from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.loopback.forks import Forks
from tests.loopback.process import TOKEN, Launcher
from tests.loopback.server import FakeDiscord


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    """A server that has the bot's token. Nobody may ask it what it does not know or Discord's description forbids.

    A test that does so on purpose says so by `forgive`.
    """
    async with FakeDiscord.running(TOKEN) as server:
        yield server
        assert server.forgive() == []


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    forks = Forks("tests.loopback.rigged")
    yield forks
    forks.close()


@pytest.fixture
async def bots(tmp_path: Path, discord: FakeDiscord, forks: Forks) -> AsyncIterator[Launcher]:
    launcher = Launcher(tmp_path, discord, forks)
    yield launcher
    await launcher.end_all()
