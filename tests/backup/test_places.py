"""Places of backups: a folder and a bucket keep the same promises; the bucket's requests are signed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.backup.installation import PASSPHRASE
from tests.backup.lived import Lived
from tests.backup.test_restore import quiet
from tests.peers.s3_peer import S3Peer
from tocsin.backup import bucket
from tocsin.backup.make import make_backup
from tocsin.backup.place import BackupMissing, Place, PlaceBroken, name_backup
from tocsin.backup.places import open_place
from tocsin.backup.restore import check_backup
from tocsin.settings import Settings

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def store() -> Iterator[S3Peer]:
    with S3Peer() as peer:
        yield peer


def settings_of(store: S3Peer, folder: Path, *, secret: str = "") -> Settings:
    keys = folder / "keys.txt"
    keys.write_text(f"{store.access}\n{secret or store.secret}\n".replace(" ", "-"), "utf-8")
    store.secret = store.secret.replace(" ", "-")
    return Settings(
        data_dir=str(folder),
        backup_s3_endpoint=store.endpoint,
        backup_s3_region="cn-north-1",
        backup_s3_key_file=str(keys),
    )


@pytest.fixture(params=["folder", "bucket"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, store: S3Peer, monkeypatch: pytest.MonkeyPatch
) -> Place:
    monkeypatch.setattr(bucket, "_PART_BYTES", 5 << 20)
    address = str(tmp_path / "kept") if request.param == "folder" else "s3://shop/desk/backups"
    return open_place(address, settings_of(store, tmp_path))


def test_a_file_is_there_once_it_is_whole(place: Place) -> None:
    assert place.listed() == []
    names = [
        name_backup(mark, NOON + timedelta(hours=n))
        for n, mark in enumerate(("aaaaaaaa", "bbbbbbbb", "aaaaaaaa"))
    ]
    data = bytes(range(256)) * (48 << 10)  # several parts
    for name in names[::-1]:
        with place.writing(name) as file:
            file.write(data[: 7 << 20])
            file.write(data[7 << 20 :])
    assert [one.name for one in place.listed()] == names
    assert [(one.size, one.made_at()) for one in place.listed("bbbbbbbb")] == [
        (len(data), NOON + timedelta(hours=1))
    ]
    with place.reading(names[0]) as file:
        read = b""
        while block := file.read(100_000):
            read += block
    assert read == data
    with pytest.raises(ZeroDivisionError), place.writing(name_backup("cccccccc", NOON)) as file:
        file.write(data[: 6 << 20])
        raise ZeroDivisionError
    assert len(place.listed()) == 3, "one that broke off is not there"
    for name in (names[0], names[0], "tocsin-none.backup"):
        place.remove(name)
    assert [one.name for one in place.listed()] == names[1:]
    with pytest.raises(BackupMissing), place.reading(names[0]):
        pass


def test_a_desk_is_backed_up_to_a_bucket(lived: Lived, store: S3Peer, tmp_path: Path) -> None:
    place = open_place("s3://shop", settings_of(store, tmp_path))
    made = make_backup(lived.settings, place, PASSPHRASE, tell=quiet)
    assert [*store.objects] == [f"shop/{made.name}"]
    with place.reading(made.name) as file:
        assert check_backup(file, PASSPHRASE, tell=quiet).rows == made.rows


def test_a_place_that_can_not_be_used_says_why(store: S3Peer, tmp_path: Path) -> None:
    wrong = open_place("s3://shop", settings_of(store, tmp_path, secret="another"))
    with pytest.raises(PlaceBroken):
        wrong.listed()
    assert store.refused > 0
    with pytest.raises(PlaceBroken), wrong.writing(name_backup("aaaaaaaa", NOON)) as file:
        file.write(b"x")
    assert store.objects == {}
    sound = settings_of(store, tmp_path)
    with pytest.raises(PlaceBroken):
        open_place("s3://", sound)
    Path(sound.backup_s3_key_file).write_text("one", "utf-8")
    with pytest.raises(PlaceBroken):
        open_place("s3://shop", sound)
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(PlaceBroken), open_place(str(tmp_path / "file"), sound).writing("x"):
        pass
