"""The composition root: settings -> storage, catalog -> services -> chat. Owns the order of start-up and shut-down."""

from bot.app.assembly import App, assemble
from bot.app.parts import Part, Role, Shards
from bot.app.running import DRAIN_SECONDS, SystemClock, open_press, open_storage, run
from bot.app.upkeep import ContentWatch, home_of, kept_of

__all__ = [
    "DRAIN_SECONDS",
    "App",
    "ContentWatch",
    "Part",
    "Role",
    "Shards",
    "SystemClock",
    "assemble",
    "home_of",
    "kept_of",
    "open_press",
    "open_storage",
    "run",
]
