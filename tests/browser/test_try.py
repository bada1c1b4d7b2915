"""`make try` as a newcomer lives it: the real command, its real page, a real browser."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from tests.browser.page import CHROMIUM, Chat

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine; on Debian: apt install chromium")


async def test_a_newcomer_asks_a_question_and_lives_a_checkin(chat: Chat) -> None:
    await chat.sees("Hello, I am Spoonful", "/treatment", "/checkin start", "/help")

    await chat.command("treatment", "Ketamine<-ket")
    await chat.sees("What trials found", "Questions for a clinician", "Not yet reviewed by a clinician")
    await chat.picture("card")
    await chat.press("Sources")
    await chat.sees("Ketamine: sources", "https://doi.org/10.3109/03009749509095181")
    await chat.press("What people say")
    await chat.sees("Ketamine: what people say")

    await chat.command("checkin start", "09:00")
    await chat.sees("What you agree to", "Your clock should read")
    await chat.press("No, it reads something else")
    fields = chat.page.get_by_role("dialog").get_by_role("textbox")
    await fields.nth(0).fill(f"{datetime.now(ZoneInfo('Europe/London')):%H:%M}")
    await fields.nth(1).fill("united kingdom")
    await chat.press("Submit")
    await chat.choose("Pick a place", "London, United Kingdom")
    await chat.sees("What you agree to", "(London, United Kingdom)")
    await chat.picture("consent")
    await chat.press("Yes, I agree: start")
    await chat.sees("Set: Daily check-in, 09:00, every day")

    await chat.command("jump")
    await chat.sees("Time for your check-in.")
    await chat.picture("prompt")
    await chat.choose("Pick an answer", "6")
    await chat.sees("Saved, thank you", "pain 6 of 10")

    await chat.press("Add more")
    await chat.page.get_by_role("dialog").get_by_role("textbox").fill("slept badly")
    await chat.press("Submit")
    await chat.sees("With a note.")
    await chat.picture("recorded")

    await chat.command("checkin settings")
    await chat.sees("Daily check-in", "09:00, every day", "I am in a flare")
    await chat.picture("settings")

    await chat.command("trends")
    await chat.sees("Median pain 6", "Pain, the last 30 days")
    await chat.picture("trends")

    await chat.command("checkin stop")
    await chat.sees("Stop everything?")
    await chat.press("Stop, keep my entries")
    await chat.sees("No more prompts.")


@pytest.mark.parametrize("address", [["--channel"]], indirect=True)
async def test_a_card_is_shared_in_a_server_channel(chat: Chat) -> None:
    await chat.command("treatment", "Ketamine<-ket")
    await chat.press("Share here")
    await expect(chat.page.get_by_text("Questions for a clinician")).to_have_count(2)
    await chat.page.get_by_label("Viewing as").select_option(label="moderator")
    await expect(chat.page.get_by_text("Questions for a clinician")).to_have_count(1)
    await chat.picture("shared")
