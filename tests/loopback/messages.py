"""Channels and what is in them: sending with a nonce, history, edits, files."""

import mimetypes
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

from tests.loopback.calls import Payload, Request, Upload
from tests.loopback.codes import DiscordError
from tests.loopback.ids import Ids

LOADING = 128
EDITABLE = ("content", "components", "embeds")


class Messages:
    """Messages by their channel. `files` is everything uploaded, by its path below `url`."""

    def __init__(self, ids: Ids, author: Payload) -> None:
        self.nonce_window = 180.0
        self.channels: dict[str, list[Payload]] = {}
        self.files: dict[str, bytes] = {}
        self.url = ""
        self._ids = ids
        self._author = author
        self._nonces: dict[str, tuple[float, Payload]] = {}

    # Routes

    def create(self, request: Request, at: Payload) -> Payload:
        channel = self._channel(at)
        nonce = str(request.body.get("nonce") or "")
        if nonce and request.body.get("enforce_nonce"):
            # Discord looks for the author's nonce in all channels, not only in this one.
            when, earlier = self._nonces.get(nonce, (float("-inf"), {}))
            if request.at - when < self.nonce_window:
                return earlier
        message = self.make(at["channel"], request.body, request.files) | ({"nonce": nonce} if nonce else {})
        channel.append(message)
        self._nonces[nonce] = (request.at, message)
        return message

    def history(self, request: Request, at: Payload) -> list[Payload]:
        before = int(request.query.get("before", 2**63))
        after = int(request.query.get("after", 0))
        found = [message for message in self._channel(at) if after < int(message["id"]) < before]
        limit = int(request.query.get("limit", 50))
        return (found[:limit] if "after" in request.query else found[-limit:])[::-1]

    def get(self, _request: Request, at: Payload) -> Payload:
        found = next((message for message in self._channel(at) if message["id"] == at["message"]), None)
        if found is None:
            raise DiscordError(10008)
        return found

    def edit(self, request: Request, at: Payload) -> Payload:
        return self.change(self.get(request, at), request.body, request.files)

    def delete(self, request: Request, at: Payload) -> None:
        self._channel(at).remove(self.get(request, at))

    # Messages that belong to interactions are made here too

    def make(self, channel_id: str, body: Payload, files: Sequence[Upload] = (), flags: int = 0) -> Payload:
        """A new message; it is in no channel yet."""
        message: Payload = {
            "id": self._ids.new(),
            "channel_id": channel_id,
            "type": 0,
            "author": self._author,
            "timestamp": datetime.now(UTC).isoformat(),
            "edited_timestamp": None,
            "content": body.get("content") or "",
            "components": [],
            "embeds": [],
            "flags": int(body.get("flags") or 0) | flags,
            "attachments": [],
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": False,
            "tts": False,
        }
        self._attach(message, body, files)
        return message | {name: _linked(body.get(name) or [], message) for name in ("components", "embeds")}

    def change(self, message: Payload, body: Payload, files: Sequence[Upload]) -> Payload:
        """Edit a message in place."""
        self._attach(message, body, files)
        changed = {name: _linked(body[name], message) for name in EDITABLE if body.get(name) is not None}
        message.update(changed, flags=(message["flags"] | int(body.get("flags") or 0)) & ~LOADING)
        if changed or files:
            message["edited_timestamp"] = datetime.now(UTC).isoformat()
        return message

    def _channel(self, at: Payload) -> list[Payload]:
        if at["channel"] not in self.channels:
            raise DiscordError(10003)
        return self.channels[at["channel"]]

    def _attach(self, message: Payload, body: Payload, files: Sequence[Upload]) -> None:
        """New files are named in the body by their number; what an edit does not name goes."""
        told: list[Payload] = body.get("attachments") or []
        about = {str(one["id"]): one for one in told}
        kept: list[Payload] = message["attachments"]
        if "attachments" in body:
            kept = [one for one in kept if one["id"] in about]
        new = [
            self._stored(message["channel_id"], upload, about.get(upload.field.removeprefix("files[").rstrip("]"), {}))
            for upload in files
        ]
        message["attachments"] = kept + new

    def _stored(self, channel_id: str, upload: Upload, about: Payload) -> Payload:
        attachment_id = self._ids.new()
        path = f"/attachments/{channel_id}/{attachment_id}/{upload.name}"
        self.files[path] = upload.content
        return {
            "id": attachment_id,
            "filename": upload.name,
            "description": about.get("description"),
            "content_type": mimetypes.guess_type(upload.name)[0] or "application/octet-stream",
            "size": upload.size,
            "url": self.url + path,
            "proxy_url": self.url + path,
        }


def _linked(part: Any, message: Payload) -> Any:
    """A component or embed with the addresses of the files it shows by name."""
    if isinstance(part, list):
        return [_linked(one, message) for one in cast("list[Any]", part)]
    if not isinstance(part, dict):
        return part
    known = cast("Payload", part)
    addresses = {f"attachment://{one['filename']}": one["url"] for one in message["attachments"]}
    if known.get("url") in addresses:
        known = known | {"url": addresses[known["url"]], "proxy_url": addresses[known["url"]]}
    return {name: _linked(value, message) for name, value in known.items()}
