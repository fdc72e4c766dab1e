"""How often a merchant may have addresses asked, by a search or by saying that a printer stands there."""

from msgspec.structs import replace

from tocsin.access.bucket import Counter, add_lock, lock_bucket, store_bucket, wait_us
from tocsin.core.clock import SECOND_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal

FREE_SEARCHES, FREE_MOVES = 12, 6


class AskedTooOften(Refusal):
    """Addresses were asked for printers too often: wait {retry_after_seconds} seconds"""

    kind, code = "locked", "asked_too_often"


def count_search(tx: Tx) -> None:
    """Count a search against what a merchant has in five minutes.

    Raises:
        AskedTooOften: that many were begun.
    """
    _count(tx, Counter(f"printer search:{tx.merchant_id}", "budget", FREE_SEARCHES))


def count_move(tx: Tx) -> None:
    """Count that a printer got another address: after a few a merchant waits, longer each time, an hour at most.

    Raises:
        AskedTooOften: the time has not passed.
    """
    _count(tx, Counter(f"printer move:{tx.merchant_id}", "delay", FREE_MOVES))


def _count(tx: Tx, counter: Counter) -> None:
    bucket = lock_bucket(tx, counter)
    if waiting_us := wait_us(counter, bucket):
        raise AskedTooOften(retry_after_seconds=-(-waiting_us // SECOND_US))
    store_bucket(tx, counter, add_lock(counter, replace(bucket, failures=bucket.failures + 1)))
