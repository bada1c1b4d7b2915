"""`spoonful backup`: made, opened, put back, thrown away, and the drill of it all."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot import app as application
from bot.config import load_settings
from bot.errors import ExitCode
from bot.storage.backups import making, restoring
from bot.storage.backups.drill import drill
from bot.storage.backups.folder import backups_in
from bot.storage.backups.sealed import BadBackup

commands = typer.Typer(no_args_is_help=True, help="Backups: sealed with the master key, which is in none of them.")

BackupFiles = Annotated[list[Path] | None, typer.Argument(help="Backups.", show_default=False)]

_now = application.SystemClock().now


@commands.command("create")
def backup_create() -> None:
    """Back up the database and the members' keys, each into a file of its own. The bot may be running."""
    for made in asyncio.run(making.create(application.home_of(load_settings()), _now())):
        _say_checked("made and verified", made)


@commands.command("verify")
def backup_verify(files: BackupFiles = None) -> None:
    """Open backups, all of them unless some are named, and count what is in them. Exit status 1 if one is bad."""
    home = application.home_of(load_settings())
    bad = 0
    for path in files or [each.path for each in backups_in(home.backups)]:
        try:
            _say_checked("good", making.verify(home, path))
        except BadBackup as error:
            typer.echo(str(error))
            bad += 1
    if bad:
        raise typer.Exit(ExitCode.PROBLEMS_FOUND)


@commands.command("list")
def backup_list() -> None:
    """The backups by their names, newest first. `verify` tells whether they are good."""
    home = application.home_of(load_settings())
    for each in backups_in(home.backups):
        typer.echo(f"{each.created:%Y-%m-%d %H:%M} UTC  {each.kind:<8}  {each.path.stat().st_size:>14,}  {each.path}")


@commands.command("restore")
def backup_restore(
    files: BackupFiles = None,
    without_keys: Annotated[
        bool,
        typer.Option("--without-keys", help="Also where the keys of most members are gone: their data is removed."),
    ] = False,
) -> None:
    """Put a backup in the place of the database: the newest, or those that are named. The bot must be stopped."""
    home = application.home_of(load_settings())
    restored = asyncio.run(restoring.restore(home, files or (), _now(), without_keys=without_keys))
    for line in restored.account:
        typer.echo(line)


@commands.command("prune")
def backup_prune() -> None:
    """Remove backups that are too old, and copies that upgrades and restores put aside. The bot does so each day."""
    settings = load_settings()
    gone = making.clear(application.home_of(settings), application.kept_of(settings), _now())
    for path in gone:
        typer.echo(f"removed {path}")
    typer.echo(f"{len(gone)} files removed.")


@commands.command("drill")
def backup_drill() -> None:
    """Back up, verify, restore elsewhere, compare and open, then remove it all. The bot may be running."""
    asyncio.run(drill(application.home_of(load_settings()), _now(), _say_step))
    typer.echo("The drill went well: what is stored here can be restored.")


def _say_checked(what: str, found: making.Checked) -> None:
    rows = ", ".join(f"{name} {count:,}" for name, count in found.contents.rows.items() if count)
    typer.echo(f"{what}: {found.path} ({found.size:,} bytes, revision {found.about.revision})\n  rows: {rows}")


def _say_step(what: str, seconds: float) -> None:
    typer.echo(f"{seconds:7.2f} s  {what}")
