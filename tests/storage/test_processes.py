"""Other processes: a second one is refused, and one that was killed leaves nothing stuck."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import ExitCode, StartupError
from tests.storage.examples import DUE, LEASE, claim, enroll
from tests.storage.places import Place

ROOT = Path(__file__).parents[2]


def victim(command: str, place: Place) -> "subprocess.Popen[str]":
    arguments = [sys.executable, "-m", "tests.storage.victim", command, str(place.folder), *filter(None, [place.url])]
    return subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def test_fault_22_a_second_process_on_the_same_file_is_refused(sqlite_place: Place) -> None:
    storage = await sqlite_place.open()
    second = victim("open", sqlite_place)
    said, _ = second.communicate(timeout=30)
    await storage.close()
    assert second.returncode == ExitCode.BUSY
    assert said.startswith("Another Spoonful process is using")


async def test_a_second_storage_in_this_process_is_refused_too(sqlite_place: Place) -> None:
    storage = await sqlite_place.open()
    with pytest.raises(StartupError) as caught:
        await sqlite_place.open()
    assert caught.value.code is ExitCode.BUSY
    await storage.close()
    await (await sqlite_place.open()).close()


async def test_fault_01_a_process_killed_while_claiming_leaves_everything_claimable(place: Place) -> None:
    storage = await place.open()
    for member_id in range(40):
        await enroll(storage, member_id)
    prompts = {row[0] for row in await place.sql("SELECT id FROM prompt")}
    await storage.close()

    process = victim("claim", place)
    assert process.stdout is not None
    claimed = {process.stdout.readline().strip() for _ in range(10)}
    process.kill()
    claimed |= {line.strip() for line in process.stdout}
    process.wait()
    process.stdout.close()

    storage = await place.open()
    if place.url:  # the server may be a moment late in noticing, and rows of a dying transaction are passed over
        await place.sql("SELECT id FROM prompt FOR UPDATE")
    at_once = {delivery.prompt.id for delivery in await claim(storage)}
    after_lease = {delivery.prompt.id for delivery in await claim(storage, DUE + LEASE)}
    await storage.close()
    assert at_once | claimed <= prompts
    assert not at_once & claimed  # what was claimed stays claimed until its lease runs out
    assert at_once | after_lease == prompts
    due = "SELECT plan_id FROM prompt WHERE status = 'due' GROUP BY plan_id HAVING count(*) = 1"
    assert len(await place.sql(due)) == 40
