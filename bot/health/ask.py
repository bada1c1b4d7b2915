"""Asking a bot on this machine how it is: what `spoonful health` and the health check of a container do.

`python -m bot.health` does the same without loading the rest of the program, which takes longer than the answer.
"""

import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"
ALIVE, READY, METRICS = "/healthz", "/readyz", "/metrics"
PATIENCE = 8.0
"""Seconds. The bot itself gives its database five."""

SILENT = "The bot does not answer: it is not running, still starting, or stuck."


@dataclass(frozen=True)
class Reply:
    """Whether all is well, and a line for each thing that is watched."""

    well: bool
    lines: Sequence[str]


def ask(port: int, path: str = READY) -> Reply:
    """What the bot behind this port says of itself; if nobody answers, that too is a reply."""
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        return Reply(response.status == 200, _lines(body) if path == READY else [body.decode("utf-8").strip()])
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        return Reply(well=False, lines=[SILENT])
    finally:
        connection.close()


def _lines(body: bytes) -> list[str]:
    told: Any = json.loads(body)
    return [f"{each['state']:<9} {name:<9} {each['said']}" for name, each in told["signals"].items()]
