"""An import taken in whole: a few orders a transaction, each with how far it has come, taken up again where it died.

One commit of an import runs at a time. Killed at any instant it is neither doubled nor left half: the desk goes on
with it by itself, at its next start or after a minute without a sign of life.
"""

from collections.abc import Callable, Sequence
from functools import partial

import sqlalchemy as sa

from tocsin.core.actor import Actor, require
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal, is_everybodys
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.log import get_log
from tocsin.core.loop import for_each_merchant
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.claim import (
    Dead,
    ImportUnderWay,
    Progress,
    claim_import,
    dead_imports,
    end_claim,
    free_claims,
    give_claim_back,
    keep_claim,
    name_orders,
)
from tocsin.orders.imported import pack_orders
from tocsin.orders.importer import BadRow, Parsed, ParsedOrder, bad_row
from tocsin.orders.importing import Import, ImportMissing, get_import, preview_import, read_import
from tocsin.orders.intake import foresee, take_in
from tocsin.orders.quarantine import quarantine_rows
from tocsin.orders.table import import_batch

CHUNK_ORDERS = 20
_FOUND_AT_ONCE = 500
_log = get_log("imports")
_COUNTS = ("created", "changed", "unchanged", "conflicts")
_END = Statement[None](
    sa.update(import_batch).where(own(import_batch), import_batch.c.id == bind("b_id")),
    sets=("status", *_COUNTS, "bad_rows", "done_at_us", "sealed_file"),
)


class BadRowsLeft(Refusal):
    """{count} rows can't be read, and the import shall be whole: mend them in the sheet and choose it again"""

    kind, code = "invalid", "bad_rows_left"


def commit_import(db: Database, actor: Actor, *, import_id: int, whole: bool = False) -> Import:
    """Take all good orders of an uploaded sheet in, and put its bad rows into quarantine.

    Args:
        whole: take nothing in while a row is bad.

    Raises:
        NotAllowed, ImportMissing
        BadRowsLeft: a row is bad, and it shall be whole.
        ImportUnderWay: another commit of it is at work.
    """
    require(actor, "import")
    if whole and (bad := len(preview_import(db, actor, import_id=import_id).parsed.bad)):
        raise BadRowsLeft(count=bad)
    parsed = read_import(db, actor, import_id=import_id)
    begun = db.write(actor.merchant_id, partial(_claim, actor=actor, import_id=import_id, parsed=parsed))
    work = _Commit(db, actor, import_id=import_id, progress=begun)
    try:
        return work.take_all(name_orders(parsed.orders, import_id))
    except ImportUnderWay:
        raise
    except BaseException:  # what was taken in stays: the next commit goes on at once
        db.write(actor.merchant_id, partial(give_claim_back, import_id=import_id, seen=work.progress))
        raise


def resume_imports(db: Database) -> int:
    """Go on with each import whose commit has died; return how many are whole now."""

    def resume(merchant_id: int) -> int:
        return sum(_resume(db, merchant_id, dead) for dead in db.read(merchant_id, dead_imports))

    return for_each_merchant(db, resume)


def free_imports(db: Database) -> None:
    """Let each half import be gone on with at once; for the start of the only process of a database."""
    for_each_merchant(db, lambda merchant_id: db.write(merchant_id, free_claims), again=False)


def _resume(db: Database, merchant_id: int, dead: Dead) -> int:
    actor = Actor(
        kind="desk", id=dead.actor_id, merchant_id=merchant_id, name=dead.actor_name, rights=frozenset({"import"})
    )  # fmt: skip
    try:
        commit_import(db, actor, import_id=dead.import_id)
    except (ImportUnderWay, ImportMissing):
        return 0
    except Exception as fault:  # it stays half, is shown as such, and is tried again later
        if is_everybodys(fault):
            raise
        _log.error("import_not_resumed", import_id=dead.import_id, exc_info=fault)
        return 0
    return 1


def _claim(tx: Tx, *, actor: Actor, import_id: int, parsed: Parsed) -> Progress:
    claimed = claim_import(tx, actor, import_id=import_id)
    if claimed is None:
        raise ImportMissing if get_import(tx, import_id=import_id).status == "committed" else ImportUnderWay
    progress, first = claimed
    if first:
        quarantine_rows(tx, batch_id=import_id, rows=list(parsed.bad))
    return progress


class _Commit:
    """A commit at work: its claim and its orders' ids."""

    def __init__(self, db: Database, actor: Actor, *, import_id: int, progress: Progress) -> None:
        self._db, self._actor, self._import_id = db, actor, import_id
        self.progress = progress

    def take_all(self, orders: Sequence[ParsedOrder]) -> Import:
        """Take in what is left; the orders before are found again for the list of the import's own."""
        found = self._find(orders[: self.progress.taken])
        for place in range(self.progress.taken, len(orders), CHUNK_ORDERS):
            chunk = orders[place : place + CHUNK_ORDERS]
            try:
                found += self._write(partial(self._take, orders=chunk))
            except ImportUnderWay:
                raise
            except Refusal:  # one of them: the transaction is gone, each is tried alone
                for order in chunk:
                    found += self._take_alone(order)
        return self._db.write(self._actor.merchant_id, partial(self._end, order_ids=found))

    def _find(self, orders: Sequence[ParsedOrder]) -> list[int]:
        found: list[int] = []
        for place in range(0, len(orders), _FOUND_AT_ONCE):
            chunk = orders[place : place + _FOUND_AT_ONCE]
            found += self._db.read(self._actor.merchant_id, partial(_find_ids, orders=chunk))
            self._write(self._keep)
        return found

    def _keep(self, tx: Tx) -> tuple[list[int], Progress]:
        return [], keep_claim(tx, import_id=self._import_id, seen=self.progress)

    def _take_alone(self, order: ParsedOrder) -> list[int]:
        try:
            return self._write(partial(self._take, orders=[order]))
        except ImportUnderWay:
            raise
        except Refusal as refusal:
            field = str(refusal.data.get("field", ""))
            row = bad_row(refusal, order.row, field=field, raw=order.draft.external_id)
            return self._write(partial(self._set_aside, row=row))

    def _write(self, make: Callable[[Tx], tuple[list[int], Progress]]) -> list[int]:
        ids, self.progress = self._db.write(self._actor.merchant_id, make)
        return ids

    def _take(self, tx: Tx, *, orders: Sequence[ParsedOrder]) -> tuple[list[int], Progress]:
        taken = [take_in(tx, self._actor, order.draft) for order in orders]
        results = [one.result for one in taken]
        kept = keep_claim(tx, import_id=self._import_id, seen=self.progress, results=results)
        return [one.order_id for one in taken], kept

    def _set_aside(self, tx: Tx, *, row: BadRow) -> tuple[list[int], Progress]:
        quarantine_rows(tx, batch_id=self._import_id, rows=[row])
        return [], keep_claim(tx, import_id=self._import_id, seen=self.progress, bad=1)

    def _end(self, tx: Tx, *, order_ids: list[int]) -> Import:
        import_id, found = self._import_id, self.progress
        keep_claim(tx, import_id=import_id, seen=found)
        read_badly = get_import(tx, import_id=import_id).bad_rows
        # The file has done its work: what stays in its place is which orders it held.
        kept = pack_orders(tx, import_id=import_id, order_ids=order_ids)
        counts = {name: getattr(found, name) for name in _COUNTS}
        bad = read_badly + found.bad_rows
        tx.run(
            _END, b_id=import_id, status="committed", bad_rows=bad, done_at_us=tx.now_us, sealed_file=kept, **counts
        )  # fmt: skip
        end_claim(tx, import_id=import_id)
        told = {**counts, "bad": bad}
        append_event(tx, "import.committed", subject_id=import_id, data=told)
        write_journal(tx, self._actor, verb="orders.import", subject=f"import:{import_id}", data=told)
        return get_import(tx, import_id=import_id)


def _find_ids(tx: Tx, *, orders: Sequence[ParsedOrder]) -> list[int]:
    found: list[int] = []
    for order in orders:
        try:
            found.append(foresee(tx, order.draft).order_id)
        except Refusal:  # it was set aside
            continue
    return [order_id for order_id in found if order_id]
