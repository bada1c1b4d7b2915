"""The drills use the databases of `tests/storage` and the server of `tests/loopback`."""

from tests.loopback.conftest import discord
from tests.storage.conftest import databases, new_place, place, server_place, sqlite_place

__all__ = ["databases", "discord", "new_place", "place", "server_place", "sqlite_place"]
