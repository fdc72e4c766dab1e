"""A database with many orders for a desk to serve under load: one merchant, an owner with a password, a key, a printer."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from tests.bench.multiply import multiply_desk, multiply_search
from tests.bench.product import Product
from tests.proofs.running import RunningDesk
from tocsin.access.api_key import create_api_key
from tocsin.access.operator import add_operator
from tocsin.access.password import hash_password
from tocsin.core import clock
from tocsin.core.db import Database, Tx
from tocsin.core.event import pass_all
from tocsin.core.ident import made_by, older_maker
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.sqlite import SqliteDatabase, connect_file
from tocsin.core.typeset_child import draw
from tocsin.core.vault import open_vault
from tocsin.tickets.check import CONSUMER
from tocsin.tickets.device import add_printer
from tocsin.tickets.engine import FONTS, PPI, TEMPLATES
from tocsin.tickets.layout import _inputs

PASSWORD = "correct-horse-battery-staple-bench"
_NEVER = {"operators", "operators_below", "device"}
_KEPT = """
SELECT kind, count(*) FROM lookup WHERE door IN ('api', 'page') GROUP BY kind UNION ALL
SELECT 'order', count(*) FROM order_head UNION ALL SELECT 'amended', sum(revision - 1) FROM order_head
"""
# Copies lie after what they were copied from: so long before now it is made that none lies ahead.
_AGO_US = 10 * clock.DAY_US


class Filled:
    """A database with many orders of one merchant, and who may ask about them."""

    draw: Callable[[], object]
    """Draws the paper of one order by the typesetter alone, in this process."""

    def __init__(self, desk: RunningDesk, *, orders: int, times: int) -> None:
        self.desk, self.count = desk, orders * times
        vault = open_vault(desk.folder / "data" / "keys" / "installation.key")
        file = desk.folder / "data" / "desk.sqlite"
        db: Database = (
            PostgresDatabase(desk.database_url, vault) if desk.database_url else SqliteDatabase(file, vault)
        )
        with closing(db), made_by(older_maker()):
            clock.shift_clock(-_AGO_US)
            try:
                product = Product(db, orders=orders)
                self._multiply(product, file, orders=orders, times=times)
            finally:
                clock.shift_clock(0)
            self.numbers = product.numbers
            hashed = hash_password(PASSWORD)
            self.key = db.write(
                product.house.merchant_id, partial(_add_owner, product=product, password_hash=hashed)
            )
            db.write(0, lambda tx: pass_all(tx, CONSUMER))
            self.draw = partial(draw, _typesetting(product))
        desk.owner_link = "made"

    def kept(self) -> Counter[str]:
        """Return how many look-ups the ledger holds, by kind, beside those that are not made here; and how many orders."""
        found = Counter({str(kind): int(count) for kind, count in self.desk.rows(_KEPT)})
        return found - Counter(order=self.count)

    def _multiply(self, product: Product, file: Path, *, orders: int, times: int) -> None:
        if self.desk.database_url:
            with psycopg.connect(self.desk.database_url, autocommit=True) as connection:
                if times > 1:
                    multiply_desk(connection, "postgresql", times=times)
                connection.execute("VACUUM ANALYZE")
        elif times > 1:
            with closing(connect_file(file)) as connection:
                multiply_desk(connection, "sqlite", times=times)
                multiply_search(connection, product.tokens(orders), times=times)


def _add_owner(tx: Tx, product: Product, password_hash: str) -> str:
    owner_id = add_operator(
        tx, name="owner", display_name="owner", role="owner", password_hash=password_hash, locale="en", zone="UTC",
        created_by=0,
    )  # fmt: skip
    owner = product.house.actor("owner", actor_id=owner_id)
    add_printer(tx, owner, name="bench", kind="memory", options={"tray": "bench"})
    return create_api_key(tx, owner, name="bench", scopes=frozenset(owner.rights - _NEVER))


def _typesetting(product: Product) -> dict[str, Any]:
    """Return what the typesetter is told to draw the first order's ticket."""
    return {
        "template": str(TEMPLATES / "ticket.typ"), "fonts": str(FONTS), "inputs": _inputs(product.paper(), "raster"),
        "form": "png", "ppi": PPI, "tagged": False, "label": "",
    }  # fmt: skip
