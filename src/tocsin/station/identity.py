"""What a station is: the desk that it belongs to, its name there, and its key, in one file of its own."""

import base64
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from tocsin.core.errors import Refusal

_KEY_BYTES = 32
_NEAR = frozenset({"localhost", "127.0.0.1", "::1"})


class StationFileThere(Refusal):
    """{path} holds a station already: name another file, or delete it if that station is revoked"""

    kind, code = "conflict", "station_file_there"


class StationFileWrong(Refusal):
    """{path} is no station's file, or others may read it: enrol with `tocsin station enrol`, and keep it readable by its owner alone"""

    kind, code = "broken", "station_file_wrong"


class ServerUnsafe(Refusal):
    """{server} is not reached by HTTPS: give the desk's https:// address; http:// will do on this very machine alone"""

    kind, code = "invalid", "server_unsafe"


class Identity(Struct, frozen=True):
    """A station; `station` is empty before it is enrolled."""

    server: str
    station: str
    key: bytes


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    server: str
    station: str
    private_key: str


def default_file() -> Path:
    """Return where a station is kept if nobody says: in the service's state folder, else with one's settings."""
    folder = os.environ.get("STATE_DIRECTORY") or ""
    if folder:
        return Path(folder.partition(":")[0], "station.json")
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base, "tocsin", "station.json")


def require_safe(server: str) -> str:
    """Return a desk's address without a slash at its end.

    Raises:
        ServerUnsafe: it is no address, or others on the way could change what the desk asks for.
    """
    try:
        place = urlsplit(server)
        host, port = place.hostname or "", place.port
    except ValueError:
        raise ServerUnsafe(server=server[:80]) from None
    if place.scheme not in ("http", "https") or not host or place.query or port == 0:
        raise ServerUnsafe(server=server[:80])
    if place.scheme == "http" and host not in _NEAR:
        raise ServerUnsafe(server=server[:80])
    return server.rstrip("/")


def save_identity(path: Path, identity: Identity, *, new: bool) -> None:
    """Write a station's file whole, readable by its owner alone.

    Raises:
        StationFileThere: it is to be a new one, and there is one.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = base64.b64encode(identity.key).decode()
    text = msgspec.json.format(msgspec.json.encode(_File(identity.server, identity.station, key)), indent=2)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".station-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if new:
            os.link(name, path)
        else:
            Path(name).replace(path)
    except FileExistsError:
        raise StationFileThere(path=str(path)) from None
    finally:
        Path(name).unlink(missing_ok=True)


def load_identity(path: Path) -> Identity:
    """Return an enrolled station.

    Raises:
        StationFileWrong: there is none, it is not enrolled, or others may read its key.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise StationFileWrong(path=str(path))
        found = msgspec.json.decode(path.read_bytes(), type=_File)
        key = base64.b64decode(found.private_key, validate=True)
    except (OSError, ValueError):
        raise StationFileWrong(path=str(path)) from None
    if len(key) != _KEY_BYTES or not found.station:
        raise StationFileWrong(path=str(path))
    return Identity(found.server, found.station, key)
