"""`spoonful try` as a process of its own, and a browser on the page that it serves."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import async_playwright

from bot.config import ROOT
from tests.browser.page import CHROMIUM, QUIET, Chat


@pytest.fixture
async def address(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address that `spoonful try` prints on a line of its own."""
    options = getattr(request, "param", [])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "try", "--no-browser", *options, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    async with asyncio.timeout(30):
        while not (line := (await process.stdout.readline()).decode()).startswith("http"):
            assert line, "spoonful try ended without an address"
    yield line.strip()
    process.terminate()
    async with asyncio.timeout(15):
        assert await process.wait() == 0


@pytest.fixture
async def chat(address: str) -> AsyncIterator[Chat]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = await browser.new_page(viewport={"width": 900, "height": 1000})
        await page.goto(address)
        yield Chat(page)
        await browser.close()
