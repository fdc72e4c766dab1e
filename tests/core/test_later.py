"""What nobody asks about waits for what is asked: in its order, with its faults told, and never left out."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from unittest.mock import MagicMock

import psycopg
import pytest
import sqlalchemy as sa
from msgspec import Struct

from tests.core.test_gather import carry
from tests.databases import PostgresServer
from tests.house import make_house
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import journal, read_journal, write_journal
from tocsin.core.later import Later
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.postgres_end import NotCommitted
from tocsin.core.preference import change_preference, preference, read_preference
from tocsin.core.sqlite import engine
from tocsin.core.statement import Statement, own
from tocsin.core.tenant import change_shop, get_shop, list_shops
from tocsin.core.vault import Vault

_COUNT = Statement[tuple[int]](sa.select(sa.func.count()).select_from(journal).where(own(journal)))
_READS = Statement[tuple[int]](sa.select(sa.func.count()).select_from(preference).where(own(preference)))
_WRONG = Statement[None](sa.text("INSERT INTO journal (merchant_id, id) VALUES (:merchant_id, 1)"))
_FAULTS = (engine.IntegrityError, psycopg.errors.NotNullViolation)


class Wrong(Refusal):
    """It is wrong: mend it"""

    kind, code = "invalid", "wrong"


class Colour(Struct, frozen=True):
    name: str = "red"


def test_what_is_added_goes_with_the_next_that_is_asked_and_the_rest_at_the_end(db: Database) -> None:
    house = make_house(db)

    def verb(tx: Tx) -> tuple[int, int]:
        for n in (1, 2, 3):
            write_journal(tx, house.actor(), verb="test.note", subject=f"note:{n}")
        sent = (
            tx._cursor.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL").fetchone()[0]
            if isinstance(db, PostgresDatabase)
            else False
        )
        found = int(tx.value(_COUNT))
        write_journal(tx, house.actor(), verb="test.note", subject="note:4")
        return found, sent

    assert db.write(house.merchant_id, verb) == (3, False), "seen by who asks, and not sent one by one"
    told = db.read(house.merchant_id, read_journal)
    assert [one.subject for one in told] == ["note:4", "note:3", "note:2", "note:1"]


@pytest.mark.parametrize("asks", [True, False])
def test_a_fault_of_what_was_added_is_told_as_it_is_and_nothing_is_kept(db: Database, asks: bool) -> None:
    house = make_house(db)

    def verb(tx: Tx) -> None:
        write_journal(tx, house.actor(), verb="test.note", subject="note:1")
        tx.add(_WRONG)
        for n in range(5):  # none of these was run
            write_journal(tx, house.actor(), verb="test.note", subject=f"after:{n}")
        if asks:
            tx.value(_COUNT)

    with pytest.raises(_FAULTS):
        db.write(house.merchant_id, verb)
    assert db.read(house.merchant_id, read_journal) == []
    db.write(house.merchant_id, partial(write_journal, actor=house.actor(), verb="test.note", subject="next"))
    assert [one.subject for one in db.read(house.merchant_id, read_journal)] == ["next"], (
        "the connection is sound"
    )


def test_questions_of_calls_that_come_at_once_are_answered_each(db: Database) -> None:
    house = make_house(db)
    db.write(house.merchant_id, partial(write_journal, actor=house.actor(), verb="test.note", subject="one"))
    found = carry(
        *(
            partial(db.ask, scope, _COUNT)
            for scope in (house.merchant_id, 7, house.merchant_id, house.merchant_id)
        )
    )
    assert found == [(1,), (0,), (1,), (1,)]
    if isinstance(db, PostgresDatabase):
        begun = Statement[tuple[object]](sa.text("SELECT now()"))
        told = carry(*(partial(db.ask, house.merchant_id, begun) for _ in range(4)))
        assert len(set(told)) == 1, "of one transaction"
    wrong = Statement[tuple[int]](sa.text("SELECT 1 / 0 FROM nowhere"))
    found = carry(*(partial(db.ask, house.merchant_id, one) for one in (_COUNT, wrong, _COUNT)))
    assert (found[0], found[2]) == ((1,), (1,)) and isinstance(found[1], Exception), (
        "one that fails is nobody else's"
    )


def test_what_is_read_once_is_kept_until_it_is_changed(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    house, asked = make_house(db), list[str]()
    one = Tx.one

    def note(tx: Tx, statement: Statement[object], **params: object) -> object:
        asked.append(statement.box)
        return one(tx, statement, **params)

    monkeypatch.setattr(Tx, "one", note)
    read = partial(read_preference, kind=Colour, box="colour")

    def verb(tx: Tx) -> list[str]:
        found = [read(tx).name for _ in range(3)]
        assert asked == ["core.preference"]
        change_preference(tx, house.actor(), Colour("blue"), box="colour", revision=0)
        return [*found, read(tx).name]

    assert db.write(house.merchant_id, verb) == ["red", "red", "red", "blue"]

    def move(tx: Tx) -> list[str]:
        zones = [get_shop(tx, shop_id=house.shop.id).zone]
        change_shop(
            tx, house.actor(), shop_id=house.shop.id, name="店", zone="Asia/Tokyo", day_starts_at_hour=0
        )
        return [*zones, get_shop(tx, shop_id=house.shop.id).zone]

    assert db.write(house.merchant_id, move) == ["Asia/Shanghai", "Asia/Tokyo"]
    assert db.read(house.merchant_id, list_shops)[0].zone == "Asia/Tokyo"


def test_verbs_of_one_transaction_read_once_and_the_next_one_anew(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, one = make_house(db), Tx.one
    asked = list[str]()

    def note(tx: Tx, statement: Statement[object], **params: object) -> object:
        asked.append(statement.box)
        return one(tx, statement, **params)

    monkeypatch.setattr(Tx, "one", note)
    look = partial(get_shop, shop_id=house.shop.id)
    found = db.write_each(house.merchant_id, [look] * 3)
    assert [shop.result.zone for shop in found] == ["Asia/Shanghai"] * 3 and asked == ["core.tenant"]
    move = Statement[None](sa.text("UPDATE shop SET zone = 'Asia/Tokyo' WHERE merchant_id = :merchant_id"))
    db.write(house.merchant_id, lambda tx: tx.run(move))  # by who knows nothing of what others keep
    assert db.write(house.merchant_id, look).zone == "Asia/Tokyo"


def test_what_a_refused_one_changed_is_not_kept_for_those_beside_it(db: Database) -> None:
    house = make_house(db)

    def refuse(tx: Tx) -> None:
        change_preference(tx, house.actor(), Colour("blue"), box="colour", revision=0)
        assert read_preference(tx, Colour, box="colour").name == "blue"
        raise Wrong

    def look(tx: Tx) -> tuple[str, int]:
        return read_preference(tx, Colour, box="colour").name, int(tx.value(_READS))

    first, refused, last = db.write_each(house.merchant_id, [look, refuse, look])
    assert isinstance(refused.fault, Wrong)
    assert (first.result, last.result) == (("red", 0), ("red", 0))
    told = db.write_each(
        house.merchant_id,
        [
            look,
            partial(change_preference, actor=house.actor(), value=Colour("green"), box="colour", revision=0),
            look,
        ],
    )
    assert [one.result for one in (told[0], told[2])] == [("red", 0), ("green", 1)]


@pytest.mark.parametrize("many", [False, True])
def test_the_fault_that_ended_others_is_told_and_not_that_they_were_ended(many: bool) -> None:
    """Where the server's word of the fault comes before that of the rest, psycopg ends with the rest's."""

    class Connection:
        def cursor(self) -> MagicMock:
            made = MagicMock()
            made.executemany = self.run_many
            return made

        @contextmanager
        def pipeline(self) -> Iterator[None]:
            yield
            try:
                raise psycopg.errors.DeadlockDetected
            finally:
                raise psycopg.errors.PipelineAborted

        def run_many(self, *_: object) -> None:
            with self.pipeline():
                pass

    later = Later(Connection())
    if many:
        later.put_many("INSERT", [])
    else:
        later.put("INSERT 1")
        later.put("INSERT 2")
    with pytest.raises(psycopg.errors.DeadlockDetected):
        later.settle()


@pytest.mark.parametrize("swallows", [False, True])
def test_statements_that_a_fault_kept_from_being_prepared_are_prepared_anew(
    postgres_server: PostgresServer, postgres_template: str, swallows: bool
) -> None:
    """What is sent behind a fault the server passes over; psycopg takes a statement for prepared once it is sent."""
    wrong = Statement[None](sa.text("SELECT 1 / 0"))
    name = f"own_{new_id()}"
    postgres_server.copy(postgres_template, name)
    db = PostgresDatabase(postgres_server.url(name), Vault(b"k" * 32), connections=1)

    def fail(tx: Tx, note: Statement[None]) -> None:
        with suppress(psycopg.errors.DivisionByZero) if swallows else nullcontext():
            tx.add(wrong)
            tx.add(note, more=1)
            tx.settle()

    try:
        for used in range(8):  # the sixth time it is prepared
            note = Statement[None](sa.text(f"SELECT {used} + :more"))
            for _ in range(used):
                db.write(0, lambda tx, note=note: tx.add(note, more=1))
            with pytest.raises(NotCommitted if swallows else psycopg.errors.DivisionByZero):
                db.write(0, partial(fail, note=note))
            db.write(0, lambda tx, note=note: tx.add(note, more=1))
    finally:
        db.close()
