"""The journal: who did what, newest first, each merchant his own."""

from tocsin.core.actor import desk_actor
from tocsin.core.db import Database, Tx
from tocsin.core.journal import read_journal, write_journal

MERCHANT, OTHER = 11, 12


def write(db: Database, verb: str, *, subject: str = "order:1", merchant_id: int = MERCHANT) -> None:
    db.write(
        merchant_id,
        lambda tx: write_journal(tx, desk_actor(merchant_id), verb=verb, subject=subject, data={"n": 1}),
    )


def verbs(db: Database, **asked: object) -> list[str]:
    return [e.verb for e in db.read(MERCHANT, lambda tx: read_journal(tx, **asked))]


def test_entries_are_read_newest_first_by_subject_and_page(db: Database) -> None:
    for verb in ("orders.produce", "orders.amend", "tickets.print"):
        write(db, verb)
    write(db, "orders.produce", subject="order:2")
    write(db, "theirs", merchant_id=OTHER)
    assert verbs(db, subject="order:1") == ["tickets.print", "orders.amend", "orders.produce"]
    assert verbs(db) == ["orders.produce", "tickets.print", "orders.amend", "orders.produce"]
    (newest, second) = db.read(MERCHANT, lambda tx: read_journal(tx, limit=2))
    assert newest.fields() == {"n": 1} and newest.at_us > 0
    assert verbs(db, before=second.id) == ["orders.amend", "orders.produce"]


def test_an_actors_own_entries(db: Database) -> None:
    def verb(tx: Tx) -> None:
        from msgspec.structs import replace

        for actor_id in (5, 6):
            write_journal(tx, replace(desk_actor(MERCHANT), id=actor_id), verb=f"by {actor_id}", subject="a")

    db.write(MERCHANT, verb)
    assert verbs(db, actor_id=5) == ["by 5"]


def test_an_entry_of_a_rolled_back_act_is_not_kept(db: Database) -> None:
    def verb(tx: Tx) -> None:
        write_journal(tx, desk_actor(MERCHANT), verb="lost", subject="a")
        raise ValueError

    try:
        db.write(MERCHANT, verb)
    except ValueError:
        pass
    assert verbs(db) == []
