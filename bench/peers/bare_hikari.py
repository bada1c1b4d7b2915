"""The least that a hikari bot can be: one command, one text of a given size. Run as a script."""

import argparse
import contextlib
import os
from unittest.mock import patch

import aiohttp
import hikari

CONTENT_LIMIT = 2000


async def send_as_text(socket: aiohttp.ClientWebSocketResponse, data: bytes) -> None:
    """hikari says its few words on the gateway in binary frames. Discord takes those; our small server does not."""
    await socket.send_str(data.decode())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("size", type=int, help="characters of the answer")
    size = parser.parse_args().size
    content, rest = "x" * min(size, CONTENT_LIMIT), "x" * max(0, size - CONTENT_LIMIT)
    bot = hikari.GatewayBot(
        os.environ["SPOONFUL_DISCORD_TOKEN"],
        rest_url=os.environ["SPOONFUL_DISCORD_API_URL"],
        intents=hikari.Intents.GUILDS,
        cache_settings=hikari.impl.CacheSettings(components=hikari.api.CacheComponents.NONE),
        banner=None,
        logs="ERROR",
    )

    @bot.listen()
    async def _register(event: hikari.ShardReadyEvent) -> None:
        command = bot.rest.slash_command_builder("treatment", "Say something as long as a card")
        name = hikari.CommandOption(type=hikari.OptionType.STRING, name="name", description="Which", is_required=True)
        with contextlib.suppress(KeyError):  # our small server echoes them with fewer words than it expects
            await bot.rest.set_application_commands(event.application_id, [command.add_option(name)])

    @bot.listen()
    async def _answer(event: hikari.CommandInteractionCreateEvent) -> None:
        await event.interaction.create_initial_response(
            hikari.ResponseType.MESSAGE_CREATE,
            content,
            embed=hikari.Embed(description=rest) if rest else hikari.UNDEFINED,
            flags=hikari.MessageFlag.EPHEMERAL,
        )

    with patch.object(aiohttp.ClientWebSocketResponse, "send_bytes", send_as_text):
        bot.run(check_for_updates=False, asyncio_debug=False)


if __name__ == "__main__":
    main()
