"""Structured logs: what happened, never what somebody said. Of an exception: places and types, no message."""

import logging
import sys
import traceback
from typing import Literal, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

NEVER_BELOW_INFO = ("discord", "aiohttp")
"""At DEBUG these write whole message bodies and tokens."""

NEVER_BELOW_WARNING = ("sqlalchemy", "aiosqlite", "apscheduler", "alembic", "asyncio")


def configure(level: str, style: Literal["json", "console"]) -> None:
    """Send our events and those of every library through one pipeline to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace_only,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer = structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    chosen = logging.getLevelNamesMapping()[level]
    for names, floor in ((NEVER_BELOW_INFO, logging.INFO), (NEVER_BELOW_WARNING, logging.WARNING)):
        for name in names:
            logging.getLogger(name).setLevel(max(chosen, floor))


def trace_of(error: BaseException) -> list[str]:
    """Where it happened, and the types of the errors: no messages and no values, which may be somebody's health."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    cause = error.__cause__ or error.__context__
    earlier = [*trace_of(cause), "then"] if cause else []
    return [*earlier, *frames, type(error).__qualname__]


def _trace_only(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    given: object = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = cast("tuple[object, ...]", given)[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["trace"] = trace_of(error)
    return event
