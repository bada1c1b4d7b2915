"""What can be typed."""

from bot.chat.ui.layout import Layout, panel

WELCOME = """\
`/treatment` what is known about a treatment, with its sources: try `ket`
`/checkin start` a short private check-in at a time you choose
`/help` everything else"""

HELP = """\
**Facts**
`/treatment` and `/topic` what is known, with sources
`/ask` a question in your own words
`/claim` something people say: is it so?
`/compare` two cards side by side
`/browse` every card
*Fact-check this*, and *Report a problem* on a card: press and hold a message, then *Apps*
Only you see an answer, unless you share it or your server shows them to all. Nobody keeps what you looked up.
`/support` where to turn to in your country
**Check-ins and reminders**
`/checkin start` set one up, or change its time
`/remind` a reminder in your own words, once or again and again
`/checkin settings` everything you have set up: change, pause, stop, flare days, quiet hours
`/checkin now` check in right away
`/checkin log` add one for a day that has passed
`/checkin history` what became of your latest ones
`/checkin timezone` move them to another clock
`/checkin stop` stop, and erase everything if you like
**Your own data, for you alone**
`/trends` how you have been: a picture, the numbers, a sentence
`/treatments start`, `/treatments stop`, `/treatments list` mark what you try
`/report` a page for your appointment, and your data as files
`/checkin import` bring such a file back
`/mydata` everything I have about you: see it, download it, erase it
**For moderators of a server**
`/setup` who looks after the cards here, and what is on
`/curate edit`, `/curate new`, `/curate claim` write; somebody else approves it
`/curate mine` your drafts, and what became of them
`/curate queue` what waits for the moderators
`/curate history`, `/curate withdraw` go back, or take a card down at once
`/status` how I am doing: connection, prompts, backup"""

LIMITS = (
    "-# Information to talk over with a clinician, not medical advice. "
    "I am a program: in an emergency, call your local emergency number."
)


def welcome_view() -> Layout:
    return panel([f"## Hello, I am Spoonful\n{WELCOME}"])


def help_view() -> Layout:
    return panel([f"## What I can do\n{HELP}", LIMITS])
