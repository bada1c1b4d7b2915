"""Logs say what happened and never what somebody said."""

import logging
import subprocess
import sys

SCRIPT = """
import logging
import structlog
from bot.logs import configure
configure("DEBUG", "json")
structlog.get_logger("spoonful").info("prompt sent", prompt="abc")
try:
    raise ValueError("my pain is 7 because of MARKER")
except ValueError:
    structlog.get_logger("spoonful").exception("failed")
    logging.getLogger("somebody.else").exception("failed too")
logging.getLogger("discord.http").debug("MARKER token and body")
logging.getLogger("sqlalchemy.engine").info("MARKER parameters")
"""


def test_no_values_reach_the_log_even_at_debug() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert "MARKER" not in done.stderr + done.stdout
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert '"event": "prompt sent"' in lines[0]
    assert all("ValueError" in line and "trace" in line for line in lines[1:])


def test_the_root_logger_of_this_process_is_left_alone() -> None:
    assert logging.getLogger("discord").level == logging.NOTSET
