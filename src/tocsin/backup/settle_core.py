"""Settles events, leases and jobs of a restored installation."""

import sqlalchemy as sa

from tocsin.alarm.notify import CONSUMER as TELLS
from tocsin.core.command import command
from tocsin.core.db import Tx
from tocsin.core.event import event, event_consumer, pass_all
from tocsin.core.node import node_lease
from tocsin.core.queues.embedded import job
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.receive import FETCH_TASK

EVENTS_SKIPPED = 1_000_000
KEPT_TASKS = (FETCH_TASK,)
"""Jobs that go on: orders that a platform named and did not send. An erasure is asked for anew; others are a person's."""

_NODES = Statement[None](sa.delete(node_lease))
_JOBS = Statement[None](
    sa.delete(job).where(job.c.task.not_in([sa.literal_column(f"'{one}'") for one in KEPT_TASKS]))
)
_COMMANDS = Statement[None](sa.delete(command).where(own(command), command.c.taken_at_us.is_(None)))
_NEWEST = Statement[tuple[int]](sa.select(sa.func.coalesce(sa.func.max(event.c.id), 0)))
_HIGHEST = Statement[tuple[int]](sa.select(sa.func.coalesce(sa.func.max(event.c.horizon), 0)))
_MARK = Statement[None](
    sa.insert(event), sets=("id", "merchant_id", "kind", "subject_id", "data", "at_us")
)  # fmt: skip
_AGE = Statement[None](sa.update(event).values(horizon=event.c.horizon - bind("ages")))
_AGE_SEEN = Statement[None](sa.update(event_consumer).values(horizon=event_consumer.c.horizon - bind("ages")))
_PRESENT = Statement[tuple[int]](
    sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS n").columns(sa.column("n"))
)
_SKIP = Statement[tuple[int]](
    sa.text("SELECT setval(pg_get_serial_sequence('event', 'id'), :newest) AS n").columns(sa.column("n"))
)


def settle_installation(tx: Tx) -> None:
    """Forget who held what, and whom nobody has told; let events skip ahead, and keep their order on a server that counts from less."""
    tx.run(_NODES)
    tx.run(_JOBS)
    newest = int(tx.value(_NEWEST)) + EVENTS_SKIPPED
    if tx.dialect == "postgresql":
        _age_events(tx)
        tx.value(_SKIP, newest=newest)
    pass_all(tx, TELLS)
    tx.run(_MARK, id=newest, merchant_id=0, kind="desk.restored", subject_id=0, data="{}", at_us=tx.now_us)


def settle_merchant(tx: Tx) -> None:
    """Withdraw what no station has taken yet."""
    tx.run(_COMMANDS)


def _age_events(tx: Tx) -> None:
    """A reader stops where transactions of this server are open: what another server counted must lie before them all."""
    highest = int(tx.value(_HIGHEST))
    if highest >= int(tx.value(_PRESENT)):
        tx.run(_AGE, ages=highest + 1)
        tx.run(_AGE_SEEN, ages=highest + 1)
