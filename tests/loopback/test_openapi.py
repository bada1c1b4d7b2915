"""Discord's own description must find what is wrong, and nothing else, or "no violations" means nothing."""

from typing import Any
from unittest.mock import patch

import aiohttp
import pytest

from tests.loopback import rest
from tests.loopback.calls import Payload, Request
from tests.loopback.faults import broken, every_time
from tests.loopback.openapi import DOCUMENT, Contract, contract
from tests.loopback.process import TOKEN
from tests.loopback.server import FakeDiscord

SECRET = "what somebody said"
MESSAGE = ("POST", "/channels/1/messages")
CALLBACK = ("POST", "/interactions/1/token-of-it/callback")
RESPONSE = ("PATCH", "/webhooks/1/token-of-it/messages/@original")
COMMANDS = ("PUT", "/applications/1/commands")


SMALL: Payload = {
    "components": {"schemas": {"Text": {"oneOf": [{"type": "null"}, {"type": "string", "maxLength": 5}]}}},
    "paths": {
        "/channels/{channel_id}/messages": {
            "parameters": [],
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {"content": {"$ref": "#/components/schemas/Text"}},
                            }
                        }
                    },
                }
            },
        }
    },
}
"""A document of the same kind, for where Discord's own is not at hand."""


def breaches(agreed: Contract, route: tuple[str, str], body: Any) -> list[str]:
    return agreed.breaches(Request(*route, {}, body, None, 0))


def panel(*components: Payload) -> Payload:
    return {"flags": 1 << 15, "components": [{"type": 17, "components": list(components)}]}


def button(**changed: object) -> Payload:
    return {"type": 1, "components": [{"type": 2, "style": 1, "label": "Yes", "custom_id": "yes", **changed}]}


TAKEN: list[tuple[tuple[str, str], Any]] = [
    (MESSAGE, {"content": "hello", "nonce": "a" * 25, "enforce_nonce": True}),
    (MESSAGE, panel({"type": 10, "content": "hello"}, button(), button(style=5, url="https://example.org/"))),
    (MESSAGE, {"attachments": [{"id": 0, "filename": "chart.png", "description": "A chart"}]}),
    (("POST", "/users/@me/channels"), {"recipient_id": 7}),
    (("POST", "/users/@me/channels"), {"recipient_id": "7"}),
    (CALLBACK, {"type": 5, "data": {"flags": 64}}),
    (CALLBACK, {"type": 6}),
    (CALLBACK, {"type": 8, "data": {"choices": [{"name": "One", "value": "1"}]}}),
    (RESPONSE, panel({"type": 10, "content": "hello"})),
    (COMMANDS, [{"name": "help", "description": "What I can do", "type": 1}]),
    (("GET", "/users/@me"), None),
]


REFUSED: list[tuple[tuple[str, str], Any, str]] = [
    (MESSAGE, {"content": SECRET * 300}, "/messages: $.content: breaks maxLength 4000"),
    (MESSAGE, {"content": 7}, "$.content: breaks type ['string', 'null']"),
    (MESSAGE, {"nonce": SECRET * 2}, "$.nonce: breaks maxLength 25"),
    (
        MESSAGE,
        panel({"type": 10, "content": "hello"}, button(label=SECRET * 9)),
        "$.components[0].components[1].components[0].label: breaks maxLength 80",
    ),
    (MESSAGE, panel({"type": 1, "components": []}), "$.components[0].components[0].components: breaks minItems 1"),
    (MESSAGE, panel({"type": 99}), "$.components[0].components[0]: fits none of its kinds"),
    (("POST", "/users/@me/channels"), {"recipient_id": -7}, "$.recipient_id: breaks minimum 0"),
    (
        CALLBACK,
        {"type": 9, "data": {"custom_id": "form", "title": SECRET * 3, "components": [{"type": 10}]}},
        "$.data.title: breaks maxLength 45",
    ),
    (CALLBACK, {"type": 4, "data": {"content": SECRET * 300}}, "$.data.content: breaks maxLength 2000"),
    (CALLBACK, {"type": 77}, "fits none of its kinds"),
    (CALLBACK, None, "has no body"),
    (RESPONSE, {"embeds": [{"title": SECRET * 20}]}, "$.embeds[0].title: breaks maxLength 256"),
    (COMMANDS, [{"name": "x" * 33}], "$[0].name: breaks maxLength 32"),
    (COMMANDS, [{"description": "nameless"}], "$[0]: 'name' is a required property"),
    (("GET", "/users/@me"), {}, "has a body, and should have none"),
    (("GET", "/webhooks/1/token-of-it/elsewhere"), None, "GET /webhooks/...: not in the document"),
]


def test_openapi_document() -> None:
    agreed = contract()
    if agreed is None:
        pytest.skip(f"Discord's OpenAPI document is not at {DOCUMENT}")
    assert contract() is agreed
    original = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
    assert agreed.operation(Request(*RESPONSE, {}, None, None, 0)) == ("PATCH", original)

    assert [found for route, body in TAKEN for found in breaches(agreed, route, body)] == []
    for route, body, breach in REFUSED:
        found = breaches(agreed, route, body)
        assert any(breach in each for each in found), (breach, found)
        assert not any(said in each for each in found for said in (SECRET, "token-of-it"))


async def test_a_body_is_held_against_it_whatever_becomes_of_the_call(discord: FakeDiscord) -> None:
    url = f"{discord.api_url}/channels/{discord.open_dm(1)}/messages"
    headers = {"Authorization": f"Bot {TOKEN}"}
    breach = ["POST /channels/{channel_id}/messages: $.content: breaks maxLength 5"]
    with patch.object(rest, "contract", return_value=Contract(SMALL)):
        async with aiohttp.ClientSession(headers=headers) as http:
            async with http.post(url, json={"content": "goodbye"}):
                assert discord.forgive() == breach
            form = aiohttp.FormData({"payload_json": '{"content": "goodbye"}'}, quote_fields=False)
            form.add_field("files[0]", b"x", filename="x.txt")
            async with http.post(url, data=form):
                assert discord.forgive() == breach
            discord.script = every_time("* /**", broken())
            async with http.post(url, json={"content": "goodbye"}):
                assert discord.forgive() == breach
            async with http.post(url, json={"content": "hello"}):
                assert discord.forgive() == []
