"""`spoonful db`: the schema, and the move to PostgreSQL."""

import asyncio
from typing import Annotated

import typer

from bot import app as application
from bot.config import load_settings
from bot.errors import ExitCode
from bot.storage import Moved, SchemaStatus, locate, move_to_postgresql, shown, status, upgrade

commands = typer.Typer(no_args_is_help=True, help="The database.")

_now = application.SystemClock().now


@commands.command("status")
def db_status() -> None:
    """Which revision the database is at. Changes nothing; exit status 1 where an upgrade waits."""
    settings = load_settings()
    location = locate(settings.database_url, settings.data_dir)
    found = asyncio.run(status(location))
    typer.echo(f"{shown(location)}\n{_at(found)}; the newest revision is {found.newest}.")
    if found.current != found.newest:
        typer.echo("The bot upgrades it when it starts, and so does: spoonful db upgrade")
        raise typer.Exit(ExitCode.PROBLEMS_FOUND)


@commands.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest revision. An SQLite file is copied first."""
    settings = load_settings()
    location = locate(settings.database_url, settings.data_dir)
    before = asyncio.run(upgrade(location))
    typer.echo(f"{shown(location)}\nBefore: {_at(before)}. Now: at revision {before.newest}.")


@commands.command("move")
def db_move(
    to: Annotated[
        str | None,
        typer.Option(help="Such as postgresql://user@host/name. Without it, SPOONFUL_DATABASE_URL is meant."),
    ] = None,
) -> None:
    """Move everything from the SQLite files to PostgreSQL. The bot must be stopped; repeat it if it breaks off."""
    settings = load_settings()
    url = settings.database_url
    moving = move_to_postgresql(url, to or url or "", settings.data_dir, settings.key_file, _now(), _say_rows)
    _say_what_follows(asyncio.run(moving))


def _at(found: SchemaStatus) -> str:
    return "empty" if found.current is None else f"at revision {found.current}"


def _say_rows(table: str, done: int, total: int) -> None:
    if done == total or (done and done % 100_000 == 0):
        typer.echo(f"{table}: {done:,} of {total:,} rows")


def _say_what_follows(moved: Moved) -> None:
    if moved.already:
        typer.echo(f"The move to {moved.target} is done already; nothing was changed.")
    else:
        typer.echo(f"Moved and compared: {sum(moved.rows.values()):,} rows in {moved.target}")
    files = " and ".join(str(path) for path in moved.files)
    typer.echo(
        "\nNow set SPOONFUL_DATABASE_URL to that address. The master key file stays in use, where it is.\n"
        f"Keep {files} aside until you are satisfied; the bot does not start on them any more.\n"
        "Then destroy them, and every copy of them: they hold what members wrote."
    )
