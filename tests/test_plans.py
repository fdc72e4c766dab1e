"""Every statement of boxes 10 to 20 is served by an index: what the planners say of each."""

import itertools
import re
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from docs.make import import_everything
from tests.house import House, make_house
from tests.telling import assert_none
from tests.test_scope import OWN, named_in, unscoped
from tocsin.alarm import (
    evidence,
    fact,
    record,
)
from tocsin.core.db import Database, Tx
from tocsin.core.schema import metadata
from tocsin.core.statement import Statement
from tocsin.orders import (
    handed,
    ledger,
    lookup,
    screen,
    stop,
    syntax_page,
    watch_list,
)
from tocsin.orders.syntax_meaning import Sort
from tocsin.tickets import (
    backup_again,
    claim,
    job,
    print_queue,
    queue_move,
    radar,
    recheck,
)

# Tables with a row a printer, siren, station, server, shop or merchant: a scan of a handful is the plan.
SMALL = {
    "node_lease", "event_consumer", "merchant_key", "watch", "printer", "printer_identity", "print_queue", "screen_default", "siren", "station", "enrolled_station", "desk_reader", "screen", "merchant", "owner_link", "ticket_logo",
}  # fmt: skip

# What settles a restored desk goes over all of it once.
_ONCE = "tocsin.backup.settle_"
_OF_ONE = {
    "sqlite": ("tocsin.core.sqlite.", "tocsin.orders.search_merge."),
    "postgresql": ("tocsin.core.postgres.", "tocsin.core.queues.procrastinate.", "tocsin.core.seal._ALONE"),
}
# The last one alone, from the end of its index.
_LAST_ALONE = tuple(
    f"tocsin.core.event.{name} {engine}" for name in ("_LATEST", "_LAST") for engine in _OF_ONE
)
_PAIR = re.compile(r"\(\w+\.\w+, \w+\.\w+\) [<>]")
_SOUGHT_BY_PAIR = re.compile(r"\(\w+,\w+\)[<>]\(\?,\?\)|Index Cond: .*ROW\([^()]+\) [<>]")
_OF_INDEX = {
    str(one.name): table.name for table in OWN.values() for one in (table.primary_key, *table.indexes)
}
_ASKED = re.compile(
    r"SEARCH (?P<alias>\w+) USING|Index (?:Only )?Scan(?: Backward)? using (?P<index>\w+)|Bitmap Index Scan on (?P<map>\w+)"
)
# Walls add a condition of their own to each plan of PostgreSQL: what the statement says itself is a value.
_OF_MERCHANT = re.compile(r"[( ]merchant_id ?= ?(?:\?|'1'::bigint)")

SEALED = ("answer", "payload", "secrets", "sealed", "sealed_before", "sealed_query", "sealed_raw", "sealed_file")  # fmt: skip

HELD = ("All", ("Held", 0))
DAYS = ("All", ("Span", "placed_at_us"))
PARTS: tuple[tuple[Any, ...], ...] = (
    *(("Equal", name, 1) for name in ("desk_state", "payment", "fulfilment", "campaign", "pickup_point", "channel", "currency", "shop_id", "number")),
    ("Equal", "payment", 2), ("Prefix", "number"), ("Span", "placed_at_us"), ("Span", "paid_at_us"), ("Span", "payable_minor"),
    ("Held", 0), ("Held", 1), ("Not", ("Held", 0)), ("Found", 1), ("Tokens",), ("Not", ("Tokens",)),
    ("Any", ("Equal", "campaign", 1), ("Tokens",)),
)  # fmt: skip
SORTS = (Sort("placed_at_us"), Sort("placed_at_us", True), Sort("payable_minor"), Sort("payable_minor", True))


def statements_of(module: ModuleType, dialect: str) -> dict[str, Statement[Any]]:
    """Return a module's statements by their names."""
    found = {}
    for name, value in vars(module).items():
        if isinstance(value, Statement):
            found[f"{module.__name__}.{name}"] = value
        elif isinstance(value, dict):
            found |= {
                f"{module.__name__}.{name} {key}": one
                for key, one in value.items()
                if isinstance(one, Statement) and _is_of(key, dialect)
            }
    return found


def _is_of(key: object, dialect: str) -> bool:
    """Tell whether a statement of a group is one of an engine: its key names that one, or none."""
    named = {"sqlite", "postgresql"} & {*(key if isinstance(key, tuple) else (key,))}
    return not named or dialect in named


def plan_of(house: House, statement: Statement[Any]) -> list[str]:
    """Return what the database would do, a step a line; on PostgreSQL with sequential scans as the last resort."""
    sql, constants = statement.compiled(house.db.dialect)
    lists = {"ids", "states", "codes", "skus", "b_from", "incident_ids", "operator_ids", "subjects"}
    if house.db.dialect == "sqlite":
        binds: dict[str, object] = {n: "[1]" if n in lists else 1 for n in re.findall(r":(\w+)", sql)}
        asked, column = "EXPLAIN QUERY PLAN ", 3
    else:
        binds = {n: "{1}" if n in lists else "1" for n in re.findall(r"%\((\w+)\)s", sql)}
        asked, column = "EXPLAIN ", 0

    def explain(tx: Tx) -> list[str]:
        if tx.dialect == "postgresql":
            tx._cursor.execute("SET LOCAL enable_seqscan = off")
        tx._cursor.execute(asked + sql, {**binds, **constants, **dict.fromkeys(SEALED, b"1")})
        return [str(row[column]) for row in tx._cursor.fetchall()]

    return house.db.write(house.merchant_id, explain)


def walked(step: str) -> str:
    """Return the table that a step of a plan walks from end to end, empty where it does not."""
    found = re.search(r"^SCAN (?!.*VIRTUAL TABLE)(\w+)|Seq Scan on (\w+)", step)
    return (found[1] or found[2]) if found else ""


def is_half_sought(sql: str, plan: list[str]) -> bool:
    """Tell whether rows behind a pair are sought by the first of it alone: all that have the same first are read then."""
    return bool(_PAIR.search(sql)) and not _SOUGHT_BY_PAIR.search("\n".join(plan))


def forgetful(sql: str, plan: list[str]) -> list[str]:
    """Return the steps of a plan that look in a merchant's table by an index, and not for the statement's merchant."""
    named, found = named_in(sql), []
    for step, condition in itertools.pairwise([*plan, ""]):
        asked = _ASKED.search(step)
        if not asked:
            continue
        own = asked["alias"] in named or (asked["index"] or asked["map"]) in _OF_INDEX
        said = step + (condition if "Index Cond" in condition else "")
        found += [said] if own and not _OF_MERCHANT.search(said) else []
    return found


@pytest.fixture
def house(db: Database) -> House:
    """A house in an empty database: plans must not depend on what is in it."""
    return make_house(db)


def all_statements(dialect: str) -> dict[str, Statement[Any]]:
    """Return each statement of the modules, and those that screens compile for each pair of conditions."""
    found = {name: s for module in import_everything() for name, s in statements_of(module, dialect).items()}
    other = (_ONCE, *(one for engine, named in _OF_ONE.items() if engine != dialect for one in named))
    found = {
        name: s for name, s in found.items()
        if not name.startswith(other) and not s.compiled(dialect)[0].startswith("INSERT")
    }  # fmt: skip
    pairs = [(), *((part,) for part in PARTS), *itertools.combinations(PARTS, 2)]
    for parts in pairs:
        shape = ("All", *parts)
        for placed in (False, True):
            found[f"page {parts} {placed}"] = screen._page(shape, Sort(), placed, dialect)
        found[f"count {parts}"] = screen._count(shape, dialect)
        found[f"watched among {parts}"] = watch_list.among_statement(shape, dialect)
        found[f"watched {parts}"] = watch_list.every_statement(shape, dialect)
        found[f"words {parts}"] = syntax_page._among(shape, dialect)
    for count, in_shop in itertools.product(range(4), (False, True)):
        for names in itertools.combinations(ledger._CONDITIONS, count):
            found[f"look-ups {names} {in_shop}"] = ledger.page_statement(names, in_shop=in_shop)
    for sort, part, placed in itertools.product(SORTS, PARTS, (False, True)):
        found[f"page {part} {sort} {placed}"] = screen._page(("All", part), sort, placed, dialect)
    return found


def test_no_statement_walks_a_table_or_looks_among_other_merchants(house: House) -> None:
    tables, walks, strays, halves = set(metadata.tables) - SMALL, list[str](), list[str](), list[str]()
    for name, statement in all_statements(house.db.dialect).items():
        plan = plan_of(house, statement)
        walks += [f"{name}: {step}" for step in plan if walked(step) in tables and name not in _LAST_ALONE]
        # A screen's page that is sorted otherwise than its conditions' index sorts what they leave.
        is_sorted = name.startswith("page ") and re.search("TEMP B-TREE FOR ORDER BY|Sort Key", str(plan))
        half = not is_sorted and is_half_sought(statement.compiled(house.db.dialect)[0], plan)
        halves += [f"{name}: {plan}"] if half else []
        strays += [f"{name}: {step}" for step in forgetful(statement.compiled(house.db.dialect)[0], plan)]
    assert_none(walks, "Give it an index, or write its condition so that one serves.")
    assert_none(halves, "Seek by both: on SQLite a row's number is no column of an index to a pair.")
    assert_none(strays, "Name its merchant, and begin the index with him.")


def test_each_statement_that_is_built_says_whose_rows_it_means() -> None:
    built = all_statements("postgresql")
    assert len(built) > 2000
    assert_none([name for name, one in built.items() if unscoped(one.compiled("postgresql")[0])])


def test_a_plan_that_forgets_the_merchant_is_seen(house: House) -> None:
    forgets = Statement[tuple[int]](
        sa.text("SELECT id FROM order_head WHERE id = 1").columns(sa.column("id"))
    )
    plan = plan_of(house, forgets)
    sql = forgets.compiled(house.db.dialect)[0]
    assert forgetful(sql, plan) or any(walked(step) == "order_head" for step in plan), plan
    skips = "SEARCH h USING INDEX ix_order_head_merchant_id_campaign_id (ANY(merchant_id) AND campaign=?)"
    assert forgetful("SELECT id FROM order_head h", [skips]) == [skips]
    assert not forgetful("SELECT id FROM order_head h", [skips.replace("ANY(merchant_id)", "merchant_id=?")])


def test_a_pair_that_is_sought_by_its_first_alone_is_seen(house: House) -> None:
    behind = "SELECT event.id FROM event WHERE (event.horizon, event.id) > (1, 1) ORDER BY event.horizon, event.id LIMIT 5"
    asked = Statement[tuple[int]](sa.text(behind).columns(sa.column("id")))
    assert is_half_sought(behind, plan_of(house, asked)) == (house.db.dialect == "sqlite")


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (screen._page(HELD, Sort(), False, "sqlite"), "ix_order_head_held"),
        (screen._page(HELD, Sort(), True, "sqlite"), "ix_order_head_held"),
        (screen._count(HELD, "sqlite"), "ix_order_head_held"),
        (
            screen._count(("All", ("Equal", "payment", 1), ("Not", ("Held", 0))), "sqlite"),
            "ix_order_head_merchant_id_payment_id_desk_state_fulfilment_h",
        ),
        (
            screen._count(("All", ("Equal", "desk_state", 1), ("Not", ("Held", 0))), "sqlite"),
            "ix_order_head_merchant_id_desk_state_id_payment",
        ),
        (
            screen._page(("All", ("Equal", "desk_state", 1)), Sort(), True, "sqlite"),
            "ix_order_head_merchant_id_desk_state_id",
        ),
        (
            screen._page(("All", ("Equal", "payment", 1)), Sort(), True, "sqlite"),
            "ix_order_head_merchant_id_payment_id",
        ),
        (
            screen._page(("All", ("Equal", "fulfilment", 1)), Sort(), True, "sqlite"),
            "ix_order_head_merchant_id_fulfilment_id",
        ),
        (
            screen._page(("All", ("Equal", "campaign", 1)), Sort(), True, "sqlite"),
            "ix_order_head_merchant_id_campaign_id",
        ),
        (
            screen._page(DAYS, Sort("placed_at_us"), True, "sqlite"),
            "ix_order_head_merchant_id_placed_at_us_id_shop_id_campaign_d",
        ),
        (
            screen._page(("All",), Sort("placed_at_us", True), True, "sqlite"),
            "ix_order_head_merchant_id_placed_at_us_id_shop_id_campaign_d",
        ),
        (
            screen._page(("All",), Sort("payable_minor"), True, "sqlite"),
            "ix_order_head_merchant_id_payable_minor_id",
        ),
        (
            screen._page(("All",), Sort("payable_minor", True), True, "sqlite"),
            "ix_order_head_merchant_id_payable_minor_id",
        ),
        (stop._COUNT_OPEN, "ix_order_head_held"),
        (stop._OPEN, "ix_hold_open_order"),
        (stop._OPEN_OF_MANY, "ix_hold_open_order"),
        (stop._PAGE, "ix_hold_open_order"),
        (stop._DUE, "ix_hold_open_kind"),
        (evidence._NEXT, "ix_signal_unseen"),
        (evidence._PAGE, "ix_signal_merchant_id_incident_id_id"),
        (fact._OF_ACCOUNT, "ix_signal_merchant_id_operator_id_outcome_id"),
        (fact._OF_ADDRESS, "ix_signal_merchant_id_address_group_outcome_id"),
        (fact._OF_KIND, "ix_signal_merchant_id_kind_outcome_id"),
        (record._OPEN, "ix_incident_open"),
        (record._OF_KEY, "uq_incident_open"),
        (claim._NEXT, "ix_print_job_waiting"),
        (print_queue._WAITING, "ix_print_job_merchant_id_state_id_printer_id_reprint_no_repl"),
        (backup_again._FAILED, "ix_print_job_merchant_id_state_id_printer_id_reprint_no_repl"),
        (queue_move._WAITING, "ix_print_job_merchant_id_state_id_printer_id_reprint_no_repl"),
        (recheck._HELD, "ix_hold_open_order"),
        (recheck._WAITING, "ix_print_job_merchant_id_state_id_printer_id_reprint_no_repl"),
        (job._OF_QUEUE, "ix_print_job_merchant_id_queue_id_id"),
        (lookup._OF_ACTOR, "ix_lookup_merchant_id_actor_id_id"),
        (ledger.page_statement(("actor_id",), in_shop=False), "ix_lookup_merchant_id_actor_id_id"),
        (handed._SIZES, "ix_lookup_span_merchant_id_lookup_id"),
        (radar._BADGE, "ix_order_head_no_paper"),
        (radar._COUNTS, "ix_order_head_no_paper"),
        (radar._COUNTS_OF_SHOP, "ix_order_head_no_paper"),
        (radar._LISTS["unprinted"], "ix_order_head_no_paper"),
        (radar._LISTS["changed"], "ix_order_head_no_paper"),
    ],
)
def test_each_list_is_served_by_the_index_made_for_it(
    house: House, statement: Statement[Any], index: str
) -> None:
    plan = "\n".join(plan_of(house, statement))
    if house.db.dialect == "sqlite":  # PostgreSQL chooses by its own figures of the data
        assert f"INDEX {index}" in plan, plan
        assert "TEMP B-TREE FOR ORDER BY" not in plan or "json_each" in plan, plan
    assert "Sort" not in plan or "Index" in plan, plan
