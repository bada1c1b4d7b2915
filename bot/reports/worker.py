"""The workshop: one process beside the bot that makes charts and files, so that the event loop never waits for them."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

NICENESS = 5
"""The bot answers first; a chart may take a moment longer."""

AT_HAND = 2
"""One in the works and one waiting: pickling everything that was ordered at once would hold up the loop."""


class Workshop:
    """Makes things in a worker process, one after another. It starts with the first of them and restarts if it died."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._starting = asyncio.Lock()
        self._turns = asyncio.Semaphore(AT_HAND)

    async def make(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What the function returns. It and its arguments must pickle: a module-level function, and values.

        Raises what the function raises, and BrokenProcessPool if the worker died of it twice.
        """
        async with self._turns:
            try:
                return await self._try(function, *args, **kwargs)
            except BrokenProcessPool:
                return await self._try(function, *args, **kwargs)

    async def _try(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        pool = await self._running()
        try:
            return await asyncio.wrap_future(pool.submit(function, *args, **kwargs))
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
            raise

    async def _running(self) -> ProcessPoolExecutor:
        async with self._starting:
            if self._pool is None:
                self._pool = await asyncio.to_thread(_start)
            return self._pool

    async def close(self) -> None:
        """Drop what waits, let the current piece finish, and end the process."""
        pool, self._pool = self._pool, None
        if pool:
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)


def _start() -> ProcessPoolExecutor:
    # A fresh interpreter: a fork would copy the bot's threads' locks, its sockets and its keys.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, mp_context=context, initializer=_settle_in)
    pool.submit(os.getpid).result()
    return pool


def _settle_in() -> None:
    """Ctrl-C is the bot's to handle, and a worker does not outlive a bot that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(0)
