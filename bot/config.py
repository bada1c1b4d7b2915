"""Settings: the only reader of the environment. Every name starts with `SPOONFUL_`; unknown ones are refused."""

import os
import re
import stat
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.domain.lifetimes import BACKUPS, KEY_BACKUPS
from bot.errors import ExitCode, StartupError

PREFIX = "SPOONFUL_"
ROOT = Path(__file__).resolve().parent.parent

_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*", re.ASCII)
_TOKEN = re.compile(r"[\w-]{18,}\.[\w-]{4,}\.[\w-]{20,}", re.ASCII)


class Settings(BaseSettings):
    """What an operator can set. `.env` in the working directory is read too; the environment wins."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,  # `NAME=` in a template means "not set", not a path or an address
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    discord_token: SecretStr | None = Field(default=None, description="The bot's token.")
    discord_token_file: Path | None = Field(default=None, description="A file that holds the token instead.")
    data_dir: Path = Field(default=Path("data"), description="Where the database and the keys live.")
    content_dir: Path = Field(default=ROOT / "content", description="Cards and sources.")
    database_url: str | None = Field(default=None, description="PostgreSQL, as postgresql://...; default is SQLite.")
    master_key_file: Path | None = Field(default=None, description="Default: master.key in the data directory.")
    discord_api_url: str | None = Field(default=None, description="Another REST address: a proxy, or a test server.")
    discord_gateway_url: str | None = Field(default=None, description="Another gateway address, for tests.")
    support_path: str | None = Field(
        default=None, max_length=400, description="Where members here can turn to; switches PHQ-2 and GAD-2 on."
    )
    send_rate: float = Field(default=25, gt=0, le=50, description="Scheduled messages a second, at most.")
    source_watch: bool = Field(
        default=False, description="Ask Crossref and PubMed once a week whether sources were retracted or corrected."
    )
    health_port: int | None = Field(
        default=None, ge=1, le=65535, description="Answers /healthz, /readyz and /metrics, on this machine only."
    )
    heartbeat_url: SecretStr | None = Field(default=None, description="Called each minute while all is well.")
    keep_entries_days: int = Field(
        default=1825, ge=30, description="Days after which answers are forgotten; five years."
    )
    keep_unreachable_days: int = Field(
        default=180, ge=30, description="Days out of reach after which a member is told, and erased 14 days later."
    )
    backup_dir: Path | None = Field(default=None, description="Default: backups in the data directory.")
    backup_days: int = Field(
        default=BACKUPS.days, ge=0, le=BACKUPS.days, description="Days that database backups stay; 0 makes none."
    )
    vault_backup_days: int = Field(
        default=KEY_BACKUPS.days, ge=1, le=KEY_BACKUPS.days, description="Days that backups of the keys stay."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"

    @field_validator("heartbeat_url")
    @classmethod
    def _is_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _WEB_ADDRESS.fullmatch(value.get_secret_value()):
            raise ValueError("it is not an address that begins with https:// or http://")
        return value

    @property
    def key_file(self) -> Path:
        return self.master_key_file or self.data_dir / "master.key"

    @property
    def backups(self) -> Path:
        return self.backup_dir or self.data_dir / "backups"

    @property
    def sources_cache(self) -> Path:
        """What the registries of papers said lately."""
        return self.data_dir / "sources-verified.json"


def load_settings() -> Settings:
    """Settings from the environment and `.env`.

    Raises:
        StartupError: a value does not fit, or a `SPOONFUL_` name is not one of ours. No value is ever quoted.
    """
    known = [name.upper() for name in Settings.model_fields]
    for name in (*os.environ, *_names_in_env_file()):
        prefix, ours, own = name.upper().partition(PREFIX)
        if ours and not prefix and own not in known:
            near = get_close_matches(own, known, n=1)
            hint = f" Did you mean {PREFIX}{near[0]}?" if near else ""
            raise StartupError(f"{name} is not a setting of Spoonful.{hint}", ExitCode.CONFIG)
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise StartupError(f"{name} does not fit: {first['msg']}.", ExitCode.CONFIG) from None


def _names_in_env_file() -> list[str]:
    try:
        return list(dotenv_values(".env"))
    except (OSError, UnicodeDecodeError):
        raise StartupError("The file .env in this folder cannot be read as UTF-8 text.", ExitCode.CONFIG) from None


def read_token(settings: Settings) -> str:
    """The bot token from the environment or its file.

    Raises:
        StartupError: it is missing, unreadable, readable by others, or not shaped like a token. It is never quoted.
    """
    if settings.discord_token and settings.discord_token_file:
        raise StartupError("Set SPOONFUL_DISCORD_TOKEN or SPOONFUL_DISCORD_TOKEN_FILE, not both.", ExitCode.CONFIG)
    if settings.discord_token_file:
        token = _token_from(settings.discord_token_file)
    elif settings.discord_token:
        token = settings.discord_token.get_secret_value()
    else:
        raise StartupError(
            "There is no token. Put the bot's token into SPOONFUL_DISCORD_TOKEN, or into a file that "
            "SPOONFUL_DISCORD_TOKEN_FILE names. To look around without one: spoonful try.",
            ExitCode.CONFIG,
        )
    if not _TOKEN.fullmatch(token):
        raise StartupError(
            "The token is not shaped like a Discord bot token (three parts joined by dots, no spaces or line breaks). "
            "Copy it again from the Bot page of the Discord developer portal.",
            ExitCode.CONFIG,
        )
    return token


def health_port(settings: Settings) -> int:
    """The port at which a bot with these settings tells how it is.

    Raises:
        StartupError: it has none.
    """
    if settings.health_port is None:
        raise StartupError(
            "The bot tells nobody how it is: set SPOONFUL_HEALTH_PORT, such as 8080, for it and for this command.",
            ExitCode.CONFIG,
        )
    return settings.health_port


def _token_from(path: Path) -> str:
    try:
        if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH) and not _is_credential(path):
            raise StartupError(
                f"Others on this machine can read {path}; mend it with: chmod 600 {path}", ExitCode.CONFIG
            )
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise StartupError(f"The token file {path} cannot be read.", ExitCode.CONFIG) from None


def _is_credential(path: Path) -> bool:
    """Whether systemd gives it to us: an access list admits us alone, which the mode shows as readable by the group."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(folder) and path.parent == Path(folder)
