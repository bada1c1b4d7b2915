"""Crossref and PubMed on this machine: invented papers in the documented shapes, and every kind of bad day."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

Payload = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One question as it arrived; `at` is the time of the event loop, in seconds."""

    path: str
    raw_path: str
    query: dict[str, str]
    user_agent: str
    at: float
    raw: web.Request


Fate = Callable[[Request], Awaitable[web.StreamResponse | None]]
"""What becomes of a request; None is the ordinary answer."""


async def good_day(_request: Request) -> None:
    """No faults."""


class Registries:
    """Both services on one port. `works` are by DOI in lower case, `summaries` by PMID; `fate` comes first."""

    def __init__(self) -> None:
        self.works: dict[str, Payload] = {}
        self.summaries: dict[str, Payload] = {}
        self.fate: Fate = good_day
        self.requests: list[Request] = []
        self.url = ""
        self._stopping = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls) -> AsyncGenerator[Self]:
        """A server on a free port of this machine."""
        registries = cls()
        app = web.Application(middlewares=[registries._middleware])
        app.router.add_get("/crossref/works/{doi:.+}", registries._work)
        app.router.add_get("/pubmed/esummary.fcgi", registries._summary)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            registries.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield registries
        finally:
            registries._stopping.set()
            await runner.cleanup()

    @property
    def crossref(self) -> str:
        return f"{self.url}/crossref"

    @property
    def pubmed(self) -> str:
        return f"{self.url}/pubmed"

    async def hang(self, _request: Request) -> web.StreamResponse:
        """A fate: no answer until the server stops."""
        await self._stopping.wait()
        return web.Response()

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        at = asyncio.get_running_loop().time()
        agent = request.headers.get("User-Agent", "")
        asked = Request(request.path, request.raw_path, dict(request.query), agent, at, request)
        self.requests.append(asked)
        return await self.fate(asked) or await handler(request)

    async def _work(self, raw: web.Request) -> web.Response:
        message = self.works.get(raw.match_info["doi"].casefold())
        if message is None:
            return web.Response(status=404, text="Resource not found.")
        return of_crossref(message)

    async def _summary(self, raw: web.Request) -> web.Response:
        assert (raw.query["db"], raw.query["retmode"]) == ("pubmed", "json")
        uids = raw.query["id"].split(",")
        result: Payload = {"uids": uids}
        for uid in uids:
            result[uid] = self.summaries.get(uid, {"uid": uid, "error": "cannot get document summary"})
        return said(json.dumps({"header": {"type": "esummary", "version": "0.3"}, "result": result}))


def said(body: str, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=body, content_type="application/json", headers=headers)


def of_crossref(message: Payload) -> web.Response:
    answer = {"status": "ok", "message-type": "work", "message-version": "1.0.0", "message": message}
    return web.Response(body=json.dumps(answer).encode(), content_type="application/vnd.crossref-api-message+json")


def work(doi: str, title: str, /, **fields: Any) -> Payload:
    """A work as Crossref gives it; `fields` have underscores for hyphens."""
    usual: Payload = {
        "DOI": doi.casefold(),
        "URL": f"https://doi.org/{doi}",
        "prefix": doi.partition("/")[0],
        "publisher": "Invented Press",
        "source": "Crossref",
        "type": "journal-article",
        "title": [title],
        "subtitle": [],
        "original-title": [],
        "container-title": ["Journal of Invented Pain"],
        "author": [{"given": "A", "family": "Nobody", "sequence": "first", "affiliation": []}],
        "issued": {"date-parts": [[2019, 4]]},
        "relation": {},
        "references-count": 0,
    }
    return usual | {name.replace("_", "-"): value for name, value in fields.items()}


def update(kind: str, label: str, doi: str, source: str = "publisher") -> Payload:
    """An entry of `update-to` or `updated-by`."""
    return {
        "DOI": doi,
        "type": kind,
        "label": label,
        "source": source,
        "updated": {"date-parts": [[2021, 3, 6]], "date-time": "2021-03-06T00:00:00Z", "timestamp": 1614988800000},
    }


def summary(pmid: str, title: str, doi: str | None = None, /, **fields: Any) -> Payload:
    """A summary as PubMed gives it; titles there end with a full stop."""
    ids: list[Payload] = [{"idtype": "pubmed", "idtypen": 1, "value": pmid}]
    if doi:
        ids.append({"idtype": "doi", "idtypen": 3, "value": doi})
    return {
        "uid": pmid,
        "pubdate": "2019 Apr",
        "source": "J Invent Pain",
        "authors": [{"name": "Nobody A", "authtype": "Author", "clusterid": ""}],
        "title": f"{title}.",
        "pubtype": ["Journal Article"],
        "articleids": ids,
        "references": [],
        "elocationid": f"doi: {doi}" if doi else "",
        "booktitle": "",
        "vernaculartitle": "",
    } | fields


def reference(reftype: str, pmid: int | str = "") -> Payload:
    """An entry of a summary's `references`."""
    return {"refsource": "J Invent Pain. 2021 Mar 6;9(3):12", "reftype": reftype, "pmid": pmid, "note": ""}
