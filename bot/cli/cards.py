"""`spoonful cards` and `spoonful sources`: the content, and what communities made of it."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot import app as application
from bot.catalog.exchange import export, read_withdrawals
from bot.catalog.live import LiveContent
from bot.catalog.loader import check, load
from bot.catalog.problems import Problem, Severity
from bot.chat.ui.cards import Page, card_text, over_budget
from bot.config import ROOT, Settings, load_settings
from bot.domain.catalog import Catalog
from bot.domain.changes import headline
from bot.domain.curation import Revision, RevisionKind
from bot.errors import ExitCode, StartupError
from bot.logs import configure
from bot.services.curation.imports import Import, ImportService
from bot.services.curation.watch import Watch
from bot.services.facts import Answer

commands = typer.Typer(no_args_is_help=True, help="The evidence cards.")
sources = typer.Typer(no_args_is_help=True, help="The sources that cards cite.")

CommunityId = Annotated[int, typer.Option("--community", help="The id of the Discord server.")]
ContentFolder = Annotated[Path, typer.Argument(help="A content folder.")]

_now = application.SystemClock().now


@commands.command("check")
def cards_check(path: ContentFolder = ROOT / "content") -> None:
    """Every problem of every card, as file:line: message."""
    _say_problems(check(path, _now().date(), over_budget))
    typer.echo(f"{len(list((path / 'cards').glob('*.yaml')))} cards, no errors.")


@commands.command("show")
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


@commands.command("export")
def cards_export(
    folder: Annotated[Path, typer.Argument(help="A folder that is empty, or not there yet.")], community: CommunityId
) -> None:
    """A community's cards as a content folder, to be compared with the bundled one: diff -ru content FOLDER."""
    settings = load_settings()
    latest = asyncio.run(_latest(settings, community))
    found = export(settings.content_dir, folder, latest)
    named = {"Changed or new cards": found.cards, "Withdrawn": found.withdrawn, "New sources": found.sources}
    for what, ids in named.items():
        typer.echo(f"{what}: {', '.join(ids) or 'none'}")
    _say_problems(check(folder, _now().date(), over_budget))


@commands.command("import")
def cards_import(
    folder: ContentFolder,
    community: CommunityId,
    yes: Annotated[bool, typer.Option("--yes", help="Publish it; without this, it is only shown.")] = False,
) -> None:
    """Shows what a content folder would change in a community's cards; publishes it with --yes."""
    problems = check(folder, _now().date(), over_budget)
    withdrawn, more = read_withdrawals(folder, (path.stem for path in folder.glob("cards/*.yaml")))
    _say_problems([*problems, *more])
    settings = load_settings()
    found = asyncio.run(_import(settings, community, load(folder), withdrawn, publish=yes))
    if not found:
        typer.echo(f"Community {community} has all of this already.")
    elif not yes:
        typer.echo("Nothing was changed. To publish this, add --yes.")
    else:
        typer.echo(f"Published in community {community}. A bot that is running shows it after its next start.")


@commands.command("asked")
def cards_asked() -> None:
    """What members looked for in vain, once at least three of one community did: askers, kind, text."""
    for askers, kind, text, where in asyncio.run(_asked(load_settings())):
        typer.echo(f"{askers:>5}  {kind:<8}  {text}  ({where})")


@sources.command("verify")
def sources_verify(
    path: ContentFolder = ROOT / "content",
    report: Annotated[Path | None, typer.Option(help="Write the report to this file as well.")] = None,
    contact: Annotated[str | None, typer.Option(help="A mail address that both services are shown.")] = None,
    alerts: Annotated[
        bool,
        typer.Option("--alerts", help="Tell the moderators in /curate queue too; communities' own sources as well."),
    ] = False,
) -> None:
    """Look every DOI and PMID up at Crossref and PubMed: titles, retractions, corrections. Needs internet."""
    from rich.console import Console
    from rich.progress import Progress

    from bot.catalog.verify import Report, verify  # with a client of its own, which few running bots need
    from bot.catalog.verify.watch import RegistryWatch

    configure("WARNING", "console")
    settings = load_settings()
    cache = settings.sources_cache
    cache.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    library = LiveContent(path).load()
    listed = list(library.catalog.sources.values())
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Looking up sources", total=len(listed))

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        async def look() -> Report:
            today = _now().date()
            if not alerts:
                return await verify(listed, cache=cache, today=today, contact=contact, progress=progress)
            # Open from the start: that the bot has it is better known before an hour of asking than after it.
            async with application.open_storage(settings) as storage:
                report = await verify(listed, cache=cache, today=today, contact=contact, progress=progress)
                clock, registries = application.SystemClock(), RegistryWatch(cache)
                await Watch(clock, library, storage.revisions, storage.alerts, registries, storage.state).look()
                return report

        found = asyncio.run(look())
    typer.echo(found.markdown())
    if report:
        report.write_text(found.markdown(), "utf-8")
    raise typer.Exit(found.exit_status)


async def _latest(settings: Settings, community: int) -> Sequence[Revision]:
    async with application.open_storage(settings) as storage:
        return await storage.revisions.latest(community)


async def _import(
    settings: Settings, community: int, folder: Catalog, withdrawn: Mapping[str, str], *, publish: bool
) -> Sequence[Import]:
    bundled = load(settings.content_dir)
    async with application.open_storage(settings) as storage:
        service = ImportService(application.SystemClock(), storage.revisions, bundled)
        found = await service.look(community, folder, withdrawn)
        for each in found:
            _say_changes(each)
        if publish and (late := await service.publish(found)):
            names = ", ".join(each.name for each in late)
            raise StartupError(f"Somebody else was quicker with {names}. Run this again.", ExitCode.BUSY)
    return found


async def _asked(settings: Settings) -> list[tuple[int, str, str, str]]:
    """Askers, kind, text and where, most wanted first."""
    async with application.open_storage(settings) as storage:
        found = [
            (askers, kind.value, text, f"community {guild_id}" if guild_id else "direct messages")
            for guild_id in await storage.asked.guilds()
            for kind, text, askers in await storage.asked.revealed(guild_id)
        ]
    return sorted(found, key=lambda each: (-each[0], *each[1:]))


def _say_problems(problems: Sequence[Problem]) -> None:
    """Every problem; ends the command if there is an error among them."""
    for problem in problems:
        typer.echo(str(problem))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise typer.Exit(ExitCode.PROBLEMS_FOUND)


def _say_changes(found: Import) -> None:
    what = {RevisionKind.WITHDRAWN: "withdrawn", RevisionKind.BUNDLED: "as it is bundled again"}
    typer.echo(f"{found.name}: {what.get(found.revision.kind) or headline(found.changes)}")
    for change in found.changes:
        typer.echo(f"  {change.where}")
        for mark, text in (("-", change.old), ("+", change.new)):
            for line in text.splitlines() if text else ():
                typer.echo(f"  {mark} {line}")
    typer.echo()
