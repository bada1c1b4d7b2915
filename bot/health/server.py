"""The health server: `/healthz`, `/readyz` and `/metrics`, on this machine only."""

import contextlib
import logging
from collections.abc import AsyncGenerator

import structlog
from aiohttp import web

from bot.errors import ExitCode, StartupError
from bot.health.ask import ALIVE, HOST, METRICS, READY
from bot.health.metrics import LogCounter, Metrics
from bot.services.condition import ConditionService

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LAST_ANSWERS = 1.0
"""Seconds that a request may still take when the bot stops."""

log = structlog.get_logger()


class HealthServer:
    def __init__(self, condition: ConditionService, metrics: Metrics) -> None:
        self._condition = condition
        self._metrics = metrics

    @property
    def routes(self) -> list[web.RouteDef]:
        return [web.get(ALIVE, self._alive), web.get(READY, self._ready), web.get(METRICS, self._measured)]

    async def _alive(self, _request: web.Request) -> web.Response:
        """That this comes at all is the answer: process and event loop are alive."""
        return web.Response(text="alive\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        condition = await self._condition.now()
        told = {signal.name: {"state": signal.state, "said": signal.said} for signal in condition.signals}
        return web.json_response(
            {"ready": condition.ready, "version": condition.version, "signals": told},
            status=200 if condition.ready else 503,
        )

    async def _measured(self, _request: web.Request) -> web.Response:
        self._metrics.show(await self._condition.now())
        return web.Response(body=self._metrics.text(), headers={"Content-Type": METRICS_TYPE})


@contextlib.asynccontextmanager
async def serving(port: int, condition: ConditionService, metrics: Metrics) -> AsyncGenerator[None]:
    """Answers in the background.

    Raises:
        StartupError: the port is taken, or not ours to have.
    """
    app = web.Application()
    app.add_routes(HealthServer(condition, metrics).routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=LAST_ANSWERS)
    counter = LogCounter(metrics)
    await runner.setup()
    try:
        await _listen(runner, port)
        logging.getLogger().addHandler(counter)
        yield
    finally:
        logging.getLogger().removeHandler(counter)
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        raise StartupError(
            f"The health server cannot use port {port} ({error.strerror or 'it is taken'}). Set another one in "
            "SPOONFUL_HEALTH_PORT, or none.",
            ExitCode.CONFIG,
        ) from None
    log.info("health server listens", port=port)
