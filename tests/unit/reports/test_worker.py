"""The workshop: work happens elsewhere, a death is survived once, and nobody is left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from bot.reports.charts import chart_png
from bot.reports.worker import Workshop
from tests.unit.reports.chores import die, die_once, fail, who
from tests.unit.reports.examples import over


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    made = Workshop()
    yield made
    await made.close()


async def test_one_other_process_does_all_the_work(workshop: Workshop) -> None:
    found = await asyncio.gather(*(workshop.make(who) for _ in range(5)))
    assert len(set(found)) == 1
    assert found[0] != who()
    assert (await workshop.make(chart_png, over(7), dark=True)).startswith(b"\x89PNG")


async def test_an_error_comes_back_and_the_worker_stays(workshop: Workshop) -> None:
    worker = await workshop.make(who)
    with pytest.raises(ValueError, match="as it was"):
        await workshop.make(fail, "as it was")
    assert await workshop.make(who) == worker


async def test_a_worker_that_died_is_replaced_and_the_work_done(workshop: Workshop, tmp_path: Path) -> None:
    assert await workshop.make(die_once, tmp_path / "died") == b"alive"
    os.kill(int(await workshop.make(who)), signal.SIGKILL)
    assert int(await workshop.make(who))


async def test_work_that_kills_is_given_up_and_the_next_is_done(workshop: Workshop) -> None:
    with pytest.raises(BrokenProcessPool):
        await workshop.make(die)
    assert await workshop.make(who)


async def test_it_is_lazy_and_closes_twice() -> None:
    made = Workshop()
    await made.close()
    worker = int(await made.make(who))
    await made.close()
    await made.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


PARENT = """
import asyncio, os, signal
from bot.reports.worker import Workshop
from tests.unit.reports.chores import who

async def main():
    print((await Workshop().make(who)).decode(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_killed_bot_leaves_no_worker(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT, "utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    # The worker inherits these pipes, so `run` comes back only once it is gone as well.
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env=environment, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert int(done.stdout)
