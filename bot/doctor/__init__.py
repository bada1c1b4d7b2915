"""`spoonful doctor`: looks at everything that has to be right for the bot to run, and says what to do where it is not.

It changes nothing, and works while the bot runs. No secret is in any finding.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bot.catalog.live import LiveContent
from bot.catalog.problems import ContentError
from bot.config import Settings, read_token
from bot.doctor import machine, online, stored
from bot.doctor.findings import Finding, not_checked, ok, problem
from bot.domain.communities import Community
from bot.errors import StartupError
from bot.health.ask import ask

PROBLEMS_NAMED = 3
NO_TOKEN = "There is none, so Discord cannot be asked."  # noqa: S105 - a sentence
SET_TOKEN = "To run the bot, set SPOONFUL_DISCORD_TOKEN_FILE."  # noqa: S105 - a sentence


def _present() -> datetime:
    return datetime.now(UTC)


async def examine(
    load: Callable[[], Settings], *, asks_discord: bool = False, now: Callable[[], datetime] = _present
) -> Sequence[Finding]:
    """Every finding, in the order in which one would mend them."""
    try:
        settings = load()
    except StartupError as error:
        return [problem("settings", str(error), "The README has a table of all settings.")]
    found = [ok("settings", "All of them are known, and fit."), machine.clock(now()), await _content(settings)]
    found += machine.files(settings)
    of_database, checkup = await stored.database(settings)
    found += [*of_database, machine.disk(settings.data_dir, checkup), await stored.key(settings, checkup)]
    found += await stored.backups(settings, checkup, now())
    if settings.health_port:
        found.append(await _running(settings.health_port))
    communities = checkup.communities if checkup else ()
    return [*found, *await _discord(settings, communities, now, asks_discord=asks_discord)]


async def _content(settings: Settings) -> Finding:
    try:
        library = await asyncio.to_thread(LiveContent(settings.content_dir).load)
    except ContentError as error:
        named = "; ".join(str(each) for each in error.problems[:PROBLEMS_NAMED])
        return problem(
            "content", f"{len(error.problems)} problems, such as {named}", "All of them: spoonful cards check"
        )
    return ok("content", f"{len(library.catalog.cards)} cards and {len(library.catalog.sources)} sources.")


async def _running(port: int) -> Finding:
    reply = await asyncio.to_thread(ask, port)
    said = " ".join(" ".join(line.split()) for line in reply.lines)
    if reply.well:
        return ok("running bot", "It is ready.")
    return problem("running bot", f"It is not ready. {said}", "If it is meant to run, look at its log.")


async def _discord(
    settings: Settings, communities: Sequence[Community], now: Callable[[], datetime], *, asks_discord: bool
) -> Sequence[Finding]:
    if settings.discord_token is None and settings.discord_token_file is None:
        return [not_checked("token", NO_TOKEN, SET_TOKEN)]
    try:
        token = read_token(settings)
    except StartupError as error:
        return [problem("token", str(error), SET_TOKEN)]
    if not asks_discord:
        return [
            ok("token", "It has the shape of one."),
            not_checked("discord", "Not asked.", "Ask: spoonful doctor --online"),
        ]
    return await online.look(settings, token, communities, now())
