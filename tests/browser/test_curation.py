"""The moderators' side of `spoonful try --channel`, as they live it: propose, review, publish, and what follows.

The pictures in docs/moderators.md come from here.
"""

import pytest
from playwright.async_api import expect

from tests.browser.page import CHROMIUM, PICTURES, Chat

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine; on Debian: apt install chromium")

OLD, NEW = "Vivid dreams or nightmares.", "Vivid dreams, or nightmares."
HARM = "More drowsiness with alcohol or other sedatives."
WHY = "Members asked about a glass of wine in the evening."


async def write_harms(chat: Chat, line: str) -> None:
    await chat.choose("Which part?", "Harms")
    box = chat.page.get_by_role("dialog").get_by_role("textbox").first
    before = [each for each in (await box.input_value()).replace(OLD, NEW).splitlines() if HARM not in each]
    await box.fill("\n".join([*before, line]))


@pytest.mark.parametrize("address", [["--channel"]], indirect=True)
async def test_two_moderators_change_a_card_and_take_it_down(chat: Chat) -> None:
    await chat.page.set_viewport_size({"width": 900, "height": 2400})
    await chat.command("treatment", "Melatonin<-melat")
    await chat.press("Share here")
    await expect(chat.page.get_by_text("Questions for a clinician")).to_have_count(2)

    await chat.view_as("moderator")
    await chat.command("curate edit", "Melatonin<-melat")
    await chat.sees("Nothing differs from the card yet")
    await write_harms(chat, HARM)
    await chat.page.get_by_role("dialog").screenshot(path=PICTURES / "moderators-form.png")
    await chat.press("Submit")
    await chat.sees("1 thing to mend before it can be sent")
    await chat.picture_of("1 thing to mend", "moderators-draft")
    await write_harms(chat, f"{HARM} [3]")
    await chat.press("Submit")
    await chat.sees("What differs so far")
    await expect(chat.page.get_by_text("to mend before it can be sent")).to_have_count(0)
    await chat.press("Send for review")
    await chat.page.get_by_role("dialog").get_by_role("textbox").fill(WHY)
    await chat.press("Submit")
    await chat.sees("Sent for review", "In review.")

    await chat.view_as("second moderator")
    await chat.picture_of("In review.", "moderators-review")
    await chat.command("curate queue")
    await chat.sees("What waits here")
    await chat.picture_of("What waits here", "moderators-queue")
    await chat.press("Approve")
    await chat.sees("Members see it now.")
    await chat.picture_of("Members see it now.", "moderators-published")
    await chat.sees("Updated", "new harm added")
    await chat.picture_of("new harm added", "moderators-updated")

    await chat.command("curate withdraw", "Melatonin<-melat", "A reader doubts one of the numbers.")
    await chat.sees("Withdrawn just now.", "Withdrawn, being checked.")
    await chat.picture_of("Withdrawn just now.", "moderators-history")
    await chat.view_as("member")
    await expect(chat.page.get_by_text("A reader doubts one of the numbers.")).to_have_count(1)
    await chat.picture_of("A reader doubts", "moderators-withdrawn")

    await chat.view_as("manager")
    await chat.command("setup")
    await chat.sees("Set up Spoonful in this server")
    await chat.picture_of("Set up Spoonful in this server", "moderators-setup")
