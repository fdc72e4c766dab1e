"""A station's file: its key is its owner's alone; a desk is reached by HTTPS or on the same machine."""

import os
from pathlib import Path

import pytest

from tocsin.core.signature import make_key
from tocsin.station.identity import (
    Identity,
    ServerUnsafe,
    StationFileThere,
    StationFileWrong,
    default_file,
    load_identity,
    require_safe,
    save_identity,
)

KEY = make_key()


def test_a_station_is_kept_for_its_owner_alone_and_read_again(tmp_path: Path) -> None:
    path, made = tmp_path / "a" / "b" / "station.json", Identity("https://desk.example", "1f.2a", KEY)
    save_identity(path, made, new=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_identity(path) == made
    with pytest.raises(StationFileThere):
        save_identity(path, made, new=True)
    other = Identity("https://other.example", "1f.2b", KEY)
    save_identity(path, other, new=False)
    assert load_identity(path) == other
    assert [one.name for one in path.parent.iterdir()] == ["station.json"]


def test_what_others_may_read_or_is_no_station_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "station.json"
    with pytest.raises(StationFileWrong):
        load_identity(path)
    save_identity(path, Identity("https://desk.example", "1f.2a", KEY), new=True)
    path.chmod(0o640)
    with pytest.raises(StationFileWrong):
        load_identity(path)
    for text in ("", "{", "{}", '{"server": "s", "station": "", "private_key": ""}', '{"server": "s", "station": "1.2", "private_key": "!"}',
                 '{"server": "s", "station": "1.2", "private_key": "AAAA"}'):  # fmt: skip
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(StationFileWrong):
            load_identity(path)


@pytest.mark.parametrize(
    "server",
    [
        "https://desk.example",
        "https://desk.example:8443/",
        "http://localhost:8717",
        "http://127.0.0.1",
        "http://[::1]:8717",
    ],
)
def test_these_desks_are_safe_to_reach(server: str) -> None:
    assert require_safe(server) == server.rstrip("/")


@pytest.mark.parametrize(
    "server",
    [
        "",
        "desk",
        "http://desk.example",
        "http://192.168.1.2:8717",
        "ftp://localhost",
        "https://",
        "https://x?y",
        "http://localhost:x",
        "http://[",
        "http://localhost.evil.example",
    ],
)
def test_these_are_not(server: str) -> None:
    with pytest.raises(ServerUnsafe):
        require_safe(server)


def test_the_file_is_where_services_and_people_keep_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "STATE_DIRECTORY", "/var/lib/tocsin-station:/other")
    assert default_file() == Path("/var/lib/tocsin-station/station.json")
    monkeypatch.delitem(os.environ, "STATE_DIRECTORY")
    monkeypatch.setitem(os.environ, "XDG_CONFIG_HOME", "/home/x/.config")
    assert default_file() == Path("/home/x/.config/tocsin/station.json")
