"""What one merchant's data does to a step keeps no other merchant from it."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.house import make_house
from tocsin import desk
from tocsin.alarm.ring import ring_after_restart
from tocsin.core.db import Database
from tocsin.core.loop import Loop
from tocsin.desk import Desk
from tocsin.settings import Settings

LOOPS = (
    "incidents", "drills", "drill plan", "notices", "conflicts", "bulk acts", "overdue holds", "lookup index", "waiting news",
    "retention", "waiting rows", "old look-ups", "deliveries", "journal seal", "journal verify", "downloads", "evidence", "stations",
    "station rows", "webhooks", "webhooks kept", "imports", "check again", "due holds", "archive",
)  # fmt: skip


class Broken:
    """Takes the place of a database's method: the first merchant's transactions fail, whoever else is reached is noted."""

    def __init__(self, honest: Callable[..., Any], *, first: int, reached: set[int]) -> None:
        self._honest, self._first, self._reached = honest, first, reached

    def __call__(self, merchant_id: int, *args: Any) -> Any:
        self._reached.add(merchant_id)
        if merchant_id == self._first:
            raise ValueError("his rules")
        return self._honest(merchant_id, *args)


@pytest.fixture
def steps(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Callable[[], int]]]:
    """The steps of a desk's loops, none of which runs by itself, and what it does first of all."""
    monkeypatch.setattr(Loop, "start", lambda _: None)
    made = Desk(Settings(data_dir=str(tmp_path)), db)
    monkeypatch.setattr(made.queue, "open", lambda _: None)
    made.start()
    found = {loop._name: loop._step for loop in (*made._loops, *made._outbound._loops)}
    made.stop()
    made.closing = False  # or what takes long would leave it for another time
    yield found | {"ring": partial(ring_after_restart, db)}
    made.close()


def test_a_merchants_fault_keeps_no_other_from_a_step(
    db: Database, steps: dict[str, Callable[[], int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_house(db).merchant_id, make_house(db).merchant_id
    reached = set[int]()
    for method in ("read", "write", "snapshot"):
        monkeypatch.setattr(db, method, Broken(getattr(db, method), first=first, reached=reached))
    failed, kept = set[str](), set[str]()
    for name in (*LOOPS, "ring"):
        reached.clear()
        try:
            steps[name]()
        except ValueError:
            failed.add(name)
        if not {first, second} <= reached:
            kept.add(name)
    assert kept == set()
    assert failed == {*LOOPS} - {"journal verify", "archive", "webhooks"}, (
        "a step is taken again soon, but not one that reads all there is"
    )


def test_who_has_look_ups_left_is_asked_again_alone(
    db: Database, steps: dict[str, Callable[[], int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, idle = make_house(db).merchant_id, make_house(db).merchant_id
    left, asked = 2, list[int]()

    def index(_: Database, merchant_id: int, **__: object) -> int:
        nonlocal left
        asked.append(merchant_id)
        left -= merchant_id == busy
        return int(merchant_id == busy and left >= 0)

    monkeypatch.setattr(desk, "index_lookups", index)
    done = [steps["lookup index"]() for _ in range(4)]
    assert done == [1, 1, 0, 0] and asked == [busy, idle, busy, busy, busy, idle]


def test_what_takes_long_hears_that_the_desk_ends(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = list[bool]()
    monkeypatch.setattr(Loop, "start", lambda _: None)
    monkeypatch.setattr(desk, "verify_journals", lambda *_, is_closing: heard.append(is_closing()))
    monkeypatch.setattr("tocsin.tickets.loops.recheck", lambda _, *, is_closing: heard.append(is_closing()))
    made = Desk(Settings(data_dir=str(tmp_path)), db)
    monkeypatch.setattr(made.queue, "open", lambda _: None)
    made.start()
    long = [loop._step for loop in made._loops if loop._name in ("journal verify", "check again")]
    for made.closing in (False, True):
        assert [step() for step in long] == [0, 0]
    made.close()
    assert heard == [False, False, True, True]
