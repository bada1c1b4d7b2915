from tests.chat.conftest import app, clock, env, library, press, settings, storage, world

__all__ = ["app", "clock", "env", "library", "press", "settings", "storage", "world"]
