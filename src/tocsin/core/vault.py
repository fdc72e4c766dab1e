"""The vault: keys that seal personal data, and keyed digests that find it again.

The installation key (a file of 32 bytes) wraps each merchant's key, which wraps each person's
data key. Erasing a person destroys that data key; what was sealed with it is noise from then on.
"""

import hashlib
import os
import secrets
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tocsin.core.errors import Refusal
from tocsin.core.schema import big, blob, directory_table
from tocsin.core.statement import Statement, own, upsert

if TYPE_CHECKING:
    from tocsin.core.db import Tx

KEY_BYTES = 32
_NONCE_BYTES = 12

merchant_key = directory_table("merchant_key", big("merchant_id"), blob("wrapped_key"), key=("merchant_id",))
_GET_KEY = Statement[tuple[bytes]](sa.select(merchant_key.c.wrapped_key).where(own(merchant_key)))
_ADD_KEY = Statement[None](upsert(merchant_key).on_conflict_do_nothing(), sets=("merchant_id", "wrapped_key"))


class SealBroken(Refusal):
    """Sealed data can't be opened: the key is another one, or the data was changed"""

    kind, code = "broken", "seal_broken"


class KeyFileWrong(Refusal):
    """The key file {path} won't do: it must hold 32 bytes and be readable by its owner alone"""

    kind, code = "broken", "key_file_wrong"


class KeyFileMissing(Refusal):
    """The key file {path} is missing, and the database holds data of it: put it back, or name it as key_file"""

    kind, code = "broken", "key_file_missing"


def seal(key: bytes, plain: bytes, *, bound_to: bytes) -> bytes:
    """Return nonce and AES-256-GCM ciphertext, bound to a context that must be given to open it."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def unseal(key: bytes, sealed: bytes, *, bound_to: bytes) -> bytes:
    """Return what was sealed.

    Raises:
        SealBroken: another key, another context, or changed data.
    """
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError):
        raise SealBroken from None


class MerchantKeys:
    """One merchant's keys: to wrap persons' keys with, and to digest with."""

    def __init__(self, root: bytes) -> None:
        self.wrapping = _derive(root, b"wrap")
        self._digesting = _derive(root, b"digest")

    def digest(self, purpose: str, text: str) -> str:
        """Return 20 characters (80 bits) that tell equal texts of one purpose, and nothing else.

        Source: keyed BLAKE2b, RFC 7693; an order has forty tokens, and this is three times HMAC's speed.
        """
        plain = f"{purpose}\0{text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(plain, key=self._digesting, digest_size=10).hexdigest()


class Vault:
    """Holds the installation key and the merchants' keys that were asked for."""

    def __init__(self, installation_key: bytes) -> None:
        self._key = installation_key
        self._keys: dict[int, MerchantKeys] = {}
        self._lock = threading.Lock()

    def keys(self, tx: "Tx") -> MerchantKeys:
        """Return the keys of the transaction's merchant, made at `create_keys`."""
        found = self._keys.get(tx.merchant_id)
        if found is None:
            row = tx.one(_GET_KEY)
            if row is None:
                raise SealBroken
            root = unseal(self._key, bytes(row[0]), bound_to=b"merchant %d" % tx.merchant_id)
            with self._lock:
                found = self._keys.setdefault(tx.merchant_id, MerchantKeys(root))
        return found

    def installation_digest(self, purpose: str, text: str) -> str:
        """Return 40 characters (160 bits) that tell equal texts of one purpose, over all merchants."""
        plain = f"{purpose}\0{text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(plain, key=_derive(self._key, b"directory"), digest_size=20).hexdigest()

    def installation_secret(self, purpose: str) -> bytes:
        """Return 64 bytes of the installation's own for one purpose, the same for as long as its key is."""
        return b"".join(_derive(self._key, f"{purpose} {part}".encode()) for part in (1, 2))

    def key_check(self) -> bytes:
        """Return 32 bytes that tell this key from others, and nothing else about it."""
        return _derive(self._key, b"check")

    def create_keys(self, tx: "Tx") -> None:
        """Make and store the merchant's key, once."""
        wrapped = seal(self._key, secrets.token_bytes(KEY_BYTES), bound_to=b"merchant %d" % tx.merchant_id)
        tx.run(_ADD_KEY, wrapped_key=wrapped)


def open_vault(path: Path, *, create: bool = True) -> Vault:
    """Return the vault of a key file, which is made when it does not exist and may be made.

    Raises:
        KeyFileMissing: it does not exist and may not be made.
        KeyFileWrong: the file has another length, or others may read it.
    """
    if not path.exists():
        if not create:
            raise KeyFileMissing(path=str(path))
        _create_key_file(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES or path.stat().st_mode & 0o077:
        raise KeyFileWrong(path=str(path))
    return Vault(key)


def _create_key_file(path: Path) -> None:
    """Write a new key whole, then give it its name: of two processes one wins, and both read the same key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()


def _derive(root: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"tocsin " + purpose).derive(root)
