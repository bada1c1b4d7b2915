"""A process to refuse or to kill. `python -m tests.storage.victim COMMAND FOLDER [URL]`

`open`: open the storage and close it; exits as the bot would.
`claim`: claim three at a time until killed, printing the id of each claimed prompt after the claim.
"""

import asyncio
import sys
from pathlib import Path

from bot.errors import StartupError
from tests.storage.examples import claim
from tests.storage.places import Place


async def main(command: str, place: Place) -> None:
    storage = await place.open()
    while command == "claim" and (batch := await claim(storage, limit=3)):
        for delivery in batch:
            print(delivery.prompt.id, flush=True)  # noqa: T201
    await storage.close()


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1], Place(Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)))
    except StartupError as error:
        print(error)  # noqa: T201
        sys.exit(error.code)
