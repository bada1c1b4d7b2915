from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import simcord

from bot.app import App, assemble
from bot.catalog.live import Library, LiveContent
from bot.config import ROOT, Settings
from bot.errors import UserError
from bot.reports.press import Press
from bot.reports.worker import Workshop
from bot.storage import Storage
from tests.chat.workshop import LastingWorkshop
from tests.chat.world import FixedClock, World, make_world
from tests.ready import open_ready

LOOK_AGAIN = 0.005
PATIENCE = 30.0
"""Seconds that a gesture may take: on a busy machine the process that draws starts slowly."""


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


@pytest.fixture(scope="session")
def workshop() -> Iterator[type[Workshop]]:
    yield LastingWorkshop
    LastingWorkshop.end()


@pytest.fixture
async def press(workshop: type[Workshop]) -> AsyncIterator[Press]:
    press = Press(workshop())
    yield press
    await press.close()


@pytest.fixture
def settings() -> Settings:
    return Settings(discord_token=None, send_rate=50)


@pytest.fixture
def app(storage: Storage, library: Library, press: Press, clock: FixedClock, settings: Settings) -> App:
    return assemble(storage, library, press, clock, settings)


class Env(simcord.Env):
    """Sees sooner that the bot has come to rest: the simulator itself looks again only after 50 ms at each gesture."""

    async def _settle_internal(self, *, idle: float = LOOK_AGAIN, **more: Any) -> None:
        await super()._settle_internal(idle=min(idle, LOOK_AGAIN), **more)


@pytest.fixture
async def env(app: App) -> AsyncIterator[simcord.Env]:
    """Simulated Discord with the bot in it; at the end, nothing but errors meant for members may have happened."""
    env = Env(app.client, check_errors=False, settle_timeout=PATIENCE)
    await env.start()
    yield env
    await env.shutdown()
    assert not [error for error in env.errors if not isinstance(error.__cause__ or error, UserError)]


@pytest.fixture
async def world(
    env: simcord.Env,
    app: App,
    storage: Storage,
    library: Library,
    press: Press,
    settings: Settings,
    clock: FixedClock,
) -> World:
    return await make_world(env, app, storage, library, press, settings, clock)
