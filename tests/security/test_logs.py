"""A walk through everything at DEBUG: what was said is in no line of the log, and no token is."""

import logging
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pytest
import structlog

from bot.logs import configure
from tests.chat.world import World
from tests.security.earnest import COMMANDS, CONTROLS, MENUS, Use, filled
from tests.security.odd import MARK
from tests.security.people import Person
from tests.security.scene import NUMBAT, QUOKKA, WOMBAT, set_the_scene


@pytest.fixture
def at_debug() -> Iterator[StringIO]:
    """As `SPOONFUL_LOG_LEVEL=DEBUG` has it; what logs was set up before comes back."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in _loggers()}
    configure("DEBUG", "json")
    said = StringIO()
    for handler in root.handlers:
        assert isinstance(handler, logging.StreamHandler)
        cast("logging.StreamHandler[StringIO]", handler).setStream(said)
    yield said
    structlog.configure(**before)
    root.handlers[:] = handlers
    for name in _loggers():
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
    root.setLevel(levels["root"])


def _loggers() -> list[str]:
    return ["root", *logging.Logger.manager.loggerDict]


async def test_fault_53_at_debug_no_line_holds_what_was_said_anywhere(
    world: World, tmp_path: Path, at_debug: StringIO
) -> None:
    logging.getLogger("somebody").debug("the log is on")
    scene = await set_the_scene(world, tmp_path)
    before = scene.ledger.rows()
    for name in ("owner", "moderator"):
        for what, use in {**COMMANDS, **CONTROLS}.items():
            if name == "moderator" and use.private:
                continue
            await _do(scene.person(name, private=use.private), what, filled(_marked(use), scene.ids))
        for what in MENUS:
            await scene.people[name].menu(what, scene.shared)
        await _by_the_clock(world)
        await scene.put_back(before, scene.ledger.rows())
    scene.ledger.close()
    await world.storage.close()
    await scene.person("owner", private=True).press("settings:1:0")  # our own fault, which leaves a trace
    said = at_debug.getvalue()
    assert "the log is on" in said
    assert "interaction failed" in said
    secrets = (WOMBAT, QUOKKA, NUMBAT, MARK, "simcord_interaction_", str(world.env.bot.http.token))
    assert not [secret for secret in secrets if secret in said]


async def _do(person: Person, what: str, use: Use) -> Any:
    if what.startswith("/"):
        return await person.command(what.removeprefix("/"), use.options)
    custom_id = ":".join([what, *use.fields])
    if use.typed:
        return await person.submit(custom_id, use.typed)
    return await (person.pick(custom_id, use.picked) if use.picked else person.press(custom_id))


def _marked(use: Use) -> Use:
    """With words in it that can be looked for, where anything may be typed."""
    typed = {name: f"{value} {MARK}" if isinstance(value, str) else value for name, value in use.typed.items()}
    options = {name: f"{value} {MARK}" if name in FREE else value for name, value in use.options.items()}
    return Use(use.fields, use.picked, typed, options, use.private)


FREE = {"question", "said", "text", "reason", "name"}


async def _by_the_clock(world: World) -> None:
    world.clock.advance(days=8)
    await world.deliver()
    await world.app.checkins.expire()
    await world.app.curation.digests.send_due()
    await world.app.curation.living.sweep()
    await world.app.curation.asked.fulfil()
    await world.app.curation.purge()
