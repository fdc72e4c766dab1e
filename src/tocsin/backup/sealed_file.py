"""A sealed file: chunks under the key of a passphrase, each bound to its place, the last one marked as such.

What was changed, put in another order or cut off is refused, however it was done; nothing of a chunk is handed on before
it was verified.
Source: STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance, 2015), its nonces as in age (C2SP, age.md, payload); Argon2id by RFC 9106, 4, second choice.
"""

import os
from typing import BinaryIO

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from tocsin.core.errors import Refusal

CHUNK_BYTES = 1 << 20
SHORTEST_PASSPHRASE = 12
_MAGIC = b"tocsin-backup 1\n"
_TAG_BYTES, _KEY_BYTES, _SALT_BYTES, _HEADER_MOST = 16, 32, 16, 1_000
_MEMORY_MOST_KIB, _PASSES_MOST, _LANES_MOST = 1 << 20, 20, 16


class PassphraseShort(Refusal):
    """The passphrase of a backup has {least} characters at least: six words that nobody guesses are better"""

    kind, code = "invalid", "passphrase_short"


class BackupUnreadable(Refusal):
    """The backup can't be read: {problem}"""

    kind, code = "broken", "backup_unreadable"


class _Header(Struct, frozen=True):
    """How the key is made of the passphrase; it stands in the open, and every chunk is bound to it."""

    salt: bytes
    memory_kib: int = 64 << 10
    passes: int = 3
    lanes: int = 4


class SealedWriter:
    """Seals what is written to it; only `close` makes it whole."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        header = _Header(os.urandom(_SALT_BYTES))
        self._file, self._bound = file, _MAGIC + msgspec.json.encode(header) + b"\n"
        self._cipher, self._place = AESGCM(_key(header, passphrase)), 0
        self._waiting = bytearray()
        file.write(self._bound)

    def write(self, data: bytes) -> int:
        """Take data in; a chunk is written once there is more than one."""
        self._waiting += data
        while len(self._waiting) > CHUNK_BYTES:
            self._seal(bytes(self._waiting[:CHUNK_BYTES]), is_last=False)
            del self._waiting[:CHUNK_BYTES]
        return len(data)

    def flush(self) -> None:
        """Do nothing: a chunk is written whole."""

    def close(self) -> None:
        """Write the last chunk, marked as such."""
        self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, plain: bytes, *, is_last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._place, is_last=is_last), plain, self._bound))
        self._place += 1


class SealedReader:
    """Gives back what was sealed, chunk by chunk; where it ends too early, reading on is refused.

    Raises:
        BackupUnreadable: it is no backup, the passphrase is another one, or the file was changed or cut off.
    """

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._file, self._place, self._is_over, self._ahead = file, 0, False, b""
        self._plain, self._taken = b"", 0
        header = self._read_header()
        self._cipher = AESGCM(_key(header, passphrase))

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, fewer at the end, or all."""
        parts, left = [], size
        while left and (part := self._next(left)):
            parts.append(part)
            left -= len(part) if size >= 0 else 0
        return b"".join(parts)

    def _next(self, most: int) -> bytes:
        if self._taken == len(self._plain):
            if self._is_over:
                return b""
            self._plain, self._taken = self._open(), 0
        end = len(self._plain) if most < 0 else min(len(self._plain), self._taken + most)
        part, self._taken = self._plain[self._taken : end], end
        return part

    def _open(self) -> bytes:
        sealed = self._exactly(CHUNK_BYTES + _TAG_BYTES)
        self._ahead = self._exactly(1)
        self._is_over = not self._ahead
        try:
            plain = self._cipher.decrypt(_nonce(self._place, is_last=self._is_over), sealed, self._bound)
        except (InvalidTag, ValueError):
            first = "the passphrase is another one, or the file was changed"
            raise BackupUnreadable(
                problem="the file was changed or cut off" if self._place else first
            ) from None
        self._place += 1
        return plain

    def _exactly(self, size: int) -> bytes:
        parts, self._ahead = [self._ahead] if self._ahead else [], b""
        left = size - sum(map(len, parts))
        while left and (part := self._file.read(left)):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def _read_header(self) -> _Header:
        line = b""
        if self._exactly(len(_MAGIC)) == _MAGIC:
            while not line.endswith(b"\n") and len(line) < _HEADER_MOST and (one := self._exactly(1)):
                line += one
        self._bound = _MAGIC + line
        try:
            header = msgspec.json.decode(line, type=_Header)
        except msgspec.DecodeError:
            raise BackupUnreadable(problem="it is no backup of Tocsin, or of a later version") from None
        if not (
            8 * header.lanes <= header.memory_kib <= _MEMORY_MOST_KIB
            and 0 < header.passes <= _PASSES_MOST
            and 0 < header.lanes <= _LANES_MOST
            and len(header.salt) == _SALT_BYTES
        ):
            raise BackupUnreadable(problem="what it says of its key is out of all bounds")
        return header


def require_passphrase(passphrase: str) -> str:
    """Return a passphrase that may seal a backup.

    Raises:
        PassphraseShort: it has fewer than 12 characters.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise PassphraseShort(least=SHORTEST_PASSPHRASE)
    return passphrase


def _key(header: _Header, passphrase: str) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(
        passphrase.encode(), header.salt, time_cost=header.passes, memory_cost=header.memory_kib, parallelism=header.lanes,
        hash_len=_KEY_BYTES, type=Type.ID,
    )  # fmt: skip


def _nonce(place: int, *, is_last: bool) -> bytes:
    # The key is of this file alone, by its salt: a counter never comes twice under it.
    return place.to_bytes(11, "big") + bytes([is_last])
