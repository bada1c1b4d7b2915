"""A polite visitor to a public web service: unhurried, named, patient for a while, and gone when it is not wanted."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TypeVar
from urllib.parse import quote, urlencode

import aiohttp
from pydantic import BaseModel, ValidationError
from yarl import URL

TRIES = 3
"""How often one question is put, in all."""

PATIENCE = 60.0
"""The longest `Retry-After` that is waited for, in seconds; a service that asks for more is left alone."""

GIVE_UP_AFTER = 3
"""So many questions in a row without a usable answer, and the service is not asked again in this run."""

Shape = TypeVar("Shape", bound=BaseModel)


class NoAnswerError(Exception):
    """The service could not be asked, or what it said is of no use; the message is the reason, for the operator."""


@dataclass(frozen=True)
class _Again:
    """Worth another try, after `wait` seconds if the service named a time."""

    reason: str
    wait: float | None = None


class Pace:
    """At most `rate` requests a second, whoever makes them, evenly spaced."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the next moment at which a request may go out."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._next - loop.time()))
        self._next = loop.time() + self._gap


@asynccontextmanager
async def visit(contact: str | None, timeout: float) -> AsyncGenerator[aiohttp.ClientSession]:  # noqa: ASYNC109 - aiohttp's
    """An HTTP session that says who asks; `contact` is a mail address for the people who run the services."""
    reach = f"; mailto:{quote(contact, safe='@+')}" if contact else ""
    who = f"Spoonful/{version('spoonful')} (Discord bot with an evidence library; checks its sources{reach})"
    headers = {"User-Agent": who, "Accept": "application/json"}
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=timeout)) as session:
        yield session


class Service:
    """One web service. It shares its pace with others, and keeps its own count of failures."""

    def __init__(self, name: str, base: str, session: aiohttp.ClientSession, pace: Pace, backoff: float) -> None:
        self.name = name
        self._base = base.rstrip("/")
        self._session = session
        self._pace = pace
        self._backoff = backoff
        self._failures = 0
        self._left_alone: str | None = None

    async def ask(self, path: str, query: Mapping[str, str], shape: type[Shape]) -> Shape | None:
        """The answer in the shape it must have, or None where the service says 404. `path` is percent-encoded.

        Raises:
            NoAnswerError: anything else, after `TRIES` tries where another try makes sense.
        """
        if self._left_alone:
            raise NoAnswerError(self._left_alone)
        url = f"{self._base}/{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            body = await self._persist(URL(url, encoded=True))
            answer = None if body is None else _read(body, shape)
        except NoAnswerError as error:
            self._failures += 1
            if self._failures >= GIVE_UP_AFTER:
                self._leave_alone(f"not asked, because {self._failures} questions in a row failed, the last: {error}")
            raise
        self._failures = 0
        return answer

    async def _persist(self, url: URL) -> bytes | None:
        wait, reason = 0.0, ""
        for attempt in range(TRIES):
            await asyncio.sleep(wait)
            await self._pace.turn()
            outcome = await self._try(url)
            if not isinstance(outcome, _Again):
                return outcome
            reason = outcome.reason
            wait = max(self._backoff * 2**attempt, outcome.wait or 0.0)
            if wait > PATIENCE:
                self._leave_alone(reason := f"{reason}; it asks to be left alone for {wait:.0f} s")
                break
        raise NoAnswerError(reason)

    async def _try(self, url: URL) -> bytes | _Again | None:
        try:
            async with self._session.get(url) as response:
                body = await response.read()
        except TimeoutError:
            return _Again("no answer in time")
        except aiohttp.ClientError as error:
            return _Again(f"the connection failed ({type(error).__name__})")
        match response.status:
            case 200:
                return body
            case 404:
                return None
            case status if status == 429 or status >= 500:
                return _Again(f"it answered with status {status}", retry_after(response.headers))
            case status:
                raise NoAnswerError(f"it answered with status {status}")

    def _leave_alone(self, reason: str) -> None:
        self._left_alone = self._left_alone or reason


def retry_after(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds. A date counts from the service's own clock, its `Date`: ours may be wrong."""
    said = headers.get("Retry-After", "")
    if said.isascii() and said.isdecimal():
        return float(said)
    try:
        then, now = parsedate_to_datetime(said), parsedate_to_datetime(headers.get("Date", ""))
        return max(0.0, (then - now).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a zone
        return None


def _read(body: bytes, shape: type[Shape]) -> Shape:
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the answer"
        raise NoAnswerError(f"its answer makes no sense ({place}: {first['msg']})") from None
