"""The real bot with one thing made wrong, for faults that no server can cause. Run as a script."""

import argparse
import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta
from typing import Never
from unittest.mock import patch

from bot import app
from bot.chat.messenger import DiscordMessenger
from bot.config import load_settings
from bot.logs import configure
from bot.storage.prompts import PromptStore

DEATHS = {
    "before-send": (DiscordMessenger, "send_prompt"),
    "before-mark": (PromptStore, "mark_sent"),
}


class ShiftedClock:
    """The machine's clock, so many seconds ahead: what waits for time to pass need not."""

    def __init__(self, ahead: float) -> None:
        self._ahead = timedelta(seconds=ahead)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


async def die(*_args: object, **_kwargs: object) -> Never:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives this")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ahead", type=float, default=0)
    parser.add_argument("--die", choices=DEATHS)
    chosen = parser.parse_args()
    settings = load_settings()
    configure(settings.log_level, settings.log_format)
    if chosen.die:
        patch.object(*DEATHS[chosen.die], new=die).start()
    asyncio.run(app.run(settings, ShiftedClock(chosen.ahead)))


if __name__ == "__main__":
    main()
