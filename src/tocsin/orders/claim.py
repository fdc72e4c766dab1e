"""Who commits an import: one at a time, by a claim that shows that it lives; and the orders' names in it."""

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa
from msgspec.structs import replace

from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.importer import ParsedOrder
from tocsin.orders.table import import_batch

# A commit that has shown no life for so long is dead; it shows some after so many orders.
_STALE_US = 5 * MINUTE_US
ALIVE_ORDERS = 1000
_own_one = sa.and_(own(import_batch), import_batch.c.id == bind("b_id"))
_CLAIM = Statement[None](
    sa.update(import_batch).where(
        _own_one,
        sa.or_(
            import_batch.c.status == "previewed",
            sa.and_(import_batch.c.status == "committing", import_batch.c.done_at_us < bind("b_stale")),
        ),
    ),
    sets=("status", "done_at_us"),
)
_KEEP_CLAIM = Statement[None](
    sa.update(import_batch).where(
        _own_one, import_batch.c.status == "committing", import_batch.c.done_at_us == bind("b_seen")
    ),
    sets=("status", "done_at_us"),
)


class ImportUnderWay(Refusal):
    """This import is being taken in at this moment: look again in a few minutes"""

    kind, code = "conflict", "import_under_way"


def claim_import(tx: Tx, *, import_id: int) -> int | None:
    """Claim an import that nobody commits, and return the claim; None when it was committed, or is being."""
    stale = tx.now_us - _STALE_US
    claimed = tx.run(_CLAIM, b_id=import_id, b_stale=stale, status="committing", done_at_us=tx.now_us)
    return tx.now_us if claimed else None


def keep_claim(tx: Tx, *, import_id: int, claim: int) -> int:
    """Show that the commit lives, and return its new claim.

    Raises:
        ImportUnderWay: it was taken for dead, and another has the claim.
    """
    if tx.run(_KEEP_CLAIM, b_id=import_id, b_seen=claim, status="committing", done_at_us=tx.now_us):
        return tx.now_us
    raise ImportUnderWay


def give_claim_back(tx: Tx, *, import_id: int, claim: int) -> None:
    """Let the next commit begin at once."""
    tx.run(_KEEP_CLAIM, b_id=import_id, b_seen=claim, status="previewed", done_at_us=None)


def name_orders(orders: Sequence[ParsedOrder], import_id: int) -> list[ParsedOrder]:
    """Return the orders, each with a number of its source: one that has none gets `#<import>-<row>`."""
    seen, named = Counter[int](), list[ParsedOrder]()
    for each in orders:
        if not each.draft.external_id:
            seen[each.row] += 1  # several orders may stand in one line of JSON
            twin = f".{seen[each.row]}" if seen[each.row] > 1 else ""
            name = f"#{import_id}-{each.row}{twin}"
            named.append(ParsedOrder(each.row, replace(each.draft, external_id=name)))
        else:
            named.append(each)
    return named
