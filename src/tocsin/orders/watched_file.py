"""Files that were written before an order was watched, or for somebody else: they are not fetched alone either."""

from functools import partial

from tocsin.core.actor import Actor, require
from tocsin.core.db import Database, Tx
from tocsin.orders.download import get_download
from tocsin.orders.handed import held_by_file
from tocsin.orders.second_person import SecondPersonNeeded, left_out, record_try


def pass_file(db: Database, actor: Actor, *, download_id: int, door: str) -> None:
    """Let a file be fetched where it holds no watched order but what this actor was confirmed for.

    Raises:
        NotAllowed, DownloadMissing
        SecondPersonNeeded: it holds one; that it was tried is recorded.
    """
    require(actor, "download")
    held = db.read(actor.merchant_id, partial(_held, actor=actor, download_id=download_id))
    if held:
        number = db.write(
            actor.merchant_id, partial(record_try, actor=actor, order_id=min(held), act="download", door=door)
        )
        raise SecondPersonNeeded(number=number, act="download")


def _held(tx: Tx, *, actor: Actor, download_id: int) -> set[int]:
    found = get_download(tx, actor, download_id=download_id)
    return held_by_file(tx, lookup_id=found.lookup_id, order_ids=left_out(tx, actor_id=actor.id))
