from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chat.conftest import app, clock, env, library, press, settings, storage, workshop, world
from tests.chat.world import World
from tests.loopback.conftest import bots, discord, forks
from tests.security.scene import Scene, set_the_scene

__all__ = [
    "app",
    "bots",
    "clock",
    "discord",
    "env",
    "forks",
    "library",
    "press",
    "settings",
    "storage",
    "workshop",
    "world",
]


@pytest.fixture
async def scene(world: World, tmp_path: Path) -> AsyncIterator[Scene]:
    scene = await set_the_scene(world, tmp_path)
    yield scene
    scene.ledger.close()
