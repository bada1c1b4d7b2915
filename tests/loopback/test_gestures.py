"""What people can do on this Discord, as a real client understands it."""

import io
from typing import Any

import aiohttp
import discord as library
import pytest
from discord import app_commands, ui

from tests.loopback.calls import Payload
from tests.loopback.clients import Client, Interaction, online
from tests.loopback.process import until
from tests.loopback.server import FakeDiscord

SOMEBODY = 7
ABC = "abc"


class Form(ui.Modal):
    """A field of every kind that has a value of its own shape."""

    def __init__(self) -> None:
        super().__init__(title="Everything", custom_id="form")
        options = [library.SelectOption(label=each, default=each == "b") for each in ABC]
        self.fields: list[Any] = [
            ui.TextInput(custom_id="text"),
            ui.TextInput(custom_id="note", required=False, default="as it was"),
            ui.Select(custom_id="many", max_values=2, options=options),
            ui.RadioGroup(custom_id="one", options=[library.RadioGroupOption(label=each) for each in ABC]),
            ui.Checkbox(custom_id="sure", default=True),
        ]
        for field in self.fields:
            self.add_item(ui.Label(text=field.custom_id, component=field))

    async def on_submit(self, interaction: Interaction, /) -> None:
        text, note, many, one, sure = self.fields
        said = [text.value, note.value, many.values, one.value, sure.value, interaction.user.id]
        await interaction.response.send_message(repr(said))


class Talker(Client):
    """Has commands of every shape, and says what it understood."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = app_commands.CommandTree[Any](self)
        group = app_commands.Group(name="group", description="A group")

        async def options(interaction: Interaction, word: str, number: int, share: float = 0.5) -> None:
            said = [word, number, share, interaction.user.id, interaction.guild is not None]
            await interaction.response.send_message(repr(said), ephemeral=True)

        async def form(interaction: Interaction) -> None:
            await interaction.response.send_modal(Form())

        async def menu(interaction: Interaction, message: library.Message) -> None:
            await interaction.response.send_message(repr([message.content, interaction.user.id]))

        async def suggest(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
            return [app_commands.Choice(name=f"{typed} and {interaction.namespace.number}", value="x")]

        command: app_commands.Command[Any, Any, Any] = app_commands.Command(
            name="options", description="With options", callback=options
        )
        command.autocomplete("word")(suggest)
        group.add_command(app_commands.Command(name="form", description="A form", callback=form))
        for each in (command, group, app_commands.ContextMenu(name="On a message", callback=menu)):
            self.tree.add_command(each)

    async def setup_hook(self) -> None:
        await self.tree.sync()


def said(message: Payload | None) -> str:
    return (message or {}).get("content", "")


async def test_a_command_with_options_in_a_dm_and_in_the_server(discord: FakeDiscord) -> None:
    channel = discord.open_dm(SOMEBODY)
    async with online(discord, Talker()):
        asked = await discord.slash(channel, "options", word="hm", number=3)
        await until(lambda: asked.original)
        assert said(asked.original) == repr(["hm", 3, 0.5, SOMEBODY, False])
        asked = await discord.slash(discord.text_channel, "options", by=8, word="hm", number=3, share=0.25)
        await until(lambda: asked.original)
        assert said(asked.original) == repr(["hm", 3, 0.25, 8, True])
    assert discord.messages(discord.text_channel) == []  # ephemeral


async def test_what_nobody_could_do_is_the_tests_mistake(discord: FakeDiscord) -> None:
    channel = discord.open_dm(SOMEBODY)
    async with online(discord, Talker()):
        for name in ("elsewhere", "group elsewhere", "options"):
            with pytest.raises(LookupError):
                await discord.slash(channel, name)
        with pytest.raises(LookupError):
            await discord.slash(channel, "group form", word="hm")
        with pytest.raises(ValueError, match="one person"):
            await discord.slash(channel, "group form", by=8)
        with pytest.raises(ValueError, match="by whom"):
            await discord.slash(discord.text_channel, "group form")


async def test_autocomplete(discord: FakeDiscord) -> None:
    channel = discord.open_dm(SOMEBODY)
    async with online(discord, Talker()):
        asked = await discord.autocomplete(channel, "options", "word", word="h", number=3)
        await until(lambda: asked.choices)
        assert asked.choices == [{"name": "h and 3", "value": "x"}]


async def test_a_command_on_a_message(discord: FakeDiscord) -> None:
    client = Talker()
    async with online(discord, client):
        await client.get_partial_messageable(discord.text_channel).send("hello")
        [message] = discord.messages(discord.text_channel)
        asked = await discord.context_menu(discord.text_channel, "On a message", message, by=8)
        await until(lambda: asked.original)
        assert said(asked.original) == repr(["hello", 8])


async def test_a_form(discord: FakeDiscord) -> None:
    async with online(discord, Talker()):
        opened = await discord.slash(discord.text_channel, "group form", by=8)
        await until(lambda: opened.modal)
        for wrong in ({}, {"text": "hm"}, {"text": "hm", "one": "a", "elsewhere": "a"}):
            with pytest.raises(LookupError):
                await discord.submit(opened, wrong)
        sent = await discord.submit(opened, {"text": "hm", "one": "a"})
        await until(lambda: sent.original)
        assert said(sent.original) == repr(["hm", "as it was", ["b"], "a", True, 8])
        with pytest.raises(LookupError, match="no form"):
            await discord.submit(sent, {})


async def test_a_form_filled_all_through(discord: FakeDiscord) -> None:
    channel = discord.open_dm(SOMEBODY)
    async with online(discord, Talker()):
        opened = await discord.slash(channel, "group form")
        await until(lambda: opened.modal)
        filled = {"text": "hm", "note": "", "many": ["a", "c"], "one": "c", "sure": False}
        sent = await discord.submit(opened, filled)
        await until(lambda: sent.original)
        assert said(sent.original) == repr(["hm", "", ["a", "c"], "c", False, SOMEBODY])


async def test_buttons_and_selects(discord: FakeDiscord) -> None:
    channel = discord.open_dm(SOMEBODY)

    async def answer(interaction: Interaction) -> None:
        data: Any = interaction.data
        said = [data["component_type"], data["custom_id"], data.get("values")]
        await interaction.response.edit_message(content=repr(said))

    client = Client(answer)
    async with online(discord, client):
        view = ui.View()
        view.add_item(ui.Button(label="Yes", custom_id="yes"))
        view.add_item(ui.Select(custom_id="pick", options=[library.SelectOption(label=each) for each in ABC]))
        view.stop()
        await client.get_partial_messageable(channel).send("hello", view=view)
        [message] = discord.messages(channel)
        await discord.press(channel, message, "yes")
        await until(lambda: said(message) == repr([2, "yes", None]))
        await discord.choose(channel, message, "pick", "b")
        await until(lambda: said(message) == repr([3, "pick", ["b"]]))


async def test_an_answer_can_come_too_late(discord: FakeDiscord) -> None:
    channel = discord.open_dm(SOMEBODY)
    client = Client()
    async with online(discord, client):
        await client.get_partial_messageable(channel).send("hello")
        [message] = discord.messages(channel)
        discord.interactions.acknowledge_within = 0
        await discord.press(channel, message, "any")
        await until(lambda: client.seen)
        with pytest.raises(library.NotFound) as refused:
            await client.seen[0].response.defer()
        assert refused.value.code == 10062

        discord.interactions.acknowledge_within = 60
        old = await discord.press(channel, message, "any")
        await until(lambda: len(client.seen) == 2)
        await client.seen[1].response.defer()
        old.expired = True
        with pytest.raises(library.HTTPException) as refused:
            await client.seen[1].edit_original_response(content="late")
        assert refused.value.code == 50027


async def test_files_are_kept_and_can_be_fetched(discord: FakeDiscord) -> None:
    channel = discord.open_dm(SOMEBODY)
    client = Client()
    async with online(discord, client):
        place = client.get_partial_messageable(channel)
        view = ui.LayoutView()
        view.add_item(ui.MediaGallery(library.MediaGalleryItem("attachment://one.png", description="One")))
        files = [
            library.File(io.BytesIO(b"1" * 9), "one.png", description="One"),
            library.File(io.BytesIO(b"2"), "2.csv"),
        ]
        sent = await place.send(view=view, files=files, nonce="n")
        [call] = discord.calls("POST /channels/*/messages")
        assert [(file.field, file.name, file.size) for file in call.files] == [
            ("files[0]", "one.png", 9),
            ("files[1]", "2.csv", 1),
        ]
        assert call.body["nonce"] == "n"
        [message] = discord.messages(channel)
        one, two = message["attachments"]
        assert (one["filename"], one["description"], one["content_type"], two["size"]) == (
            "one.png",
            "One",
            "image/png",
            1,
        )
        assert message["components"][0]["items"][0]["media"]["url"] == one["url"]
        async with aiohttp.ClientSession() as http, http.get(one["url"]) as response:
            assert await response.read() == b"1" * 9

        await sent.edit(attachments=[sent.attachments[1]])
        assert message["attachments"] == [two]
        await sent.delete()
    assert discord.messages(channel) == []
