"""What an operator sets: every mistake is one clear sentence, and no value that may be secret is in it."""

import os
from pathlib import Path

import pytest

from bot.config import PREFIX, ROOT, Settings, load_settings, read_token
from bot.errors import ExitCode, StartupError

# Put together from parts so that no scanner, and no person, takes it for a real one.
TOKEN = ".".join(("not-a-real-token-at-all", "unit", "made-up-for-these-tests"))


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder without `.env`, and none of the developer's own settings."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)


def settings_from(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(PREFIX + name.upper(), value)
    return load_settings()


def refusal_of(settings: Settings) -> str:
    """Why `read_token` refuses; the token is not in it."""
    with pytest.raises(StartupError) as refused:
        read_token(settings)
    assert refused.value.code is ExitCode.CONFIG
    assert TOKEN not in str(refused.value)
    return str(refused.value)


def token_file(path: Path, content: bytes = TOKEN.encode(), mode: int = 0o600) -> str:
    path.write_bytes(content)
    path.chmod(mode)
    return str(path)


def test_nothing_needs_to_be_set() -> None:
    settings = load_settings()
    assert settings.data_dir == Path("data")
    assert settings.key_file == Path("data/master.key")
    assert settings.content_dir == ROOT / "content"
    assert settings.database_url is None


def test_the_environment_wins_over_the_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SPOONFUL_DATA_DIR=from-file\nSPOONFUL_SEND_RATE=5\nOTHER_PROGRAM=1\n")
    settings = settings_from(monkeypatch, data_dir="from-environment")
    assert (settings.data_dir, settings.send_rate) == (Path("from-environment"), 5)


def test_an_empty_value_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = dict.fromkeys(Settings.model_fields, "")
    assert settings_from(monkeypatch, **empty) == Settings.model_construct()


@pytest.mark.parametrize("where", ["environment", "file"])
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SPOONFUL_DISCORD_TOKN", " Did you mean SPOONFUL_DISCORD_TOKEN?"),
        ("SPOONFUL_LOGLEVEL", " Did you mean SPOONFUL_LOG_LEVEL?"),
        ("spoonful_data_dirs", " Did you mean SPOONFUL_DATA_DIR?"),
        ("SPOONFUL_QQQQ", ""),
    ],
)
def test_an_unknown_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str, name: str, hint: str) -> None:
    if where == "environment":
        monkeypatch.setenv(name, TOKEN)
    else:
        (tmp_path / ".env").write_text(f"{name}={TOKEN}\n")
    with pytest.raises(StartupError) as refused:
        load_settings()
    assert str(refused.value) == f"{name} is not a setting of Spoonful.{hint}"
    assert refused.value.code is ExitCode.CONFIG


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("send_rate", "fast"),
        ("send_rate", "-3"),
        ("send_rate", "51"),
        ("send_rate", "nan"),
        ("log_level", "LOUD"),
        ("log_format", "xml"),
    ],
)
def test_a_value_that_does_not_fit(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(StartupError) as refused:
        settings_from(monkeypatch, **{name: value})
    assert str(refused.value).startswith(f"SPOONFUL_{name.upper()} does not fit: ")
    assert value not in str(refused.value)
    assert refused.value.code is ExitCode.CONFIG


def test_an_env_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"SPOONFUL_DATA_DIR=d\xe4ta\n")
    with pytest.raises(StartupError, match=r"\.env in this folder cannot be read"):
        load_settings()


def test_settings_do_not_show_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_from(monkeypatch, discord_token=TOKEN)
    assert TOKEN not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_a_token_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_token(settings_from(monkeypatch, discord_token=TOKEN)) == TOKEN


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_token_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, end: str) -> None:
    path = token_file(tmp_path / "token", (TOKEN + end).encode())
    assert read_token(settings_from(monkeypatch, discord_token_file=path)) == TOKEN


def test_fault_61_no_token() -> None:
    assert refusal_of(load_settings()).startswith("There is no token.")


def test_two_tokens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = token_file(tmp_path / "token")
    assert "not both" in refusal_of(settings_from(monkeypatch, discord_token=TOKEN, discord_token_file=path))


@pytest.mark.parametrize(
    "token",
    [
        TOKEN + "\n",
        TOKEN.replace(".", ".\n", 1),
        f"Bot {TOKEN}",
        f'"{TOKEN}"',
        TOKEN + " ",
        TOKEN.rpartition(".")[0],
        TOKEN + ".more",
        TOKEN.replace("unit", "ünit"),
        "changeme",
    ],
)
def test_fault_61_a_token_with_the_wrong_shape_is_never_printed(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    said = refusal_of(settings_from(monkeypatch, discord_token=token))
    assert said.startswith("The token is not shaped like a Discord bot token")
    assert token.strip() not in said


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_fault_61_a_token_file_that_others_can_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int) -> None:
    path = token_file(tmp_path / "token", mode=mode)
    assert refusal_of(settings_from(monkeypatch, discord_token_file=path)).endswith(f"chmod 600 {path}")


def test_a_token_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    said = refusal_of(settings_from(monkeypatch, discord_token_file=missing))
    assert said == f"The token file {missing} cannot be read."


def test_a_token_file_that_is_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "token"
    folder.mkdir(mode=0o700)
    assert "cannot be read" in refusal_of(settings_from(monkeypatch, discord_token_file=str(folder)))


def test_a_token_file_that_is_not_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = token_file(tmp_path / "token", b"\xff\xfe" + TOKEN.encode("utf-16-le"))
    assert "cannot be read" in refusal_of(settings_from(monkeypatch, discord_token_file=path))


def test_a_credential_of_systemd_is_taken_though_its_mode_names_the_group(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """systemd's access list for the service's user shows as 0440. Elsewhere that mode is refused."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    given = settings_from(monkeypatch, discord_token_file=token_file(folder / "token", mode=0o440))
    assert read_token(given) == TOKEN
    beside = settings_from(monkeypatch, discord_token_file=token_file(tmp_path / "token", mode=0o440))
    assert "chmod 600" in refusal_of(beside)
