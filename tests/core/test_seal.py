"""The journal's seal: six ways to tamper with it, each found; and the tree against RFC 6962's own."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.house import House, make_house
from tocsin.alarm.watch_seal import seal_journals, verify_journals
from tocsin.core import clock
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Database, Tx
from tocsin.core.journal import write_journal
from tocsin.core.seal import (
    Checkpoint,
    Tree,
    keep_checkpoint,
    newest_checkpoint,
    seal_journal,
    seal_lag,
)
from tocsin.core.seal_verify import SealBreach, _Sealed, verify_journal


def write(house: House, count: int) -> None:
    def entries(tx: Tx) -> None:
        for place in range(count):
            write_journal(tx, house.actor(), verb="orders.hold", subject=f"order:{place}", data={"n": place})

    house.db.write(house.merchant_id, entries)


def seal_all(house: House, kept: Path) -> int:
    made = 0
    while (found := house.db.write(house.merchant_id, seal_journal)) is not None:
        keep_checkpoint(kept, found)
        made += 1
    return made


def later(minutes: int) -> None:
    clock.shift_clock(minutes * MINUTE_US)


@pytest.fixture
def house(db: Database) -> House:
    return make_house(db)


@pytest.fixture
def sealed(house: House, tmp_path: Path) -> tuple[House, Path]:
    """A journal of four checkpoints, the last of them a minute younger."""
    kept = tmp_path / "kept.json"
    for minutes in (2, 4, 6, 8):
        write(house, 30)
        later(minutes)
        assert seal_all(house, kept) == 1
    return house, kept


def breach_of(house: House, kept: Path) -> str:
    found = verify_journal(house.db, house.merchant_id, kept=kept)
    return found.why if found else ""


def rfc_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + rfc_root(leaves[:split]) + rfc_root(leaves[split:])).digest()


def test_the_tree_is_that_of_the_rfc():
    tree, leaves = Tree(), []
    assert tree.root() == rfc_root([]).hex()
    for place in range(70):
        leaves.append(b"entry %d" % place)
        tree.add(leaves[-1])
        assert tree.root() == rfc_root(leaves).hex(), place
        tree = Tree(tree.size, tuple(bytes.fromhex(part) for part in tree.edge().split(",")))


def test_an_untouched_journal_agrees_and_young_entries_wait(sealed: tuple[House, Path]):
    house, kept = sealed
    write(house, 5)
    assert breach_of(house, kept) == ""
    assert house.db.write(house.merchant_id, seal_journal) is None, "they are younger than a minute"
    later(12)
    assert seal_all(house, kept) == 1
    assert breach_of(house, kept) == ""


def test_a_long_journal_is_read_in_pieces_and_what_is_sealed_meanwhile_is_no_breach(
    sealed: tuple[House, Path], monkeypatch: pytest.MonkeyPatch
):
    house, kept = sealed
    monkeypatch.setattr("tocsin.core.seal_verify.BATCH", 3)
    turns = list[int]()

    def turn() -> None:
        turns.append(1)
        if len(turns) in (5, 20):  # others write and seal between two pieces
            write(house, 4)
            later(10 + len(turns))
            assert seal_all(house, kept) == 1

    assert verify_journal(house.db, house.merchant_id, kept=kept, turn=turn) is None
    assert len(turns) >= 120 // 3 + 4 // 3, "120 entries and 4 checkpoints, three at a time"
    assert breach_of(house, kept) == ""


def test_what_was_not_sealed_when_it_began_is_not_read(sealed: tuple[House, Path]):
    """Between what has not settled others may still come in: read before them, it would look like a breach."""
    house, kept = sealed
    write(house, 5)
    begun = _Sealed(house.db, house.merchant_id, turn=lambda: None)
    later(12)
    assert seal_all(house, kept) == 1
    assert (len(list(begun.entries())), len(list(begun.checkpoints()))) == (120, 4)


def test_who_ends_a_verification_early_is_told_nothing(sealed: tuple[House, Path]):
    house, kept = sealed

    def turn() -> None:
        raise KeyError("the desk ends")

    with pytest.raises(KeyError):
        verify_journal(house.db, house.merchant_id, kept=kept, turn=turn)


def test_a_merchants_journal_is_sealed_for_itself(sealed: tuple[House, Path]):
    house, kept = sealed
    other = make_house(house.db, code="ZZ")
    assert verify_journal(house.db, other.merchant_id) is None
    assert verify_journal(house.db, other.merchant_id, kept=kept) is not None, (
        "another's checkpoint is not its own"
    )


# What somebody with all rights over the database, but without the key, would do. Triggers do not stop him.
ENTRY = "(SELECT id FROM journal ORDER BY id LIMIT 1 OFFSET 30)"
LAST = "(SELECT max(size) FROM journal_seal)"
ATTACKS: dict[str, tuple[list[str], str]] = {
    "change": ([f"UPDATE journal SET verb = 'orders.release' WHERE id = {ENTRY}"], "changed"),
    "remove": ([f"DELETE FROM journal WHERE id = {ENTRY}"], "changed"),
    "slip in": (
        ["INSERT INTO journal (merchant_id, id, at_us, actor_kind, actor_id, actor_name, verb, subject, data) "
         f"SELECT merchant_id, id - 1, at_us, actor_kind, actor_id, actor_name, verb, subject, data FROM journal WHERE id = {ENTRY}"],
        "changed",
    ),
    "swap": ([f"UPDATE journal SET subject = 'order:99' WHERE id = {ENTRY}"], "changed"),
    "cut short": (
        [f"DELETE FROM journal WHERE id > (SELECT last_id FROM journal_seal WHERE size < {LAST} ORDER BY size DESC LIMIT 1)",
         f"DELETE FROM journal_seal WHERE size = {LAST}"],
        "shortened",
    ),
    "forge a checkpoint": (
        [f"DELETE FROM journal WHERE id > (SELECT last_id FROM journal_seal WHERE size < {LAST} ORDER BY size DESC LIMIT 1)",
         f"UPDATE journal_seal SET root = 'ff' WHERE size = {LAST}"],
        "signature",
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_tampering_is_found(
    sealed: tuple[House, Path], attack: str, as_database_owner: Callable[[list[str]], None]
):
    house, kept = sealed
    assert breach_of(house, kept) == ""
    statements, why = ATTACKS[attack]
    as_database_owner(statements)
    assert breach_of(house, kept) == why


@pytest.fixture
def as_database_owner(
    db: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[list[str]], None]:
    """Run statements past the product, with triggers and walls out of the way."""

    def on_sqlite(statements: list[str]) -> None:
        def tamper(tx: Tx) -> None:
            for name in ("journal", "journal_seal"):
                for act in ("update", "delete"):
                    tx._cursor.execute(f"DROP TRIGGER {name}_no_{act}")
            for statement in statements:
                assert tx._cursor.execute(statement).rowcount > 0, statement

        db.write(0, tamper)

    def on_postgres(statements: list[str]) -> None:
        server, name = request.getfixturevalue("postgres_server"), _name_of(db)
        for statement in statements:
            server.sql(statement, database=name)

    return on_sqlite if db.dialect == "sqlite" else on_postgres


def _name_of(db: Any) -> str:
    return str(db.read(0, lambda tx: tx._cursor.execute("SELECT current_database()").fetchone()[0]))


def test_what_waits_for_the_seal_is_told(sealed: tuple[House, Path]):
    house, _ = sealed
    lag = lambda: house.db.read(house.merchant_id, seal_lag)
    assert (lag().size, lag().unsealed, lag().oldest_us) == (120, 0, 0)
    write(house, 5)
    assert (lag().unsealed, lag().oldest_us > 0, lag().sealed_at_us > 0) == (5, True, True)


def test_a_checkpoint_that_was_kept_elsewhere_stands_against_one_who_holds_the_folder(
    sealed: tuple[House, Path], as_database_owner: Callable[[list[str]], None]
):
    house, kept = sealed
    elsewhere = house.db.read(house.merchant_id, newest_checkpoint)
    assert elsewhere is not None
    verify = lambda other, of=house.merchant_id: verify_journal(house.db, of, kept=kept, elsewhere=other)
    assert verify(elsewhere) is None
    forged = msgspec.structs.replace(elsewhere, root="00")
    assert verify(forged) == SealBreach("foreign", 120), "nobody else signs in this desk's name"
    as_database_owner(ATTACKS["cut short"][0])
    kept.unlink()
    assert breach_of(house, kept) == "", "who holds the folder too takes its checkpoint away"
    assert verify(elsewhere) == SealBreach("shortened", 120)


def test_one_process_seals_a_journal_at_a_time(house: House):
    """Held by one, the journal is left alone by the others: each entry has one place in the tree."""
    write(house, 3)
    later(2)
    if house.db.dialect == "sqlite":
        return

    def while_another_seals(tx: Tx) -> Any:
        assert seal_journal(tx) is not None
        return house.db.write(house.merchant_id, seal_journal)

    assert house.db.write(house.merchant_id, while_another_seals) is None
    write(house, 1)
    later(4)
    made = house.db.write(house.merchant_id, seal_journal)
    assert made is not None and made.size == 4


def test_a_kept_checkpoint_is_whole(tmp_path: Path):
    path = tmp_path / "seals" / "1.json"
    for size in (1, 2):
        keep_checkpoint(path, Checkpoint(size, 5, "00", "00", 7, b"sig"))
    assert b'"size":2' in path.read_bytes()


def test_what_waits_for_its_standby_is_neither_passed_by_nor_found_as_a_breach(house: House, tmp_path: Path):
    """An entry whose commit takes longer than any entry is waited for comes in between the others afterwards."""
    written, go_on = threading.Event(), threading.Event()

    def slowly(tx: Tx) -> None:
        write_journal(tx, house.actor(), verb="orders.hold", subject="order:1", data={})
        tx.settle()
        written.set()
        assert go_on.wait(30)

    if house.db.dialect == "sqlite":
        assert clock.now_us() - house.db.begun_us() < MINUTE_US, "there one writes after the other"
        return
    write(house, 1)
    waiting = threading.Thread(target=house.db.write, args=(house.merchant_id, slowly))
    waiting.start()
    assert written.wait(10)
    write(house, 3)
    later(10)
    assert seal_journals(house.db, tmp_path) == 0, "the one before them is still to come"
    go_on.set()
    waiting.join()
    later(20)
    assert seal_journals(house.db, tmp_path) == 1
    assert verify_journals(house.db, tmp_path) == 0
