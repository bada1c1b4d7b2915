"""Backups on PostgreSQL: what `pg_dump` writes, sealed as it comes, and `pg_restore` of it.

The programs are PostgreSQL's own and must not be older than the server. They get the address in their environment: the
list of processes shows it to nobody.
"""

import os
import re
import secrets
import shutil
import subprocess
import threading
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL, func, inspect, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import ExitCode, StartupError
from bot.storage.backups.sealed import BadBackup, Kind
from bot.storage.connect import server_engine, shown
from bot.storage.copies import REVISION, Contents

_PARTS = {Kind.DATABASE: "--exclude-schema=vault", Kind.VAULT: "--schema=vault"}
_COPY = re.compile(rb'COPY (?:"?\w+"?\.)?"?(\w+)"? \((.*)\) FROM stdin;\n')
_MOST_COMPLAINTS = 100
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "ssl": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
}


async def look_at(url: URL) -> tuple[str, Mapping[str, Any]]:
    """The revision of the database, and the one row about the vault.

    Raises:
        StartupError: there is nothing of ours, `pg_dump` is too old for this server, or it is out of reach.
    """
    async with _connected(url) as connection:
        number = (await connection.exec_driver_sql("SHOW server_version_num")).scalar_one()
        refuse_older(program("pg_dump"), int(number) // 10_000)
        if not await _has_tables(connection):
            raise StartupError(f"The database at {shown(url)} is empty: nothing to back up.", ExitCode.DATABASE)
        revision = (await connection.exec_driver_sql("SELECT version_num FROM alembic_version")).scalar_one()
        vault = (await connection.exec_driver_sql("SELECT * FROM vault.vault_state")).mappings().one()
        return revision, dict(vault)


async def refuse_full(url: URL) -> None:
    """Raises StartupError if anything of anybody is in a database."""
    async with _connected(url) as connection:
        if await _has_tables(connection):
            raise StartupError(
                f"The database at {shown(url)} is not empty, so nothing was restored. Make a new one, set "
                "SPOONFUL_DATABASE_URL to it and restore into that.",
                ExitCode.DATABASE,
            )


async def rows_in(url: URL) -> Mapping[str, int]:
    """How many rows each table of the database has, without the vault's."""
    async with _connected(url) as connection:
        names = await connection.run_sync(lambda plain: inspect(plain).get_table_names())
        counts = {name: select(func.count()).select_from(table(name)) for name in names}
        return {name: (await connection.execute(count)).scalar_one() for name, count in counts.items()}


@asynccontextmanager
async def database_for_a_drill(url: URL) -> AsyncGenerator[URL]:
    """An empty database on the same server, dropped at the end.

    Raises:
        StartupError: the bot's role must not make databases there.
    """
    name = f"spoonful_drill_{secrets.token_hex(4)}"
    engine = server_engine(url, 1).execution_options(isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            try:
                await connection.exec_driver_sql(f"CREATE DATABASE {name}")
            except DBAPIError:
                raise StartupError(
                    "The drill restores into a new database on the same server, and this role must not make one "
                    "there. Allow it: ALTER ROLE ... CREATEDB",
                    ExitCode.DATABASE,
                ) from None
            try:
                yield url.set(database=name)
            finally:
                await connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await engine.dispose()


@asynccontextmanager
async def _connected(url: URL) -> AsyncGenerator[AsyncConnection]:
    engine = server_engine(url, 1)
    try:
        async with engine.connect() as connection:
            yield connection
    except (OSError, DBAPIError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise StartupError(f"The database at {shown(url)} cannot be used: {reason}.", ExitCode.DATABASE) from error
    finally:
        await engine.dispose()


async def _has_tables(connection: AsyncConnection) -> bool:
    found = await connection.exec_driver_sql(
        "SELECT 1 FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') LIMIT 1"
    )
    return found.first() is not None


@contextmanager
def dumped(url: URL, kind: Kind) -> Generator[IO[bytes]]:
    """What `pg_dump` writes of one kind. Ends with an error unless it wrote all of it.

    Raises:
        StartupError: there is no `pg_dump`, or it failed.
    """
    command = [program("pg_dump"), "--format=custom", _PARTS[kind], "--no-owner", "--no-privileges"]
    with _running(command, environment(url), ()) as run:
        yield run.output
    run.refuse_failure()


def restore(url: URL, chunks: Iterable[bytes]) -> None:
    """Read a dump into a database, all of it or nothing.

    Raises:
        BadBackup: the chunks broke off.
        StartupError: there is no `pg_restore`, or it failed.
    """
    command = [program("pg_restore"), f"--dbname={url.database}", "--single-transaction", "--exit-on-error"]
    with _running([*command, "--no-owner", "--no-privileges"], environment(url), chunks) as run:
        run.output.read()
    run.refuse_failure()


def contents_of(chunks: Iterable[bytes], path: Path) -> Contents:
    """What a dump holds, read to its end without a server.

    Raises:
        BadBackup: the chunks broke off, or `pg_restore` cannot read them: it may be older than what wrote them.
        StartupError: there is no `pg_restore`.
    """
    with _running([program("pg_restore"), "--file=-"], dict(os.environ), chunks) as run:
        contents = _counted(run.output)
    try:
        run.refuse_failure()
    except StartupError as error:
        raise BadBackup(f"{path} cannot be read. {error}") from None
    return contents


def program(name: str) -> str:
    """Where a program of PostgreSQL is.

    Raises:
        StartupError: nowhere on the PATH.
    """
    found = shutil.which(name)
    if found is None:
        raise StartupError(
            f"Backups of PostgreSQL need its program {name}, which is not here. Install the client programs of your "
            "server's version (on Debian: postgresql-client), or let your provider make the backups.",
            ExitCode.CONFIG,
        )
    return found


def refuse_older(path: str, server: int) -> None:
    """Raises StartupError if a program is older than a server of that major version."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - from the PATH
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    if version and int(version[1]) < server:
        raise StartupError(
            f"{path} is of PostgreSQL {version[1]} and the server of {server}: it cannot read that. "
            f"Install the client programs of version {server}.",
            ExitCode.CONFIG,
        )


def environment(url: URL) -> dict[str, str]:
    """This process's environment with the address for PostgreSQL's programs."""
    parts = {name: value for name, value in url.query.items() if isinstance(value, str)}
    parts |= {
        name: str(value)
        for name, value in (("host", url.host), ("port", url.port), ("user", url.username), ("password", url.password))
        if value
    }
    named = {_VARIABLES[name]: value for name, value in parts.items() if name in _VARIABLES}
    return {**os.environ, **named, "PGDATABASE": url.database or "", "PGCONNECT_TIMEOUT": "10"}


def _counted(lines: IO[bytes]) -> Contents:
    """Rows of each table in a dump as SQL; a row is a line."""
    rows: dict[str, int] = {}
    revision = None
    for line in lines:
        if copied := _COPY.fullmatch(line):
            name, columns = copied[1].decode(), copied[2].decode().split(", ")
            rows[name] = 0
            for row in _rows(lines):
                rows[name] += 1
                if name in REVISION:
                    revision = row.decode().rstrip("\n").split("\t")[columns.index(REVISION[name])]
    return Contents(revision, rows)


def _rows(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        if line == b"\\.\n":
            return
        yield line


@dataclass
class _Run:
    """A program that is given chunks while somebody reads what it writes."""

    name: str
    process: "subprocess.Popen[bytes]"
    complaints: list[bytes]
    broken: list[Exception]

    @property
    def output(self) -> IO[bytes]:
        return _pipe(self.process.stdout)

    def feed(self, chunks: Iterable[bytes]) -> None:
        try:
            with suppress(BrokenPipeError), _pipe(self.process.stdin) as pipe:
                for chunk in chunks:
                    pipe.write(chunk)
        except (BadBackup, OSError) as error:
            self.broken.append(error)
            self.process.kill()

    def listen(self) -> None:
        for line in _pipe(self.process.stderr):
            if len(self.complaints) < _MOST_COMPLAINTS:
                self.complaints.append(line)

    def refuse_failure(self) -> None:
        """To be asked when it has ended. Only the first line is told: the others may hold what is in a row."""
        if self.broken:
            raise self.broken[0]
        if self.process.returncode:
            said = self.complaints[0].decode("utf-8", "replace").strip() if self.complaints else "no reason given"
            raise StartupError(f"{self.name} failed: {said}", ExitCode.DATABASE)


@contextmanager
def _running(command: list[str], env: dict[str, str], chunks: Iterable[bytes]) -> Generator[_Run]:
    """Threads feed it and listen to its complaints: whichever pipe is full, the others go on."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, stderr=pipe) as process:  # noqa: S603 - from the PATH
        run = _Run(Path(command[0]).name, process, [], [])
        threads = [threading.Thread(target=run.feed, args=[chunks]), threading.Thread(target=run.listen)]
        for thread in threads:
            thread.start()
        try:
            yield run
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
            for thread in threads:
                thread.join()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise TypeError("started without that pipe")
    return pipe
