"""Drives the page of `spoonful try` as a person would: typing, picking, clicking."""

import shutil
from pathlib import Path

from playwright.async_api import Locator, Page, expect

expect.set_options(timeout=15_000)  # milliseconds; machines are busy

PICTURES = Path("test-artifacts")

BROWSERS = ("chromium", "google-chrome", "chromium-browser")
CHROMIUM = next((found for name in BROWSERS if (found := shutil.which(name))), None)

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""The browser's own traffic off: nothing here may leave the machine."""


class Chat:
    """One open conversation in the page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def command(self, name: str, *values: str) -> None:
        """Type a slash command and the values of its options in turn, picking a suggestion where one is offered."""
        typing = self.page.keyboard
        await self.idle()
        await self.page.locator("#channel-composer-input").click()
        await typing.type(f"/{name}")
        await expect(self.page.get_by_role("option", name=f"/{name}").first).to_be_visible()
        await typing.press("Enter")
        await expect(self.page.get_by_role("option", name=f"/{name}")).to_have_count(0)  # else the typing is lost
        for value in values:
            suggestion, _, typed = value.rpartition("<-")
            await typing.type(typed)
            if suggestion:
                await self._pick(suggestion, typed)
        await self.page.get_by_role("button", name="Send", exact=True).click()

    async def _pick(self, suggestion: str, typed: str) -> None:
        """The page drops a look-up when the conversation changes meanwhile, and says so; a person types again."""
        offered = self.page.get_by_role("option", name=suggestion).first
        dropped = self.page.get_by_text("Loading options failed")
        for _ in range(3):
            await expect(offered.or_(dropped)).to_be_visible()
            if await offered.is_visible():
                break
            await self.page.keyboard.press("Backspace")
            await self.page.keyboard.type(typed[-1])
        await expect(offered).to_be_visible()
        await self.page.keyboard.press("Enter")

    def text(self, words: str) -> Locator:
        """The newest place where these words stand in the conversation."""
        return self.page.locator("main").get_by_text(words).last

    async def sees(self, *words: str) -> None:
        for each in words:
            await expect(self.text(each)).to_be_visible()

    async def idle(self) -> None:
        """Wait until the last action is through: the page ignores clicks while one is under way, and says so."""
        await expect(self.page.get_by_role("status").filter(has_text="…")).to_have_count(0, timeout=15_000)

    async def press(self, label: str) -> None:
        """As one event: the page may be drawn anew between a mouse button going down and up, and nothing is pressed."""
        await self.page.get_by_role("button", name=label, exact=True).last.wait_for()
        await self.idle()
        await self.page.get_by_role("button", name=label, exact=True).last.dispatch_event("click")

    async def choose(self, placeholder: str, option: str) -> None:
        """Open a select and pick one of its options."""
        await self.sees(placeholder)
        await self.idle()
        await self.text(placeholder).click()
        await self.page.get_by_role("option", name=option, exact=True).dispatch_event("click")

    async def view_as(self, name: str) -> None:
        """See the channel with the eyes of another of the people in it."""
        await self.idle()
        await self.page.get_by_label("Viewing as").select_option(label=name)

    async def message(self, words: str) -> Locator:
        """The newest message in which these words stand."""
        found = self.page.locator("main article").filter(has_text=words).last
        await expect(found).to_be_visible()
        return found

    async def picture_of(self, words: str, name: str) -> None:
        """Keep what that message looks like, alone and with no mouse over it."""
        await self.idle()
        await self.page.mouse.move(0, 0)
        await (await self.message(words)).screenshot(path=PICTURES / f"{name}.png")

    async def picture(self, name: str) -> None:
        """Keep what the page looks like now, for whoever wants to see."""
        await self.page.screenshot(path=PICTURES / f"{name}.png")
