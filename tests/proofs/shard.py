"""`bin/prove shard`: a desk on a coordinator of Citus, distributed as docs/sharding.md says: an order lives there, each statement asks one shard."""

import argparse
import re
from collections import Counter as Counts
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors

from tests.counter import open_counter
from tests.house import House, make_house
from tests.proofs.running import ROOT
from tests.test_plans import SEALED, all_statements
from tests.test_scope import all_statements as of_modules
from tocsin.core.db import Tx
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.statement import Statement
from tocsin.core.vault import Vault
from tocsin.migrations.upgrade import upgrade_postgres
from tocsin.orders.query import NEWEST, search_orders, search_rows
from tocsin.orders.screen import Filter, count_rows
from tocsin.orders.store import list_revisions

_LISTS = {"ids", "states", "codes", "skus", "b_from", "incident_ids", "operator_ids", "subjects"}
_AS_OWNER = {"tocsin.core.postgres._STATE", "tocsin.core.sqlite._STATE"}
_FORGETFUL = "SELECT count(*) FROM order_head"


def main(given: list[str]) -> dict[str, Any]:
    """Run the proof and return its figures."""
    options = argparse.ArgumentParser(prog="bin/prove shard")
    options.add_argument(
        "--coordinator", required=True, help="Address of an empty database with Citus and its workers."
    )
    url = options.parse_args(given).coordinator
    upgrade_postgres(url)
    with psycopg.connect(url, autocommit=True) as owner:
        for statement in distribution():
            owner.execute(statement)
    db = PostgresDatabase(url, Vault(b"k" * 32), connections=4)
    try:
        found = {"lived": live(db, "SA"), **ask_all(db), "young_deleted": delete_young(db)}
    finally:
        db.close()
    sound = found["lived"] and not (
        found["several_shards"] or found["refused"] or found["foreign_rows"] or found["young_deleted"]
    )
    return {**found, "holds": bool(sound and found["planted_fault_found"])}


def distribution(page: Path = ROOT / "docs" / "sharding.md") -> list[str]:
    """Return the statements that the documentation shows, each to be run by itself."""
    found = re.search(r"```sql\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert found, f"{page} shows no statements"
    return found[1].split(";\n\n")


def live(db: PostgresDatabase, code: str) -> bool:
    """Take an order in twice, amend, check, print and find it; tell whether it came to paper at its second revision."""
    with open_counter(db, code=code) as counter:
        order_id = counter.take(external_id="S-1").order_id
        assert counter.take(external_id="S-1").order_id == order_id
        counter.take()  # of the same receiver: a warning that waits
        counter.amend(order_id, 1)
        counter.check()
        counter.acknowledge(order_id)
        counter.run_spool()
        asked = counter.print(order_id, 2)
        counter.wait_state(asked.job_ids[0], "printed")
        for words in ("王小明", "13812345678", counter.order(order_id).number):
            rows, _ = counter.ask(search_rows, text=words, before=NEWEST, limit=9)
            assert order_id in [row.id for row in rows], words
            assert counter.ask(count_rows, wanted=Filter(query=f"{words} held:no")), words
        history = counter.ask(list_revisions, order_id=order_id)
    return len(history) == 2


def ask_all(db: PostgresDatabase) -> dict[str, Any]:
    """Ask the coordinator how it would run each statement of the product."""
    house, counts, told = make_house(db, code="SB"), Counts[str](), list[str]()
    statements = {**dict(of_modules()), **all_statements("postgresql")}
    for name, statement in statements.items():
        if name in _AS_OWNER or statement.compiled("postgresql")[0].startswith("INSERT"):
            continue
        try:
            plan = _plan(house, statement)
        except (errors.UndefinedFunction, errors.UndefinedTable, errors.SyntaxError):
            continue  # SQLite's own
        except (errors.FeatureNotSupported, errors.InsufficientPrivilege) as wrong:
            counts["refused"] += 1
            told.append(f"{name}: {str(wrong).partition(chr(10))[0]}")
            continue
        kind = kind_of(plan)
        counts[kind] += 1
        told += [name] if kind == "several_shards" else []
    rows, plan = db.read(house.merchant_id, _forget)
    return {
        "statements": counts.total(),
        **{kind: counts[kind] for kind in ("one_shard", "coordinator", "several_shards", "refused")},
        "told": told, "foreign_rows": rows, "planted_fault_found": kind_of(plan) == "several_shards",
    }  # fmt: skip


def delete_young(db: PostgresDatabase) -> int:
    """Look an order up, and try to delete that look-up from the ledger; return how many went."""
    house = make_house(db, code="SC")
    search_orders(db, house.actor(), text="5678", door="page")
    return db.write(house.merchant_id, lambda tx: tx._cursor.execute("DELETE FROM lookup").rowcount)


def kind_of(plan: str) -> str:
    """Return where a plan looks: at one shard, at several, or at what the coordinator holds itself."""
    tasks = [int(count) for count in re.findall(r"Task Count: (\d+)", plan)]
    if not tasks and "Citus" not in plan:
        return "coordinator"
    return "several_shards" if max(tasks, default=1) > 1 else "one_shard"


def _plan(house: House, statement: Statement[Any]) -> str:
    text, constants = statement.compiled("postgresql")
    binds = {name: "{1}" if name in _LISTS else "1" for name in re.findall(r"%\((\w+)\)s", text)}
    given = {
        **binds,
        **constants,
        **dict.fromkeys((*SEALED, "answer"), b"1"),
        "merchant_id": house.merchant_id,
    }

    def explain(tx: Tx) -> str:
        tx._cursor.execute("EXPLAIN " + text, given)
        return "\n".join(str(row[0]) for row in tx._cursor.fetchall())

    return house.db.write(house.merchant_id, explain)


def _forget(tx: Tx) -> tuple[int, str]:
    """Ask without naming the merchant: the wall must stand on every shard, and the plan must be seen to go to all."""
    rows = tx._cursor.execute(_FORGETFUL).fetchone()[0]
    plan = tx._cursor.execute("EXPLAIN " + _FORGETFUL).fetchall()
    return rows, "\n".join(str(row[0]) for row in plan)
