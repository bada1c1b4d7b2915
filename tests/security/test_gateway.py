"""What Discord itself may send us of what people typed."""

from tests.loopback.due import put_due_prompt
from tests.loopback.process import RIGGED, Launcher, until
from tests.loopback.server import FakeDiscord
from tests.security.odd import LONELY


async def test_fault_54_half_a_character_from_discord_ends_nothing(bots: Launcher, discord: FakeDiscord) -> None:
    _, channel = await put_due_prompt(bots)
    bot = await bots.online(RIGGED)
    await discord.slash(channel, "treatment", name=f"ketamine{LONELY}")
    helped = await discord.slash(channel, "help")
    await until(lambda: helped.original or bot.process.returncode is not None)
    assert bot.process.returncode is None
