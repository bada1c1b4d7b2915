"""`spoonful run` and one member, from the first command on, over a real network and through its bad moments."""

from collections.abc import Sequence

from tests.loopback.calls import Payload
from tests.loopback.interactions import EPHEMERAL, Interaction, controls
from tests.loopback.process import RIGGED, Launcher, until
from tests.loopback.server import FakeDiscord

MEMBER = 4242


def control(components: Sequence[Payload], name: str) -> str:
    """The custom_id of a control, by the name it begins with."""
    return next(part["custom_id"] for part in controls(components) if part["custom_id"].startswith(f"{name}:"))


async def shown(interaction: Interaction) -> Payload:
    """The answer, once it is more than "thinking"."""
    await until(lambda: interaction.original and interaction.original["components"])
    assert interaction.original
    return interaction.original


async def test_a_check_in_from_consent_to_the_form(bots: Launcher, discord: FakeDiscord) -> None:
    place = discord.text_channel
    bot = await bots.online(RIGGED)

    typed = await discord.autocomplete(place, "checkin start", "place", by=MEMBER, place="Lond")
    await until(lambda: typed.choices)
    assert "Europe/London" in {choice["value"] for choice in typed.choices or ()}
    offer = await shown(await discord.slash(place, "checkin start", by=MEMBER, place="Europe/London", at="9pm"))
    assert offer["flags"] & EPHEMERAL
    await discord.press(place, offer, control(offer["components"], "agree"), by=MEMBER)
    dm = discord.open_dm(MEMBER)
    await until(lambda: discord.messages(dm))
    assert len(discord.calls("POST /users/@me/channels")) == 1

    asked = await shown(await discord.slash(dm, "checkin now"))
    await discord.choose(dm, asked, control(asked["components"], "pain"), "4")
    await until(lambda: "pain 4 of 10" in str(asked["components"]))
    opened = await discord.press(dm, asked, control(asked["components"], "more"))
    await until(lambda: opened.modal)
    await discord.submit(opened, {"note": "after the walk"})
    await until(lambda: "a note" in str(asked["components"]))

    assert discord.messages(place) == []
    assert await bot.stop() == 0


async def test_what_a_member_does_while_the_connection_is_down_is_answered(
    bots: Launcher, discord: FakeDiscord
) -> None:
    channel = discord.open_dm(MEMBER)
    bot = await bots.online(RIGGED)
    [session] = discord.sessions
    for times, lose in enumerate((session.abort, session.reconnect, lambda: session.close(4000)), 1):
        if waiting := lose():
            await waiting
        await shown(await discord.slash(channel, "help"))
        await until(lambda times=times: session.resumes == times)
    assert len(discord.gateway.identifies) == 1
    assert await bot.stop() == 0
