"""No two living processes make ids with the same node number."""

from collections.abc import Iterator

import pytest

from tests.proofs.running import wait_until
from tocsin.core import ident, node
from tocsin.core.clock import shift_clock
from tocsin.core.db import Database
from tocsin.core.errors import DatabaseAway, OutcomeUnknown
from tocsin.core.ident import new_id, use_node
from tocsin.core.node import LEASE_SECONDS, NodesExhausted, lease_node


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    shift_clock(0)
    use_node(0)


def node_of(id_: int) -> int:
    return (id_ >> 12) & 1023


def test_two_leases_at_once_differ_and_ids_carry_them(db: Database) -> None:
    first = lease_node(db)
    id_of_first = new_id()
    second = lease_node(db)
    id_of_second = new_id()
    if db.dialect == "sqlite":
        assert (first.node, second.node) == (0, 0), "SQLite has one process"
    else:
        assert first.node != second.node and 0 not in (first.node, second.node)
    assert (node_of(id_of_first), node_of(id_of_second)) == (first.node, second.node)
    assert id_of_first < id_of_second
    first.close()
    second.close()


def test_a_number_that_was_given_back_is_leased_again(db: Database) -> None:
    first = lease_node(db)
    first.close()
    second = lease_node(db)
    assert second.node == first.node
    second.close()


def test_an_expired_lease_is_taken_and_its_holder_moves(db: Database) -> None:
    if db.dialect == "sqlite":
        lease = lease_node(db)
        assert lease.node == 0
        lease.close()
        return
    frozen = lease_node(db)
    number = frozen.node
    shift_clock((LEASE_SECONDS + 1) * 1_000_000)
    other = lease_node(db)
    assert other.node == number, "who was silent for a minute counts as dead"
    frozen.renew()
    assert frozen.node != other.node and node_of(new_id()) == frozen.node
    other.close()
    frozen.close()


def test_a_renewed_lease_does_not_expire(db: Database) -> None:
    first = lease_node(db)
    for seconds in (40, 80, 120):
        shift_clock(seconds * 1_000_000)
        if db.dialect == "postgresql":
            first.renew()
    second = lease_node(db)
    assert db.dialect == "sqlite" or second.node != first.node
    first.close()
    second.close()


def test_the_lease_renews_itself_and_outlives_a_miss(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "_RENEW_SECONDS", 0.02)
    lease = lease_node(db)
    renewed: list[int] = []
    honest = lease.renew

    def renew() -> None:
        renewed.append(1)
        if len(renewed) == 1:
            raise OSError("the server is away")
        honest()

    monkeypatch.setattr(lease, "renew", renew)
    number = lease.node
    if db.dialect == "postgresql":
        assert wait_until(lambda: len(renewed) >= 3, seconds=10)
    assert lease.node == number and lease._thread.is_alive() == (db.dialect == "postgresql")
    lease.close()
    assert bool(renewed) == (db.dialect == "postgresql")


def test_when_all_numbers_are_leased_it_says_so(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "NODES", 2)
    first = lease_node(db)
    if db.dialect == "postgresql":
        with pytest.raises(NodesExhausted):
            lease_node(db)
    first.close()
    assert ident.NODES == 1024


@pytest.mark.parametrize("away", [DatabaseAway(), OutcomeUnknown()])
def test_a_number_that_cannot_be_given_back_expires(
    db: Database, monkeypatch: pytest.MonkeyPatch, away: Exception
) -> None:
    lease = lease_node(db)

    def write(*_: object) -> None:
        raise away

    with monkeypatch.context() as patched:
        patched.setattr(db, "write", write)
        lease.close()
    held = lease_node(db)
    assert db.dialect == "sqlite" or held.node != lease.node, "it is nobody's yet"
    held.close()
    shift_clock((LEASE_SECONDS + 1) * 1_000_000)
    again = lease_node(db)
    assert again.node == lease.node
    again.close()
