"""A process whose power is cut, or whose disk fails. `python -m tests.drill.writer FOLDER MEMBERS [FAILS]`

It records an entry for one member after another, and erases every seventh. What a member would have been told is
written to `acks` in the folder, as `entry MEMBER PROMPT` or `erased MEMBER`. With FAILS, the disk fails for every
third member, and `refused MEMBER` says that saving raised an error.
"""

import asyncio
import errno
import os
import sys
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.domain.checkins import Prompt
from bot.storage import Storage
from tests.storage.examples import entry, sent_prompt
from tests.storage.places import Place

REASONS = (errno.ENOSPC, errno.EIO, errno.EROFS)
ERASED_EVERY = 7
FAILS_EVERY = 3


async def save(storage: Storage, prompt: Prompt) -> str:
    try:
        await storage.entries.record(entry(prompt, note="a note that nobody should read"))
    except DBAPIError:
        return f"refused {prompt.member_id} {prompt.id}"
    return f"entry {prompt.member_id} {prompt.id}"


async def one_member(storage: Storage, member_id: int, fails: Path | None) -> list[str]:
    prompt = await sent_prompt(storage, member_id)
    if fails is None or member_id % FAILS_EVERY:
        said = [await save(storage, prompt)]
    else:
        fails.write_text(str(REASONS[member_id // FAILS_EVERY % len(REASONS)]))  # noqa: ASYNC240 - nobody else waits
        said = [await save(storage, prompt)]
        fails.unlink()  # noqa: ASYNC240 - as above
        said.append(await save(storage, prompt))
    if member_id % ERASED_EVERY == 0:
        await storage.members.erase(member_id)
        said.append(f"erased {member_id}")
    return said


async def main(place: Place, members: int, fails: Path | None) -> None:
    acks = os.open(place.folder / "acks", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    storage = await place.open()
    for member_id in range(1, members + 1):
        for said in await one_member(storage, member_id, fails):
            os.write(acks, f"{said}\n".encode())
    await storage.close()


if __name__ == "__main__":
    asyncio.run(
        main(Place(Path(sys.argv[1]), None), int(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
    )
