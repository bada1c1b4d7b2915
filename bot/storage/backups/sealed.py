"""The file of a backup, sealed in chunks: neither making nor reading one takes more memory than a few of them.

    "spoonful backup 1\\n" | length of the header, 4 bytes | header, JSON | chunks

The header says what the file is, and holds the key of the chunks wrapped with the master key, for these very words. A
chunk is 1 MiB of content, AES-256-GCM under the file's own key. Its number is the nonce and "this is the last one" is
authenticated with it: what was cut off, swapped or brought in from another file does not open.
"""

import struct
from collections.abc import Callable, Iterator
from datetime import UTC
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field, ValidationError

from bot.errors import ExitCode, StartupError
from bot.storage.sealing import SealBroken, new_key, seal, unseal

CHUNK = 1024 * 1024

Halt = Callable[[], bool]
"""Asked again and again while something takes long: whether to give up."""

_MAGIC = b"spoonful backup "
_FORMAT = b"1\n"
_LENGTH = struct.Struct(">I")
_LONGEST_HEADER = 65_536
_TAG_BYTES = 16
_MORE, _LAST = b"more", b"last"


class BadBackup(StartupError):  # noqa: N818 - it says what is bad
    """A file that cannot be restored: damaged, cut off, changed, of another key, or no backup at all."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ExitCode.DATABASE)


class Halted(Exception):  # noqa: N818 - nothing is wrong
    """Given up because somebody asked for it."""


class Kind(StrEnum):
    """What a backup holds. The two are apart so that an erased member's key is in no file after a few days."""

    DATABASE = "database"
    VAULT = "vault"


class About(BaseModel):
    """What a backup is. `created` is from before the copying began; `revision` is that of the schema inside."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    engine: Literal["sqlite", "postgresql"]
    revision: Annotated[str, Field(max_length=64)]
    created: AwareDatetime

    @property
    def context(self) -> str:
        """What the wrapped keys are bound to: nobody changes these words without the master key."""
        return f"backup:{self.kind}:{self.engine}:{self.revision}:{self.created.astimezone(UTC).isoformat()}"


class Header(BaseModel):
    """`former` is there in a vault's backup made before the master key was exchanged: the one its content is under."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: About
    key: Base64Bytes
    former: Base64Bytes | None = None

    def key_of_content(self, master: bytes) -> bytes:
        """Raises SealBroken if this is not the master key."""
        return unseal(master, self.about.context, self.key)

    def former_master(self, master: bytes) -> bytes | None:
        """The master key that the members' keys inside are wrapped with, if it is not this one."""
        return None if self.former is None else unseal(master, f"{self.about.context}:former", self.former)

    def rewrapped(self, old: bytes, new: bytes) -> "Header":
        """Raises SealBroken if `old` is not its master key."""
        content = seal(new, self.about.context, self.key_of_content(old))
        if self.about.kind is not Kind.VAULT:
            return _header(self.about, content)
        former = self.former_master(old) or old
        return _header(self.about, content, seal(new, f"{self.about.context}:former", former))


def write(file: IO[bytes], about: About, master: bytes, content: IO[bytes], halt: Halt) -> None:
    """Seal everything that `content` (buffered) has to read.

    Raises:
        Halted: told to give up.
    """
    key = new_key()
    write_header(file, _header(about, seal(master, about.context, key)))
    for chunk in _sealed(AESGCM(key), content):
        if halt():
            raise Halted
        file.write(chunk)


def write_header(file: IO[bytes], header: Header) -> None:
    text = header.model_dump_json(exclude_none=True).encode()
    file.write(_MAGIC + _FORMAT + _LENGTH.pack(len(text)) + text)


def read_header(file: IO[bytes], path: Path) -> Header:
    """The header; the file stands at the first chunk then.

    Raises:
        BadBackup: this is no backup, or a newer version made it.
    """
    if file.read(len(_MAGIC)) != _MAGIC:
        raise BadBackup(f"{path} is not a backup of Spoonful.")
    if file.readline(16) != _FORMAT:
        raise BadBackup(f"{path} was made by a newer Spoonful. Use that version or a later one.")
    length = file.read(_LENGTH.size)
    if len(length) == _LENGTH.size and (size := _LENGTH.unpack(length)[0]) <= _LONGEST_HEADER:
        try:
            return Header.model_validate_json(file.read(size))
        except ValidationError:
            pass
    raise BadBackup(f"{path} is damaged: its beginning cannot be read.")


def header_of(path: Path) -> Header:
    """Raises BadBackup as `read_header` does, or if there is no such file."""
    with _opened(path) as file:
        return read_header(file, path)


def content_of(path: Path, master: bytes) -> Iterator[bytes]:
    """The content, chunk by chunk, each checked before it is given out; only at the end is it known to be all.

    Raises:
        BadBackup: another master key, or the file is damaged, cut off or changed.
    """
    with _opened(path) as file:
        header = read_header(file, path)
        try:
            key = header.key_of_content(master)
        except SealBroken:
            raise BadBackup(
                f"{path} does not open with this master key: it was made with another, or its beginning was changed."
            ) from None
        yield from _unsealed(AESGCM(key), file, path)


def _header(about: About, key: bytes, former: bytes | None = None) -> Header:
    return Header.model_construct(about=about, key=key, former=former)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise BadBackup(f"{path} cannot be read: {error.strerror}.") from error


def _sealed(cipher: AESGCM, content: IO[bytes]) -> Iterator[bytes]:
    number, chunk = 0, content.read(CHUNK)
    while following := content.read(CHUNK):
        yield cipher.encrypt(_nonce(number), chunk, _MORE)
        number, chunk = number + 1, following
    yield cipher.encrypt(_nonce(number), chunk, _LAST)


def _unsealed(cipher: AESGCM, file: IO[bytes], path: Path) -> Iterator[bytes]:
    size = CHUNK + _TAG_BYTES
    number, chunk = 0, file.read(size)
    while True:
        following = file.read(size)
        try:
            yield cipher.decrypt(_nonce(number), chunk, _MORE if following else _LAST)
        except InvalidTag:
            raise BadBackup(f"{path} is damaged, cut off or changed ({number} MiB of it are whole).") from None
        if not following:
            return
        number, chunk = number + 1, following


def _nonce(number: int) -> bytes:
    """Under a key that seals one file only, counting is safe, and what stands in another place does not open."""
    return number.to_bytes(12)
