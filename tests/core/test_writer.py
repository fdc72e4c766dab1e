"""One writer, shared commits, and an answer for each waiter whatever breaks."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tocsin.core.sqlite import connect_file
from tocsin.core.writer import Writer, WriterStopped


class Wired:
    """A real connection whose statements are counted and can be made to fail."""

    def __init__(self, path: Path) -> None:
        self.real = connect_file(path)
        self.said: list[str] = []
        self.broken: dict[str, BaseException] = {}

    def execute(self, sql: str, *bound: Any) -> Any:
        self.said.append(sql)
        if sql in self.broken:
            raise self.broken[sql]
        return self.real.execute(sql, *bound)

    @property
    def in_transaction(self) -> bool:
        return bool(self.real.in_transaction)

    def close(self) -> None:
        self.real.close()


@pytest.fixture
def wired(tmp_path: Path) -> Wired:
    connection = Wired(tmp_path / "w.sqlite")
    connection.real.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")
    return connection


@pytest.fixture
def writer(wired: Wired) -> Iterator[Writer]:
    made = Writer(wired)
    yield made
    wired.broken.clear()
    made.stop()


def add(n: int) -> Callable[[Any], int]:
    return lambda connection: (connection.execute("INSERT INTO t VALUES (?)", (n,)), n)[1]


def rows(wired: Wired) -> list[int]:
    reader = connect_file(Path(wired.real.execute("PRAGMA database_list").fetchone()[2]), read_only=True)
    found = [row[0] for row in reader.execute("SELECT n FROM t ORDER BY n")]
    reader.close()
    return found


def run_at_once(writer: Writer, calls: list[Callable[[Any], Any]]) -> list[Any]:
    """Hold the writer until all calls wait, then let them go; return results or faults."""
    gate, held = threading.Event(), threading.Event()
    outcomes: list[Any] = [None] * len(calls)

    def ask(i: int) -> None:
        try:
            outcomes[i] = writer.run(calls[i])
        except BaseException as fault:
            outcomes[i] = fault

    def hold() -> None:
        with suppress(OSError, KeyboardInterrupt, MemoryError):  # it shares the group's fate
            writer.run(lambda _c: (held.set(), gate.wait()))

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(5)
    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    while len(writer._waiting) < len(calls):
        time.sleep(0.001)
    gate.set()
    for thread in [holder, *threads]:
        thread.join(10)
        assert not thread.is_alive(), "a waiter hangs"
    return outcomes


def test_many_writes_at_once_share_few_commits(writer: Writer, wired: Wired) -> None:
    assert run_at_once(writer, [add(n) for n in range(40)]) == list(range(40))
    assert rows(wired) == list(range(40))
    assert wired.said.count("COMMIT") <= 4


def test_a_call_that_raises_rolls_back_itself_only(writer: Writer, wired: Wired) -> None:
    def half(connection: Any) -> None:
        connection.execute("INSERT INTO t VALUES (100)")
        raise ValueError("no")

    outcomes = run_at_once(writer, [add(1), half, add(2)])
    assert sorted(o for o in outcomes if isinstance(o, int)) == [1, 2]
    assert [type(o) for o in outcomes].count(ValueError) == 1
    assert rows(wired) == [1, 2]


def test_a_failing_commit_fails_each_waiter_and_the_next_is_served(writer: Writer, wired: Wired) -> None:
    wired.broken["COMMIT"] = OSError("disk full")
    outcomes = run_at_once(writer, [add(n) for n in range(5)])
    assert [type(o) for o in outcomes] == [OSError] * 5 and rows(wired) == []
    wired.broken.clear()
    assert writer.run(add(9)) == 9 and rows(wired) == [9]


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "SAVEPOINT verb", "RELEASE verb"])
def test_whatever_statement_fails_nobody_hangs(writer: Writer, wired: Wired, statement: str) -> None:
    wired.broken[statement] = MemoryError()
    if statement.startswith("BEGIN"):
        with pytest.raises(MemoryError):
            writer.run(add(1))
    else:  # the first of a group needs no savepoint, the others do
        assert [type(one) for one in run_at_once(writer, [add(1)])] == [MemoryError]
    wired.broken.clear()
    assert writer.run(add(2)) == 2 and rows(wired) == [2]


def test_the_first_of_a_group_that_raises_leaves_the_group_to_the_others(
    writer: Writer, wired: Wired
) -> None:
    def half(connection: Any) -> None:
        connection.execute("INSERT INTO t VALUES (100)")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        writer.run(half)
    outcomes = run_at_once(writer, [half, half, add(1), half, add(2)])
    assert [type(one) for one in outcomes].count(ValueError) == 3 and rows(wired) == [1, 2]


def test_a_rollback_that_fails_too_leaves_nobody_waiting(writer: Writer, wired: Wired) -> None:
    wired.broken.update({"COMMIT": OSError("disk full"), "ROLLBACK": OSError("worse")})
    with pytest.raises(OSError, match="disk full"):
        writer.run(add(1))
    wired.broken.clear()
    wired.real.execute("ROLLBACK")
    assert writer.run(add(2)) == 2 and rows(wired) == [2]


def test_an_engine_that_gave_up_the_transaction_fails_the_group(writer: Writer, wired: Wired) -> None:
    def lose(connection: Any) -> None:
        connection.execute("ROLLBACK")
        raise OSError("database or disk is full")

    with pytest.raises(OSError, match="disk is full"):
        writer.run(lose)
    assert writer.run(add(3)) == 3 and rows(wired) == [3]


def test_a_result_is_given_only_when_it_is_durable(writer: Writer, wired: Wired) -> None:
    writer.run(add(1))
    assert wired.said[-1] == "COMMIT" and rows(wired) == [1]


def test_a_verb_may_not_ask_for_another_transaction(writer: Writer) -> None:
    with pytest.raises(RuntimeError, match="inside the writer's"):
        writer.run(lambda _c: writer.run(lambda _c: 1))


def test_one_who_is_interrupted_while_he_leads_keeps_nobody_waiting(writer: Writer, wired: Wired) -> None:
    def interrupted(_connection: Any) -> None:
        raise KeyboardInterrupt

    outcomes = run_at_once(writer, [add(1), interrupted, add(2)])
    kept = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert rows(wired) == sorted(kept)
    kinds = [type(outcome) for outcome in outcomes]
    # Who led hears of it, be it his own call or another's (the holder of the gate keeps it to himself): nobody else does.
    assert kinds.count(KeyboardInterrupt) <= 1 and set(kinds) <= {int, WriterStopped, KeyboardInterrupt}
    assert kinds[1] is not int
    with pytest.raises(KeyboardInterrupt):
        writer.run(interrupted)
    assert writer.run(add(3)) == 3 and rows(wired) == [*sorted(kept), 3]


def test_one_who_is_interrupted_while_he_waits_hands_the_lead_on(writer: Writer, wired: Wired) -> None:
    """The lead falls to whoever came next: one who left the queue must not be given it."""
    held, gate = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: writer.run(lambda _c: (held.set(), gate.wait(10))))
    thread.start()
    held.wait(5)
    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    threading.Timer(0.2, signal.pthread_kill, (threading.get_ident(), signal.SIGUSR1)).start()
    with pytest.raises(KeyboardInterrupt):
        writer.run(add(1))
    signal.signal(signal.SIGUSR1, before)
    assert not writer._waiting
    gate.set()
    thread.join(10)
    assert writer.run(add(2)) == 2 and rows(wired) == [2]


def test_many_of_one_thread_share_a_commit_and_each_hears_of_its_own(writer: Writer, wired: Wired) -> None:
    def refused(_connection: Any) -> None:
        raise ValueError("no")

    wired.said.clear()
    found = writer.run_all([add(1), refused, add(2)])
    assert [one.result for one in found] == [1, None, 2] and isinstance(found[1].fault, ValueError)
    assert wired.said.count("COMMIT") == 1 and rows(wired) == [1, 2]
    assert [one.result for one in writer.run_all([add(n) for n in range(10, 210)])] == list(range(10, 210))
    assert writer.run_all([]) == []


def test_many_of_one_thread_leave_nobody_waiting_where_it_is_interrupted(
    writer: Writer, wired: Wired
) -> None:
    def interrupted(_connection: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        writer.run_all([*(add(n) for n in range(100)), interrupted, *(add(n) for n in range(100, 300))])
    assert not writer._waiting and not writer._leader
    assert writer.run(add(500)) == 500 and rows(wired)[-1] == 500


def test_stopping_answers_all_that_was_accepted_and_refuses_the_rest(tmp_path: Path, wired: Wired) -> None:
    writer = Writer(wired)
    outcomes: list[Any] = []

    def ask(n: int) -> None:
        try:
            outcomes.append(writer.run(add(n)))
        except WriterStopped as refused:
            outcomes.append(refused)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(200)]
    for i, thread in enumerate(threads):
        thread.start()
        if i == 100:
            stopper = threading.Thread(target=writer.stop)
            stopper.start()
    for thread in [*threads, stopper]:
        thread.join(10)
        assert not thread.is_alive(), "a waiter hangs"
    assert len(outcomes) == 200
    with pytest.raises(WriterStopped):
        writer.run(add(999))
    reader = connect_file(tmp_path / "w.sqlite")
    kept = {row[0] for row in reader.execute("SELECT n FROM t")}
    reader.close()
    assert kept == {o for o in outcomes if isinstance(o, int)}


def test_who_is_refused_for_what_another_did_hears_of_it_when_that_is_durable(
    wired: Wired, writer: Writer
) -> None:
    begun, heard = threading.Event(), []

    def slow(connection: Any) -> None:
        begun.set()
        connection.execute("INSERT INTO t VALUES (1)")
        time.sleep(0.005)

    def refuse(connection: Any) -> None:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1,)
        raise LookupError

    def ask() -> None:
        with suppress(LookupError):
            writer.run(refuse)
        heard.append(rows(wired))

    first = threading.Thread(target=writer.run, args=(slow,))
    first.start()
    assert begun.wait(5)
    second = threading.Thread(target=ask)
    second.start()
    first.join()
    second.join()
    assert heard == [[1]]
    assert wired.said.count("COMMIT") <= 2
