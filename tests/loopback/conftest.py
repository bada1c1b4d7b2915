from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.loopback.process import TOKEN, Launcher
from tests.loopback.server import FakeDiscord


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    """A server that has the bot's token; the bot may call nothing it does not know."""
    async with FakeDiscord.running(TOKEN) as server:
        yield server
        assert server.unknown_routes == []


@pytest.fixture
async def bots(tmp_path: Path, discord: FakeDiscord) -> AsyncIterator[Launcher]:
    launcher = Launcher(tmp_path, discord)
    yield launcher
    await launcher.end_all()
