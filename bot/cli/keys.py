"""`spoonful keys`: the master key."""

import asyncio
from pathlib import Path

import typer

from bot.config import load_settings
from bot.errors import ExitCode
from bot.storage import Rotated, key_status, rotate

commands = typer.Typer(no_args_is_help=True, help="The master key, which wraps all members' keys.")


@commands.command("rotate")
def keys_rotate() -> None:
    """Put a new master key in the place of the old one. The bot must be stopped; repeat it if it breaks off."""
    settings = load_settings()
    where = settings.database_url, settings.data_dir, settings.key_file, settings.backups
    _say_rotated(asyncio.run(rotate(*where, _say_keys)), settings.key_file)


@commands.command("status")
def keys_status() -> None:
    """Whether the master key fits the vault, and its age. Changes nothing; exit status 1 if something is to be done."""
    settings = load_settings()
    found = asyncio.run(key_status(settings.database_url, settings.data_dir, settings.key_file))
    typer.echo(f"{settings.key_file}, from {found.made_at:%Y-%m-%d %H:%M} UTC")
    typer.echo(f"{found.vault}: {found.keys:,} members' keys")
    if found.half_exchanged:
        typer.echo("An exchange of the master key was cut short. End it with: spoonful keys rotate")
    elif not found.fits:
        typer.echo("This is not the master key of that vault. Put the right one back.")
    else:
        typer.echo("The key fits.")
        return
    raise typer.Exit(ExitCode.PROBLEMS_FOUND)


def _say_keys(done: int, total: int) -> None:
    if done and done % 10_000 == 0 and done < total:
        typer.echo(f"{done:,} of {total:,} members' keys")


def _say_rotated(done: Rotated, key_file: Path) -> None:
    ended = "The exchange that was cut short is at its end" if done.resumed else "The master key is exchanged"
    typer.echo(f"{ended}: {done.keys:,} members' keys are wrapped with the new one, and the old file is destroyed.")
    if done.broken:
        typer.echo(f"{done.broken:,} members' keys did not open before and do not now: what they wrote is lost.")
    for path in done.foreign:
        typer.echo(f"This backup opened with no key of ours, and was left as it is: {path}")
    typer.echo(
        f"\nThe new key is in {key_file}. Copy it to where you keep a second one, and to every machine that runs a\n"
        "part of this bot. Then destroy every copy of the old one."
    )
