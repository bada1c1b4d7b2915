"""The `spoonful` command: parses, calls, prints. No logic of its own."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from bot import app as application
from bot.catalog.loader import check
from bot.catalog.problems import Severity
from bot.chat.ui.cards import over_budget
from bot.config import ROOT, load_settings
from bot.errors import ExitCode, StartupError
from bot.logs import configure

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print the values of variables
    help="Spoonful: cited answers and private check-ins.",
)
cards = typer.Typer(no_args_is_help=True, help="The evidence cards.")
cli.add_typer(cards, name="cards")


@cli.command()
def run() -> None:
    """Run the bot on Discord."""
    settings = load_settings()
    configure(settings.log_level, settings.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(application.run(settings))


@cli.command("try")
def try_out(
    channel: Annotated[
        bool, typer.Option("--channel", help="Show a server channel with a member and a moderator.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser, where there is one.")] = True,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 picks a free one.")] = 0,
) -> None:
    """Try the bot on a simulated Discord in a local web page. No token, no account, nothing kept."""
    from bot import sandbox  # it brings the simulator, which a server does not install

    configure("WARNING", "console")
    asyncio.run(sandbox.serve(channel=channel, browser=browser, port=port or None))


@cards.command("check")
def cards_check(path: Annotated[Path, typer.Argument(help="A content folder.")] = ROOT / "content") -> None:
    """Every problem of every card, as file:line: message."""
    problems = check(path, datetime.now(UTC).date(), over_budget)
    for problem in problems:
        typer.echo(str(problem))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise typer.Exit(ExitCode.PROBLEMS_FOUND)
    typer.echo(f"{len(list((path / 'cards').glob('*.yaml')))} cards, no errors.")


def main() -> None:
    """Entry point: an error for the operator becomes one sentence and its exit code."""
    try:
        cli()
    except StartupError as error:
        typer.echo(f"spoonful: {error}", err=True)
        sys.exit(error.code)
