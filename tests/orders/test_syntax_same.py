"""What a database answers to a query and what one order in memory answers are the same: any query, any order."""

from functools import partial
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.counter import open_counter
from tocsin.core.clock import DAY_US
from tocsin.core.db import Database
from tocsin.orders.draft import Line, Party
from tocsin.orders.screen import Filter, page_rows, read_filter
from tocsin.orders.store import load_order
from tocsin.orders.syntax_match import Subject, matches, subject_of
from tocsin.tickets.problem import findings_of

NOON_US = 1_795_320_000_000_000  # 2026-11-22 noon in Shanghai
EXAMPLES = 500
_VALUES = {
    "state": ("produced", "held", "printed", "cancelled"), "payment": ("paid", "unpaid", "refunded"), "fulfilment": ("shipped", "unfulfilled"),
    "method": ("wechat", "cod"), "campaign": ("团购", "秒杀", "none"), "channel": ("test", "sheet"), "held": ("yes", "no", "check", "manual"),
    "finding": ("state", "price_zero", "phone_shape"), "currency": ("CNY", "usd"), "amount": ("0", ">0", "39.9..79.8", "<=39.9", "..10", "79.8.."),
    "placed": ("2026-11-22", ">2026-11-21", "2026-11-20..2026-11-22", "<2026-11-22", "2026-11", "2025"), "paid": ("2026-11-22", "..2030", "2020.."),
    "revision": ("1", ">1"), "number": ("HF-*", "x*", "HF-20261122-0001"), "name": ("王小", "李", "李雷", "韩"), "phone": ("5678", "13700001199", "0000"),
    "sku": ("li-5", "tea"), "title": ("酥梨", "毛峰"), "external": ("E-1", "E-*"), "shop": ("HF",), "delivery": ("express", "prize"),
    "pickup": ("东门", "西门"), "community": ("翠苑一区",), "group": ("forming", "formed"),
}  # fmt: skip
_field = st.sampled_from([(name, value) for name, values in _VALUES.items() for value in values]).map(
    ":".join
)
_several = st.sampled_from([
    f"{name}:{','.join(pair)}" for name, values in _VALUES.items() for pair in product(values, values)
])  # fmt: skip
_words = st.sampled_from(("李雷", "王", "5678", "酥梨", "li-5", "E-1", '"砀山酥梨"', "zzz"))
_term = st.one_of(_field, _field, _several, _words)
_query = st.recursive(
    _term,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(" ".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + " OR ".join(parts) + ")"),
        inner.map(lambda part: f"-({part})"),
    ),
    max_leaves=6,
)


def test_a_database_and_one_order_give_the_same(db: Database) -> None:
    asked = hits = partly = 0
    with open_counter(db) as counter:
        subjects = [_subject(counter, order_id) for order_id in _orders(counter)]

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(_query)
        def same(query: str) -> None:
            nonlocal asked, hits, partly
            meaning = counter.ask(read_filter, wanted=Filter(query=query)).meaning
            rows, _ = counter.ask(page_rows, wanted=Filter(query=query), after="", limit=50)
            in_memory = {subject.columns["id"] for subject in subjects if matches(meaning, subject)}
            assert {row.id for row in rows} == in_memory, query
            asked, hits, partly = asked + 1, hits + bool(rows), partly + (0 < len(rows) < len(subjects))

        same()
    assert asked >= EXAMPLES and hits > asked / 4 and partly > asked / 5, (asked, hits, partly)


def _orders(counter) -> list[int]:  # type: ignore[no-untyped-def]
    """Twelve orders that differ in everything a query can ask."""
    lei = Party(name="李雷", phone="13700001199", address="长江路 1 号 2 栋 101 室")
    tea = (Line(title="黄山毛峰", sku="TEA", quantity_micro=1_000_000, unit_price_micro=39_900_000),)
    changes: list[dict[str, object]] = [
        {}, {"payment": "unpaid"}, {"campaign": "团购", "receiver": lei}, {"campaign": "秒杀", "price": 0.0}, {"channel": "sheet"},
        {"fulfilment": "shipped", "paid_at_us": NOON_US}, {"lines": tea, "quantity": 1}, {"cancelled": True}, {"external_id": "E-1"},
        {"payment_method": "cod", "payment": "unpaid", "delivery": "prize"}, {"receiver": Party(name="韩梅", phone="123")}, {"quantity": 1, "pickup_point": "东门", "community": "翠苑一区", "group_state": "forming"},
    ]  # fmt: skip
    made = [
        counter.take(placed_at_us=NOON_US - n % 4 * DAY_US, **each).order_id for n, each in enumerate(changes)
    ]
    counter.amend(made[0], 1)
    counter.check()
    return made


def _subject(counter, order_id: int) -> Subject:  # type: ignore[no-untyped-def]
    order = counter.ask(partial(load_order, order_id=order_id, real=True))
    found = counter.ask(findings_of, order_ids=[order_id])[order_id]
    findings = [each.finding.code for each in found]
    return subject_of(order, holds=counter.kinds(order_id), findings=findings)
