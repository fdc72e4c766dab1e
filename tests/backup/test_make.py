"""What a backup leaves beside itself: who was erased, by every list that there is."""

from pathlib import Path

from tests.backup.installation import PASSPHRASE, rows_of
from tests.backup.lived import Lived, house_of
from tests.counter import Counter
from tests.orders.planted import HIM, erase, open_folders
from tests.peers.escpos_peer import EscposPeer
from tocsin.backup.make import installation_mark, make_backup
from tocsin.backup.place import Folder
from tocsin.opening import open_database
from tocsin.orders.erased_list import keep_erased_in


def quiet(_step: str, _done: int, _all: int) -> None:
    pass


def test_lists_of_the_erased_are_joined_and_none_is_written_over(lived: Lived, tmp_path: Path) -> None:
    kept = tmp_path / "kept" / f"tocsin-{installation_mark(lived.settings)}-erased.txt"
    kept.parent.mkdir()
    kept.write_text("7 9\n", "ascii")
    lived.settings.path("erased.txt").write_text("7 8\n7 ", "ascii")
    db = open_database(lived.settings)
    try:
        house = house_of(db, lived)
        counter = Counter(house, EscposPeer.__new__(EscposPeer), house.actor())
        counter.take(receiver=HIM, external_id="erased")
        open_folders(tmp_path)
        keep_erased_in(tmp_path / "another")  # as a process with a folder of its own does
        erase(counter)
    finally:
        db.close()
    ((merchant_id, person_id),) = rows_of(lived.settings, "erasure", "merchant_id, person_id")
    make_backup(lived.settings, Folder(kept.parent), PASSPHRASE, tell=quiet)
    assert kept.read_text("ascii").splitlines() == ["7 8", "7 9", f"{merchant_id} {person_id}"]
    written = kept.stat().st_mtime_ns
    make_backup(lived.settings, Folder(kept.parent), PASSPHRASE, tell=quiet)
    assert kept.stat().st_mtime_ns == written, "with nothing to add it is left alone"
