from collections.abc import AsyncIterator
from pathlib import Path

import pytest

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


@pytest.fixture
async def bots(tmp_path: Path, discord: FakeDiscord) -> AsyncIterator[Launcher]:
    launcher = Launcher(tmp_path, discord)
    yield launcher
    await launcher.end_all()
