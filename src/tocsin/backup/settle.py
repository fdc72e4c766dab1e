"""Settles what was restored: nothing that it finds pending acts by itself, for it may have happened after the backup.

Numbers and sequences skip ahead, papers that were asked for are unknown, sirens and people are left alone, sessions end, and
keys, stations and webhooks wait until a person lets them go on. All of it happens before anybody is served.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from tocsin.access.restored import ACT, note_restored
from tocsin.access.undo import Act
from tocsin.backup.settle_access import settle_access
from tocsin.backup.settle_alarm import settle_alarm
from tocsin.backup.settle_core import settle_installation, settle_merchant
from tocsin.backup.settle_orders import settle_orders
from tocsin.backup.settle_tickets import settle_tickets
from tocsin.core.actor import desk_actor
from tocsin.core.db import DIRECTORY_SCOPE, Tx
from tocsin.core.journal import write_journal
from tocsin.core.queue import Queue
from tocsin.core.tenant import list_merchants

NUMBERS_SKIPPED = 10_000
RESTORED = "desk.restored"
Run = Callable[[int, Callable[[Tx], Any]], Any]


def settle_restored(run: Run, *, made_at_us: int, skip: int, queue: Queue) -> int:
    """Settle the installation and each merchant; return how many numbers were skipped at least.

    Args:
        run: runs a verb in a merchant's transaction.
        made_at_us: when the backup was made.
        skip: order numbers that each shop's days skip; never fewer than twice a day's most.
    """
    run(DIRECTORY_SCOPE, settle_installation)
    merchants = run(DIRECTORY_SCOPE, list_merchants)
    for merchant in merchants:
        settle = partial(_settle_merchant, made_at_us=made_at_us, skip=skip, queue=queue)
        run(merchant.id, settle)
    return skip


def _settle_merchant(tx: Tx, *, made_at_us: int, skip: int, queue: Queue) -> None:
    act = Act(tx, desk_actor(tx.merchant_id), name=ACT)
    settle_merchant(tx)
    settle_tickets(tx, act, skip=skip)
    skipped = settle_orders(tx, act, skip=skip, queue=queue)
    settle_access(tx, act)
    settle_alarm(tx)
    note_restored(tx, made_at_us=made_at_us)
    told = {"made_at_us": made_at_us, "skipped": skipped}
    write_journal(
        tx, desk_actor(tx.merchant_id), verb=RESTORED, subject=f"merchant:{tx.merchant_id}", data=told
    )
