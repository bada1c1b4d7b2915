"""The daily backup of a bot that runs, and the command beside it."""

import asyncio
import os
import sys

from bot.errors import ExitCode
from bot.storage.backups.folder import Home, backups_in
from bot.storage.backups.making import verify
from bot.storage.backups.sealed import Kind
from tests.loopback.due import put_due_prompt
from tests.loopback.process import RIGGED, Launcher, until


async def command(bots: Launcher, *arguments: str) -> tuple[int | None, str]:
    """`spoonful backup ...` as the operator of that bot; exit code, and what it says."""
    env = dict(os.environ) | {"SPOONFUL_DATA_DIR": str(bots.data_dir)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "backup", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=env,
        cwd=bots.folder,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_a_running_bot_backs_itself_up_once_a_day_and_can_be_backed_up_besides(bots: Launcher) -> None:
    await put_due_prompt(bots)
    home = Home(None, bots.data_dir, bots.data_dir / "master.key", bots.data_dir / "backups")
    bot = await bots.online(RIGGED)
    await until(lambda: len(bot.told("backup made")) == 2)
    assert {each.kind for each in backups_in(home.backups)} == set(Kind)
    for each in backups_in(home.backups):
        assert await asyncio.to_thread(verify, home, each.path)

    code, said = await command(bots, "create")
    assert (code, said.count("made and verified: ")) == (0, 2), said
    code, said = await command(bots, "drill")
    assert (code, said.splitlines()[-1]) == (0, "The drill went well: what is stored here can be restored.")
    code, said = await command(bots, "restore")
    assert code == ExitCode.BUSY
    assert said.startswith("spoonful: Another Spoonful process is using")
    assert await bot.stop() == 0

    again = await bots.online(RIGGED)
    assert await again.stop() == 0
    assert again.told("backup made") == []
    code, said = await command(bots, "restore")
    assert (code, said.splitlines()[-1]) == (0, "The bot can be started.")


async def test_the_daily_backup_can_be_switched_off(bots: Launcher) -> None:
    bot = await bots.online(RIGGED, backup_days="0")
    assert await bot.stop() == 0
    assert not (bots.data_dir / "backups").exists()


async def test_a_backup_that_fails_says_why_and_the_bot_goes_on(bots: Launcher) -> None:
    bots.data_dir.mkdir(mode=0o700)
    (bots.data_dir / "backups").write_text("no folder")
    bot = await bots.online(RIGGED)
    await until(lambda: bot.told("backup failed"))
    [failed] = bot.told("backup failed")
    assert "backups" in failed["reason"]
    assert await bot.stop() == 0
