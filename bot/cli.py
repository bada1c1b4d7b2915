"""The `spoonful` command: parses, calls, prints. No logic of its own."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from bot import app as application
from bot.catalog.exchange import export, read_withdrawals
from bot.catalog.live import LiveContent
from bot.catalog.loader import check, load
from bot.catalog.problems import Problem, Severity
from bot.chat.ui.cards import Page, card_text, over_budget
from bot.config import ROOT, Settings, health_port, load_settings
from bot.doctor import examine
from bot.doctor.findings import as_data, as_text
from bot.domain.catalog import Catalog
from bot.domain.changes import headline
from bot.domain.curation import Revision, RevisionKind
from bot.errors import ExitCode, StartupError
from bot.health.ask import ALIVE, READY, ask
from bot.logs import configure
from bot.services.curation.imports import Import, ImportService
from bot.services.curation.watch import Watch
from bot.services.facts import Answer
from bot.storage import (
    Moved,
    Rotated,
    SchemaStatus,
    key_status,
    locate,
    move_to_postgresql,
    rotate,
    shown,
    status,
    upgrade,
)
from bot.storage.backups import making, restoring
from bot.storage.backups.drill import drill
from bot.storage.backups.folder import backups_in
from bot.storage.backups.sealed import BadBackup

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print the values of variables
    help="Spoonful: cited answers and private check-ins.",
)
cards = typer.Typer(no_args_is_help=True, help="The evidence cards.")
sources = typer.Typer(no_args_is_help=True, help="The sources that cards cite.")
database = typer.Typer(no_args_is_help=True, help="The database.")
keys = typer.Typer(no_args_is_help=True, help="The master key, which wraps all members' keys.")
backup = typer.Typer(no_args_is_help=True, help="Backups: sealed with the master key, which is in none of them.")
cli.add_typer(cards, name="cards")
cli.add_typer(sources, name="sources")
cli.add_typer(database, name="db")
cli.add_typer(keys, name="keys")
cli.add_typer(backup, name="backup")

CommunityId = Annotated[int, typer.Option("--community", help="The id of the Discord server.")]
BackupFiles = Annotated[list[Path] | None, typer.Argument(help="Backups.", show_default=False)]
ContentFolder = Annotated[Path, typer.Argument(help="A content folder.")]


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


@cards.command("check")
def cards_check(path: ContentFolder = ROOT / "content") -> None:
    """Every problem of every card, as file:line: message."""
    _say_problems(check(path, _now().date(), over_budget))
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


@cards.command("export")
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


@cards.command("import")
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


@cards.command("asked")
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
            today = datetime.now(UTC).date()
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


@database.command("status")
def db_status() -> None:
    """Which revision the database is at. Changes nothing; exit status 1 where an upgrade waits."""
    settings = load_settings()
    location = locate(settings.database_url, settings.data_dir)
    found = asyncio.run(status(location))
    typer.echo(f"{shown(location)}\n{_at(found)}; the newest revision is {found.newest}.")
    if found.current != found.newest:
        typer.echo("The bot upgrades it when it starts, and so does: spoonful db upgrade")
        raise typer.Exit(ExitCode.PROBLEMS_FOUND)


@database.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest revision. An SQLite file is copied first."""
    settings = load_settings()
    location = locate(settings.database_url, settings.data_dir)
    before = asyncio.run(upgrade(location))
    typer.echo(f"{shown(location)}\nBefore: {_at(before)}. Now: at revision {before.newest}.")


@database.command("move")
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


@backup.command("create")
def backup_create() -> None:
    """Back up the database and the members' keys, each into a file of its own. The bot may be running."""
    for made in asyncio.run(making.create(application.home_of(load_settings()), _now())):
        _say_checked("made and verified", made)


@backup.command("verify")
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


@backup.command("list")
def backup_list() -> None:
    """The backups by their names, newest first. `verify` tells whether they are good."""
    home = application.home_of(load_settings())
    for each in backups_in(home.backups):
        typer.echo(f"{each.created:%Y-%m-%d %H:%M} UTC  {each.kind:<8}  {each.path.stat().st_size:>14,}  {each.path}")


@backup.command("restore")
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


@backup.command("prune")
def backup_prune() -> None:
    """Remove backups that are too old, and copies that upgrades and restores put aside. The bot does so each day."""
    settings = load_settings()
    gone = making.clear(application.home_of(settings), application.kept_of(settings), _now())
    for path in gone:
        typer.echo(f"removed {path}")
    typer.echo(f"{len(gone)} files removed.")


@backup.command("drill")
def backup_drill() -> None:
    """Back up, verify, restore elsewhere, compare and open, then remove it all. The bot may be running."""
    asyncio.run(drill(application.home_of(load_settings()), _now(), _say_step))
    typer.echo("The drill went well: what is stored here can be restored.")


@keys.command("rotate")
def keys_rotate() -> None:
    """Put a new master key in the place of the old one. The bot must be stopped; repeat it if it breaks off."""
    settings = load_settings()
    where = settings.database_url, settings.data_dir, settings.key_file, settings.backups
    _say_rotated(asyncio.run(rotate(*where, _say_keys)), settings.key_file)


@keys.command("status")
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


def _now() -> datetime:
    return datetime.now(UTC)


def _at(found: SchemaStatus) -> str:
    return "empty" if found.current is None else f"at revision {found.current}"


def _say_checked(what: str, found: making.Checked) -> None:
    rows = ", ".join(f"{name} {count:,}" for name, count in found.contents.rows.items() if count)
    typer.echo(f"{what}: {found.path} ({found.size:,} bytes, revision {found.about.revision})\n  rows: {rows}")


def _say_step(what: str, seconds: float) -> None:
    typer.echo(f"{seconds:7.2f} s  {what}")


def _say_rows(table: str, done: int, total: int) -> None:
    if done == total or (done and done % 100_000 == 0):
        typer.echo(f"{table}: {done:,} of {total:,} rows")


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


def main() -> None:
    """Entry point: an error for the operator becomes one sentence and its exit code."""
    try:
        cli()
    except StartupError as error:
        typer.echo(f"spoonful: {error}", err=True)
        sys.exit(error.code)
