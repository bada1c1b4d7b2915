"""The `spoonful` command: parses, calls, prints. No logic of its own."""

import asyncio
import sys
from typing import Annotated

import typer
import uvloop

from bot import app as application
from bot.cli import backup, cards, database, keys
from bot.config import health_port, load_settings
from bot.doctor import examine
from bot.doctor.findings import as_data, as_text
from bot.errors import ExitCode, StartupError
from bot.health.ask import ALIVE, READY, ask
from bot.logs import configure

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print the values of variables
    help="Spoonful: cited answers and private check-ins.",
)
cli.add_typer(cards.commands, name="cards")
cli.add_typer(cards.sources, name="sources")
cli.add_typer(database.commands, name="db")
cli.add_typer(backup.commands, name="backup")
cli.add_typer(keys.commands, name="keys")


@cli.command()
def run(
    role: Annotated[
        application.Role, typer.Option(help="What this process does; with PostgreSQL there can be several.")
    ] = application.Role.ALL,
    shards: Annotated[
        str | None, typer.Option(help="Gateway connections held here, such as 0-3/16; without it, a single one.")
    ] = None,
) -> None:
    """Run the bot on Discord."""
    settings = load_settings()
    configure(settings.log_level, settings.log_format)
    part = application.Part(role, application.Shards.parse(shards) if shards else None)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(application.run(settings, part))


@cli.command("try")
def try_out(
    channel: Annotated[
        bool, typer.Option("--channel", help="Show a server channel with a member, moderators and a manager.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser, where there is one.")] = True,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 picks a free one.")] = 0,
) -> None:
    """Try the bot on a simulated Discord in a local web page. No token, no account, nothing kept."""
    from bot import sandbox  # it brings the simulator, which a server does not install

    configure("WARNING", "console")
    asyncio.run(sandbox.serve(channel=channel, browser=browser, port=port or None))


@cli.command()
def health(
    alive: Annotated[bool, typer.Option("--alive", help="Only whether it runs at all, ready or not.")] = False,
) -> None:
    """Whether the bot on this machine is ready: connected, able to save, and sending. Exit code 1 if not."""
    reply = ask(health_port(load_settings()), ALIVE if alive else READY)
    typer.echo("\n".join(reply.lines))
    raise typer.Exit(ExitCode.OK if reply.well else ExitCode.PROBLEMS_FOUND)


@cli.command()
def doctor(
    online: Annotated[bool, typer.Option("--online", help="Ask Discord too; needs the token.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Looks at settings, files, database, backups and content; says what to do. Changes nothing."""
    configure("WARNING", "console")
    findings = asyncio.run(examine(load_settings, asks_discord=online))
    typer.echo(as_data(findings) if as_json else as_text(findings))
    raise typer.Exit(ExitCode.PROBLEMS_FOUND if any(each.is_problem for each in findings) else ExitCode.OK)


def main() -> None:
    """Entry point: an error for the operator becomes one sentence and its exit code."""
    try:
        cli()
    except StartupError as error:
        typer.echo(f"spoonful: {error}", err=True)
        sys.exit(error.code)
