"""REST calls as they arrive at the server."""

import asyncio
import json
import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

Payload = dict[str, Any]


@dataclass(frozen=True)
class Upload:
    """A file that came with a call. `field` is such as `files[0]`."""

    field: str
    name: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass(frozen=True)
class Request:
    """One REST call as it arrived. `path` is below the API root; `at` is the time of the event loop, in seconds.

    `body` is the JSON, also where that came beside files.
    """

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    authorization: str | None
    at: float
    files: tuple[Upload, ...] = ()

    def matches(self, route: str) -> bool:
        """Whether this is a call of a route such as `POST /channels/*/messages`.

        `*` is the method or one part of the path, `**` any number of parts: `* /**` is every call.
        """
        pattern = re.escape(route).replace(r"\*\*", ".*").replace(r"\*", "[^/]+")
        return bool(re.fullmatch(pattern, f"{self.method} {self.path}"))


async def read(raw: web.Request, root: str) -> Request:
    """The call that was made below an API root."""
    body, files = None, tuple[Upload, ...]()
    if raw.content_type == "multipart/form-data":
        body, files = await _read_form(raw)
    elif raw.content_type == "application/json" and raw.can_read_body:
        body = await raw.json()
    return Request(
        method=raw.method,
        path=raw.path.removeprefix(root),
        query=dict(raw.query),
        body=body,
        authorization=raw.headers.get("Authorization"),
        at=asyncio.get_running_loop().time(),
        files=files,
    )


async def _read_form(raw: web.Request) -> tuple[Any, tuple[Upload, ...]]:
    body: Any = None
    files: list[Upload] = []
    async for part in await raw.multipart():
        if not isinstance(part, BodyPartReader):
            raise TypeError("Discord reads no multipart within a multipart")
        content = bytes(await part.read())
        if part.name == "payload_json":
            body = json.loads(content)
        else:
            files.append(Upload(part.name or "", part.filename or "", content))
    return body, tuple(files)


def most_within(seconds: float, calls: Iterable[Request]) -> int:
    """How many of these calls, in their order, came within so many seconds at the busiest time."""
    most, recent = 0, deque[float]()
    for call in calls:
        recent.append(call.at)
        while recent[0] <= call.at - seconds:
            recent.popleft()
        most = max(most, len(recent))
    return most
