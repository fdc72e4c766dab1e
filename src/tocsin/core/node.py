"""Nodes: each process on PostgreSQL leases a number that its ids carry, so no two make the same id.

Number 0 is never leased: it is of the one process on SQLite, and of who makes ids without a lease.
"""

import secrets
import threading
from contextlib import suppress

import sqlalchemy as sa

from tocsin.core.clock import SECOND_US
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Outage, Refusal
from tocsin.core.ident import NODES, use_node
from tocsin.core.log import get_log
from tocsin.core.schema import big, directory_table, text
from tocsin.core.statement import Statement, bind, upsert

LEASE_SECONDS = 60
_RENEW_SECONDS = 15
node_lease = directory_table("node_lease", big("node"), text("holder"), big("until_us"), key=("node",))
_log = get_log("node")


class NodesExhausted(Refusal):
    """All {nodes} node numbers are leased: stop processes that are not needed, or wait a minute"""

    kind, code = "broken", "nodes_exhausted"


_EXPIRE = Statement[None](sa.delete(node_lease).where(node_lease.c.until_us < bind("now_us")))
_TAKEN = Statement[tuple[int]](sa.select(node_lease.c.node).order_by(node_lease.c.node))
_TAKE = Statement[None](upsert(node_lease).on_conflict_do_nothing(), sets=("node", "holder", "until_us"))
_mine = sa.and_(node_lease.c.node == bind("b_node"), node_lease.c.holder == bind("b_holder", str))
_RENEW = Statement[None](sa.update(node_lease).where(_mine), sets=("until_us",))
_GIVE_BACK = Statement[None](sa.delete(node_lease).where(_mine))


class NodeLease:
    """A leased node number, renewed by a thread until it is closed."""

    def __init__(self, db: Database) -> None:
        self._db, self._holder, self._stop = db, secrets.token_hex(8), threading.Event()
        self._leased = db.dialect == "postgresql"
        self.node = db.write(0, self._take) if self._leased else 0
        use_node(self.node)
        self._thread = threading.Thread(target=self._keep, name="node", daemon=True)
        if self._leased:
            self._thread.start()

    def renew(self) -> None:
        """Lengthen the lease; where it expired and was taken by another, lease a new number."""
        if self._db.write(0, self._lengthen):
            return
        self.node = self._db.write(0, self._take)
        use_node(self.node)
        _log.warning("node_moved", node=self.node)

    def close(self) -> None:
        """Give the number back."""
        self._stop.set()
        if self._leased:
            self._thread.join()
            with suppress(Outage):  # then it expires by itself
                self._db.write(0, lambda tx: tx.run(_GIVE_BACK, b_node=self.node, b_holder=self._holder))

    def _take(self, tx: Tx) -> int:
        tx.run(_EXPIRE, now_us=tx.now_us)
        taken = {row[0] for row in tx.rows(_TAKEN)}
        for node in range(1, NODES):
            if node in taken:
                continue
            # Another process may take it in the same moment: then it is the next one.
            if tx.run(_TAKE, node=node, holder=self._holder, until_us=_until(tx)):
                return node
        raise NodesExhausted(nodes=NODES - 1)

    def _lengthen(self, tx: Tx) -> int:
        return tx.run(_RENEW, b_node=self.node, b_holder=self._holder, until_us=_until(tx))

    def _keep(self) -> None:
        while not self._stop.wait(_RENEW_SECONDS):
            try:
                self.renew()
            except Exception as fault:  # noqa: BLE001 - the server may be away for a moment: the lease outlives three misses
                _log.warning("node_not_renewed", node=self.node, exc_info=fault)


def lease_node(db: Database) -> NodeLease:
    """Lease a node number and make this process's ids with it.

    Raises:
        NodesExhausted: 1,023 other processes hold one.
    """
    return NodeLease(db)


def _until(tx: Tx) -> int:
    return tx.now_us + LEASE_SECONDS * SECOND_US
