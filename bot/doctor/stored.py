"""What is stored: the database and its engine, the keys, the time zones it was computed with, and the backups."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version

from bot.config import Settings
from bot.doctor.findings import Finding, not_checked, ok, problem, warning
from bot.domain.condition import BACKUP_EVERY
from bot.errors import ExitCode, StartupError
from bot.storage import locate, status
from bot.storage.backups.folder import BackupFile, Home, backups_in
from bot.storage.backups.making import verify
from bot.storage.backups.sealed import Kind
from bot.storage.checkup import Checkup, look_at, look_at_key
from bot.storage.state import ZONES

SAFE_SQLITE = (3, 51, 3)
CREATE = "Make one: spoonful backup create"
ELSEWHERE = "See to it that somebody else backs up database, vault and master key, and tries a restore."


async def database(settings: Settings) -> tuple[Sequence[Finding], Checkup | None]:
    """The findings, and what else there is to see in the database."""
    try:
        schema = await status(locate(settings.database_url, settings.data_dir))
        checkup = await look_at(settings.database_url, settings.data_dir)
    except StartupError as error:
        return [problem("database", str(error), _mend(error))], None
    if checkup is None or schema.current is None:
        return [ok("database", "There is none yet; the bot makes it when it starts.")], checkup
    found = [ok("database", f"{checkup.engine}, {checkup.size / 1e6:.1f} MB. It opens and is whole.")]
    if schema.current != schema.newest:
        said = f"It is at revision {schema.current}, and this version needs {schema.newest}."
        advice = "The bot upgrades it when it starts, after a copy; or now: spoonful db upgrade"
        found.append(warning("schema", said, advice))
    else:
        found.append(ok("schema", f"Revision {schema.current}, the newest."))
    return [*found, *_engine(checkup), _use(checkup), _zones(checkup)], checkup


def _mend(error: StartupError) -> str:
    if error.code is ExitCode.CONFIG:
        return "Look at SPOONFUL_DATABASE_URL."
    return "If it is damaged, restore the last backup: spoonful backup restore"


def _engine(checkup: Checkup) -> Sequence[Finding]:
    name, _, number = checkup.engine.partition(" ")
    if name != "SQLite":
        return []
    if tuple(int(part) for part in number.split(".")) >= SAFE_SQLITE:
        return [ok("sqlite", f"Version {number}.")]
    said = (
        f"Version {number} can damage a database when two connections write it or tidy its log at the same moment "
        "(mended in 3.51.3). The bot keeps to one writer and locks out other processes, so it is not exposed."
    )
    return [warning("sqlite", said, "Never open the file with another program while the bot runs; use backups.")]


def _use(checkup: Checkup) -> Finding:
    """That it is in use is no problem."""
    return ok("in use", "A bot is running on it." if checkup.in_use else "No bot is running on it.")


def _zones(checkup: Checkup) -> Finding:
    installed, computed = version("tzdata"), checkup.facts.get(ZONES)
    if computed in {None, installed}:
        return ok("time zones", f"tzdata {installed}.")
    said = f"tzdata {installed} is installed, and what is due was computed with {computed}."
    return warning("time zones", said, "Start the bot anew: it moves what has to move.")


async def key(settings: Settings, checkup: Checkup | None) -> Finding:
    """Whether the master key is there, private, and the right one."""
    try:
        found = await look_at_key(settings.database_url, settings.data_dir, settings.key_file)
    except StartupError as error:
        if error.code is ExitCode.DATABASE and (checkup is None or not checkup.facts):
            return ok("master key", "There are no keys of members yet.")
        return problem("master key", str(error), "Without the right key, nothing that members wrote can be read.")
    if found.half_exchanged:
        return problem("master key", "Its exchange was cut short; nothing is lost.", "End it: spoonful keys rotate")
    if not found.fits:
        said = f"{settings.key_file} is not the key of the members' keys here."
        return problem("master key", said, "Put the right file back; it may be with your backups.")
    return ok("master key", f"It fits, and is of {found.made_at:%Y-%m-%d}. Keep a copy of it apart from the backups.")


async def backups(settings: Settings, checkup: Checkup | None, now: datetime) -> Sequence[Finding]:
    """How old the newest is, and whether it opens."""
    if not settings.backup_days:
        return [not_checked("backups", "The daily backup is switched off: SPOONFUL_BACKUP_DAYS is 0.", ELSEWHERE)]
    newest = [next((each for each in backups_in(settings.backups) if each.kind is kind), None) for kind in Kind]
    if checkup is None and not any(newest):
        return [ok("backups", "There is nothing to back up yet.")]
    missing = [kind for kind, each in zip(Kind, newest, strict=True) if each is None]
    if missing:
        return [warning("backups", f"There is no backup of the {' and '.join(missing)} in {settings.backups}.", CREATE)]
    made = [each for each in newest if each is not None]
    oldest = min(each.created for each in made)
    said = f"The newest are of {oldest:%Y-%m-%d %H:%M} UTC."
    age = (
        ok("backups", said) if now - oldest <= BACKUP_EVERY else warning("backups", f"{said} That is long ago.", CREATE)
    )
    return [age, *[await asyncio.to_thread(_verified, settings, each) for each in made]]


def _verified(settings: Settings, backup: BackupFile) -> Finding:
    name = f"{backup.kind} copy"
    try:
        home = Home(settings.database_url, settings.data_dir, settings.key_file, settings.backups)
        checked = verify(home, backup.path)
    except StartupError as error:
        if error.code is ExitCode.BUSY:
            return not_checked(name, "Another process is at work on the backups.", "Look again in a minute.")
        return problem(name, str(error), f"It cannot be restored. {CREATE}")
    rows = sum(checked.contents.rows.values())
    return ok(name, f"{backup.path.name} opens and is whole: {rows:,} rows.")
