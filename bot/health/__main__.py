"""`python -m bot.health`: exit code 0 while the bot on this machine is ready."""

import sys

from bot.config import health_port, load_settings
from bot.errors import StartupError
from bot.health.ask import ask


def main() -> int:
    try:
        reply = ask(health_port(load_settings()))
    except StartupError as error:
        sys.stderr.write(f"spoonful: {error}\n")
        return error.code
    sys.stdout.write("\n".join(reply.lines) + "\n")
    return int(not reply.well)


sys.exit(main())
