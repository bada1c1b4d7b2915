"""The real workshop, whose process stays for the next test: starting one, and loading what draws, takes a second."""

from concurrent.futures import ProcessPoolExecutor
from typing import ClassVar

from bot.reports.worker import Workshop


class LastingWorkshop(Workshop):
    _kept: ClassVar[ProcessPoolExecutor | None] = None

    def __init__(self) -> None:
        super().__init__()
        self._pool = self._kept

    async def _running(self) -> ProcessPoolExecutor:
        LastingWorkshop._kept = await super()._running()
        return LastingWorkshop._kept

    async def close(self) -> None:
        self._pool = None

    @classmethod
    def end(cls) -> None:
        if cls._kept:
            cls._kept.shutdown()
        cls._kept = None
