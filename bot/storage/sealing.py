"""AES-256-GCM as we use it, and the file with the master key.

Sealed bytes are `format byte | 12 bytes nonce | ciphertext and tag`. The context is authenticated with them: what was
moved to another place does not open.
"""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.errors import ExitCode, StartupError

KEY_BYTES = 32
UNFINISHED = ".unfinished"

_FORMAT = b"\x01"
_NONCE_BYTES = 12


class SealBroken(Exception):  # noqa: N818 - it says what is broken
    """This does not open: the key is gone or another one, or the bytes were cut, changed or moved from elsewhere."""


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def seal(key: bytes, context: str, plaintext: bytes) -> bytes:
    """Encrypt for one place, which `context` names."""
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + AESGCM(key).encrypt(nonce, plaintext, context.encode())


def unseal(key: bytes, context: str, sealed: bytes) -> bytes:
    """What was sealed with that key for that place.

    Raises:
        SealBroken: it does not open; the message names nothing of the content.
    """
    nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    if not sealed.startswith(_FORMAT) or len(nonce) < _NONCE_BYTES:
        raise SealBroken("these are not sealed bytes of a format we know")
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, context.encode())
    except InvalidTag:
        raise SealBroken("the sealed bytes do not fit the key or the place") from None


def opens(key: bytes, context: str, sealed: bytes) -> bool:
    """Whether this was sealed with that key for that place."""
    try:
        unseal(key, context, sealed)
    except SealBroken:
        return False
    return True


def load_master_key(path: Path, *, create: bool) -> bytes:
    """The key that wraps all others, from a file of exactly 32 bytes that only its owner can read.

    Args:
        create: make the file if it is not there. Only right while nothing has been sealed yet.

    Raises:
        StartupError: the file is missing, readable by others, or of another size.
    """
    try:
        if create:
            with suppress(FileExistsError):
                create_key_file(path)
        mode, key = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise StartupError(
            f"The master key file {path} cannot be read ({error.strerror}). Without it no answer can be: put it back.",
            ExitCode.CONFIG,
        ) from error
    if mode & 0o077:
        raise StartupError(f"Others can read the master key file {path}. Run: chmod 600 {path}", ExitCode.CONFIG)
    if len(key) != KEY_BYTES:
        raise StartupError(f"The master key file {path} holds {len(key)} bytes, not {KEY_BYTES}.", ExitCode.CONFIG)
    return key


def create_key_file(path: Path, *, owner: os.stat_result | None = None) -> None:
    """Make a new key, whole and on disk for certain before it has its name: a power cut leaves no half of it.

    Args:
        owner: whose file it is to be; whoever runs this, if not given.

    Raises:
        FileExistsError: the file is there.
        OSError: the file system refuses.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file, unfinished = mkstemp(prefix=f"{path.name}.", suffix=UNFINISHED, dir=path.parent)  # mode 0600
    try:
        os.write(file, new_key())
        os.fsync(file)
        if owner is not None:
            os.chown(file, owner.st_uid, owner.st_gid)
        os.link(unfinished, path)
    finally:
        os.close(file)
        Path(unfinished).unlink()
        sync_folder(path.parent)  # also if it was there: whoever made it may have been killed before this


def sync_folder(path: Path) -> None:
    """Make the names in a folder certain: until then a power cut can undo that a file was made, renamed or removed."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
