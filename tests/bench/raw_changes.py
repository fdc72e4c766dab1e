"""What the raw engine changes under load beside single orders: many at once, an amendment; and its counts of the first screens."""

import time
from collections.abc import Callable, Sequence

from tests.bench.raw import Raw, line_rows, order_row, tokens_of
from tests.bench.raw_tables import INSERT_LINE, INSERT_ORDER, LINE, WHOLE
from tocsin.orders.draft import Draft

_PAST = f"""
INSERT INTO past (m, {WHOLE}, at, who, who_name, reason) SELECT m, {WHOLE}, ?, ?, ?, ? FROM o
WHERE m = 1 AND number = ? AND revision = ? RETURNING id
"""
_PAST_LINES = (
    f"INSERT INTO past_l (m, revision, {LINE}) SELECT m, ?, {LINE} FROM l WHERE m = 1 AND order_id = ?"
)
_CHANGE = "UPDATE o SET revision = revision + 1, note = ? WHERE m = 1 AND id = ? AND revision = ?"
_COUNTED = (
    "desk_state = 'produced' AND holds_open = 0",
    "holds_open > 0",
    "payment = 'unpaid'",
    "desk_state = 'printed' AND fulfilment = 'unfulfilled'",
)
_MANY = "INSERT INTO c VALUES (1, 'd', ?) ON CONFLICT (m, day) DO UPDATE SET last = c.last + excluded.last"


def amend_raw(raw: Raw, number: str, *, seen: int) -> None:
    """Keep an order's revision, lines and all, and write the next one; durable."""
    raw._begin()
    said = (time.time_ns() // 1000, 1, "owner", "asked", number, seen)
    order_id = raw._do(_PAST, said).fetchone()[0]
    raw._do(_PAST_LINES, (seen, order_id))
    assert raw._do(_CHANGE, (f"at the gate, {seen}", order_id, seen)).rowcount == 1
    raw._c.execute("COMMIT")


def count_screens(raw: Raw) -> list[int]:
    """Return how many orders each of the first screens shows, at most 10,001."""
    return [
        int(raw._do(f"SELECT count(*) FROM (SELECT id FROM o WHERE m = 1 AND {one} LIMIT 10001) t").fetchone()[0])
        for one in _COUNTED
    ]  # fmt: skip


def prepare_load(raw: Raw, drafts: Sequence[Draft]) -> Callable[[], None]:
    """Return the call that stores many orders durably at once; their rows are made here."""
    first = raw.next_id + 1
    raw.next_id += len(drafts)
    named = [(order_id, f"B-BULK-{order_id:06d}", draft) for order_id, draft in enumerate(drafts, first)]
    orders = [order_row(*one) for one in named]
    lines = [row for order_id, _, draft in named for row in line_rows(order_id, draft)]
    tokens = [(order_id, tokens_of(number, draft)) for order_id, number, draft in named]

    def load() -> None:
        raw._begin()
        raw._do(_MANY, (len(orders),))
        if raw.engine == "sqlite":
            raw._c.executemany(INSERT_ORDER, orders)
            raw._c.executemany(INSERT_LINE, lines)
            raw._c.executemany("INSERT INTO s (rowid, tokens) VALUES (?,?)", tokens)
        else:
            _copy(raw, f"o (m, {WHOLE})", orders)
            _copy(raw, f"l (m, {LINE})", lines)
            _copy(raw, "s (m, id, tokens)", tokens)
        raw._c.execute("COMMIT")

    return load


def _copy(raw: Raw, into: str, rows: Sequence[Sequence[object]]) -> None:
    with raw._c.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copying:
        for row in rows:
            copying.write_row((1, *row))
