"""A repeated request gets its first answer; the same key with another body is a conflict."""

import threading
from collections.abc import Iterator

import pytest

from tocsin.core import clock
from tocsin.core.clock import DAY_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.idempotency import (
    LONGEST_REQUEST_US,
    Answer,
    KeyBrokeOff,
    KeyInUse,
    KeyReused,
    claim_key,
    drop_key,
    settle_key,
)
from tocsin.core.tenant import create_merchant, create_shop

KEY, ROUTE, BODY = "k-1", "POST /orders", '{"name":"王小明"}'.encode()


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    shift_clock(0)


@pytest.fixture
def merchant_id(db: Database) -> int:
    made = db.write(0, lambda tx: create_merchant(tx, name="A"))
    db.write(made, lambda tx: create_shop(tx, code="S", name="店", zone="UTC"))
    return made


def claim(
    db: Database, merchant_id: int, *, key: str = KEY, route: str = ROUTE, body: bytes = BODY
) -> Answer | None:
    return db.write(merchant_id, lambda tx: claim_key(tx, key, route=route, body=body))


def test_a_repeated_request_gets_its_first_answer(db: Database, merchant_id: int) -> None:
    answer = Answer(201, '{"number":"A-1","name":"王小明"}'.encode())
    assert claim(db, merchant_id) is None
    db.write(merchant_id, lambda tx: settle_key(tx, KEY, answer))
    assert claim(db, merchant_id) == answer == claim(db, merchant_id)
    assert claim(db, merchant_id, key="k-2") is None


@pytest.mark.parametrize("changes", [{"body": b"{}"}, {"route": "POST /downloads"}])
def test_the_same_key_with_another_request_is_a_conflict(
    db: Database, merchant_id: int, changes: dict[str, object]
) -> None:
    claim(db, merchant_id)
    with pytest.raises(KeyReused):
        claim(db, merchant_id, **changes)


def test_a_request_that_is_still_answered_is_not_run_again(db: Database, merchant_id: int) -> None:
    claim(db, merchant_id)
    with pytest.raises(KeyInUse):
        claim(db, merchant_id)
    db.write(merchant_id, lambda tx: drop_key(tx, KEY))
    assert claim(db, merchant_id) is None


def test_a_request_that_broke_off_says_so_and_is_not_run_again_unseen(db: Database, merchant_id: int) -> None:
    claim(db, merchant_id)
    try:
        clock.shift_clock(LONGEST_REQUEST_US + clock.SECOND_US)
        with pytest.raises(KeyBrokeOff):
            claim(db, merchant_id)
    finally:
        clock.shift_clock(0)


def test_of_many_at_once_one_runs(db: Database, merchant_id: int) -> None:
    outcomes: list[str] = []
    gate = threading.Barrier(5)

    def work() -> None:
        gate.wait(10)
        try:
            outcomes.append(str(claim(db, merchant_id)))
        except KeyInUse as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["None", *["idempotency_key_in_use"] * 4]


def test_a_key_lives_for_a_day(db: Database, merchant_id: int) -> None:
    claim(db, merchant_id)
    shift_clock(DAY_US + 1_000_000)
    assert claim(db, merchant_id, body=b"other") is None


def test_merchants_keys_are_their_own(db: Database, merchant_id: int) -> None:
    other = db.write(0, lambda tx: create_merchant(tx, name="B"))
    db.write(other, lambda tx: create_shop(tx, code="S", name="店", zone="UTC"))
    assert claim(db, merchant_id) is None and claim(db, other, body=b"{}") is None
