"""The `spoonful` command: parses, calls, prints. No logic of its own."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.progress import Progress

from bot import app as application
from bot.catalog.live import LiveContent
from bot.catalog.loader import check
from bot.catalog.problems import Severity
from bot.catalog.verify import verify
from bot.chat.ui.cards import Page, card_text, over_budget
from bot.config import ROOT, load_settings
from bot.errors import ExitCode, StartupError
from bot.logs import configure
from bot.services.facts import Answer

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print the values of variables
    help="Spoonful: cited answers and private check-ins.",
)
cards = typer.Typer(no_args_is_help=True, help="The evidence cards.")
sources = typer.Typer(no_args_is_help=True, help="The sources that cards cite.")
cli.add_typer(cards, name="cards")
cli.add_typer(sources, name="sources")

ContentFolder = Annotated[Path, typer.Argument(help="A content folder.")]


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
def cards_check(path: ContentFolder = ROOT / "content") -> None:
    """Every problem of every card, as file:line: message."""
    problems = check(path, datetime.now(UTC).date(), over_budget)
    for problem in problems:
        typer.echo(str(problem))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise typer.Exit(ExitCode.PROBLEMS_FOUND)
    typer.echo(f"{len(list((path / 'cards').glob('*.yaml')))} cards, no errors.")


@cards.command("show")
def cards_show(name: str, path: ContentFolder = ROOT / "content") -> None:
    """A card as text: every page, one after the other."""
    library = LiveContent(path).load()
    found = library.search.names(name, limit=1)
    if not found:
        typer.echo(f"No card goes by the name {name}.", err=True)
        raise typer.Exit(ExitCode.PROBLEMS_FOUND)
    answer = Answer(found[0].card, library.catalog.sources_of(found[0].card))
    for page in Page:
        for part in card_text(answer, page):
            typer.echo("\n".join(part) + "\n")


@sources.command("verify")
def sources_verify(
    path: ContentFolder = ROOT / "content",
    report: Annotated[Path | None, typer.Option(help="Write the report to this file as well.")] = None,
    contact: Annotated[str | None, typer.Option(help="A mail address that both services are shown.")] = None,
) -> None:
    """Look every DOI and PMID up at Crossref and PubMed: titles, retractions, corrections. Needs internet."""
    cache = load_settings().data_dir / "sources-verified.json"
    cache.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    listed = list(LiveContent(path).load().catalog.sources.values())
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Looking up sources", total=len(listed))

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        today = datetime.now(UTC).date()
        found = asyncio.run(verify(listed, cache=cache, today=today, contact=contact, progress=progress))
    typer.echo(found.markdown())
    if report:
        report.write_text(found.markdown(), "utf-8")
    raise typer.Exit(found.exit_status)


def main() -> None:
    """Entry point: an error for the operator becomes one sentence and its exit code."""
    try:
        cli()
    except StartupError as error:
        typer.echo(f"spoonful: {error}", err=True)
        sys.exit(error.code)
