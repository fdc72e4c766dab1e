"""What a platform sends: told from a forger's, taken in once, and answered in time.

The call is verified and read outside any transaction; then one transaction notes the delivery and takes in what it
says. The same delivery again changes nothing. What can't be read waits in quarantine, and the platform is told that
it was taken: repeating it would not help.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from tocsin.access.bucket import Counter, lock_bucket, store_bucket, wait_us
from tocsin.core.clock import SECOND_US, steady_us
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.core.queue import Queue
from tocsin.core.tenant import Shop, get_shop
from tocsin.orders.connection import (
    Connection,
    Route,
    connection_actor,
    find_route,
    get_connection,
    open_keys,
)
from tocsin.orders.delivery import add_delivery, note_news, note_refused
from tocsin.orders.hook import Asked, HookAdapter, Keys, News, Reply, SignatureWrong, hook_of
from tocsin.orders.importer import BadRow, ImportOptions, Parsed, bad_row
from tocsin.orders.intake import take_in, take_news
from tocsin.orders.quarantine import quarantine_rows

T = TypeVar("T")
FREE_WRONG, FREE_WRONG_OF_CONNECTION = 20, 200
FETCH_TASK = "hooks.fetch"
_QUIET_MOST = 4096
_LONGEST_TOKEN = 64
# Who sent too many wrong calls is answered without the database until then.
_quiet: dict[tuple[int, str], int] = {}


class HookMissing(Refusal):
    """There is no connection at this address: copy it again from the settings"""

    kind, code = "missing", "hook_missing"


class HookPaused(Refusal):
    """The connection is paused: send it again later"""

    kind, code = "locked", "hook_paused"


class TooManyWrong(Refusal):
    """Too many calls with a wrong signature: wait {retry_after_seconds} seconds"""

    kind, code = "locked", "too_many_wrong"


class Opened(Struct, frozen=True):
    """A connection with what is needed to judge a call."""

    merchant_id: int
    connection: Connection
    adapter: HookAdapter
    keys: tuple[Keys, ...]
    shop: Shop

    def options(self) -> ImportOptions:
        """Return how the orders of this connection are read."""
        return ImportOptions(
            channel=self.adapter.channel,
            shop=self.shop.code,
            zone=self.shop.zone,
            currency=self.shop.currency,
        )


def receive_hook(db: Database, queue: Queue, *, token: str, asked: Asked, address: str) -> Reply:
    """Take a platform's call in; return what it is answered.

    Raises:
        HookMissing: the address leads nowhere.
        HookPaused: nothing is taken in now.
        SignatureWrong, TooManyWrong: it is not genuine.
    """
    route = (
        db.read(DIRECTORY_SCOPE, partial(find_route, token=token)) if len(token) <= _LONGEST_TOKEN else None
    )
    if route is None:
        raise HookMissing
    opened = db.read(route.merchant_id, partial(open_connection, route=route))
    try:
        greeting = _first_right(opened, lambda keys: opened.adapter.greet(asked, keys))
        if greeting is not None:
            return greeting[0]
        message, keys = _first_right(opened, lambda keys: opened.adapter.verify(asked, keys)) or (b"", Keys())
    except SignatureWrong:
        _refuse(db, opened, address)
        raise
    if opened.connection.state == "paused":
        raise HookPaused(retry_after_seconds=60)
    try:
        news = opened.adapter.read(asked, message, keys=keys, options=opened.options())
    except Refusal as refusal:
        return _set_aside(db, opened, asked, refusal=refusal)
    return _take_or_set_aside(db, queue, opened, asked=asked, news=news)


def open_connection(tx: Tx, *, route: Route) -> Opened:
    """Return a connection with its keys and its shop.

    Raises:
        ConnectionMissing, HookKindUnknown
    """
    found = get_connection(tx, connection_id=route.connection_id)
    now, before = open_keys(tx, connection_id=found.id)
    shop = get_shop(tx, shop_id=found.shop_id)
    return Opened(route.merchant_id, found, hook_of(found.kind), (now, before) if before else (now,), shop)


def _first_right(opened: Opened, judge: Callable[[Keys], T | None]) -> tuple[T, Keys] | None:
    """Return what the first keys of a connection make of a call; those before the change come second.

    Raises:
        SignatureWrong: none fits.
    """
    for place, keys in enumerate(opened.keys, 1):
        try:
            found = judge(keys)
        except SignatureWrong:
            if place == len(opened.keys):
                raise
            continue
        return None if found is None else (found, keys)
    return None


def _take_or_set_aside(
    db: Database, queue: Queue, opened: Opened, *, asked: Asked, news: News
) -> Reply:  # fmt: skip
    try:
        db.write(opened.merchant_id, partial(_take, queue=queue, opened=opened, asked=asked, news=news))
    except Refusal as refusal:  # a value that no order can have: all of the call waits in quarantine
        if refusal.kind == "broken":  # the desk itself: the platform repeats it
            raise
        return _set_aside(db, opened, asked, refusal=refusal, news=news)
    return news.reply


def _take(tx: Tx, *, queue: Queue, opened: Opened, asked: Asked, news: News) -> None:
    found = opened.connection
    digest = hashlib.sha256(asked.body).hexdigest()
    if not add_delivery(
        tx, connection_id=found.id, delivery_id=news.delivery_id, digest=digest, kind=news.kind
    ):
        return
    for order in news.fetch:
        payload = {"connection": found.id, "order": order}
        queue.defer(tx, FETCH_TASK, payload=payload, lock=f"hook {found.id} {order}"[:120])
    result, order_id = take_parsed(tx, opened, parsed=news.parsed)
    for one in news.axes:
        taken = take_news(tx, connection_actor(found, opened.merchant_id), one)
        result, order_id = (taken.result, taken.order_id) if taken else ("waiting", 0)
    fault = "unreadable" if news.parsed and news.parsed.bad else ""
    result = "fetching" if news.fetch else result or "ignored"
    note_news(tx, found, delivery_id=news.delivery_id, result=result, order_id=order_id, fault=fault)


def take_parsed(tx: Tx, opened: Opened, *, parsed: Parsed | None) -> tuple[str, int]:
    """Take in the orders of a message; what can't be read waits in quarantine. Return the last result and order."""
    if parsed is None:
        return "", 0
    result, order_id = "quarantined" if parsed.bad else "", 0
    quarantine_rows(tx, batch_id=0, rows=list(parsed.bad))
    actor = connection_actor(opened.connection, opened.merchant_id)
    for order in parsed.orders:
        taken = take_in(tx, actor, order.draft)
        result, order_id = taken.result, taken.order_id
    return result, order_id


def _set_aside(
    db: Database, opened: Opened, asked: Asked, *, refusal: Refusal, news: News | None = None
) -> Reply:  # fmt: skip
    """Put a genuine call that can't be taken in into quarantine, once."""
    digest = hashlib.sha256(asked.body).hexdigest()
    delivery_id = news.delivery_id if news else digest

    def run(tx: Tx) -> None:
        if add_delivery(
            tx, connection_id=opened.connection.id, delivery_id=delivery_id, digest=digest,
            kind=news.kind if news else "",
        ):  # fmt: skip
            quarantine_rows(tx, batch_id=0, rows=[_aside(asked, refusal)])
            note_news(
                tx, opened.connection, delivery_id=delivery_id, result="quarantined", fault="unreadable"
            )

    db.write(opened.merchant_id, run)
    return news.reply if news else Reply()


def _aside(asked: Asked, refusal: Refusal) -> BadRow:
    raw = asked.body.decode("utf-8", "replace")
    return bad_row(refusal, 1, field=str(refusal.data.get("field", "")), raw=raw)


def _refuse(db: Database, opened: Opened, address: str) -> None:
    """Count a call that is not genuine against its address and its connection.

    Raises:
        TooManyWrong: they have sent too many; nothing more is noted until the time has passed.
    """
    place = (opened.connection.id, address)
    until_us = _quiet.get(place, 0)
    if until_us <= steady_us():
        waiting_us = db.write(opened.merchant_id, partial(_count_wrong, opened=opened, address=address))
        if not waiting_us:
            return
        until_us = steady_us() + waiting_us
        if len(_quiet) >= _QUIET_MOST:
            _quiet.clear()
        _quiet[place] = until_us
    raise TooManyWrong(retry_after_seconds=max(1, (until_us - steady_us()) // SECOND_US))


def _count_wrong(tx: Tx, *, opened: Opened, address: str) -> int:
    found = opened.connection
    near = tx.vault.keys(tx).digest("hook address", address)
    counters = (
        Counter(f"hook:{found.id}:{near}", "budget", FREE_WRONG),
        Counter(f"hook:{found.id}", "budget", FREE_WRONG_OF_CONNECTION),
    )
    buckets = {counter: lock_bucket(tx, counter) for counter in counters}
    waiting_us = max(wait_us(counter, bucket) for counter, bucket in buckets.items())
    if waiting_us:
        return waiting_us
    for counter, bucket in buckets.items():
        store_bucket(tx, counter, replace(bucket, failures=bucket.failures + 1))
    actor = connection_actor(found, opened.merchant_id)
    write_journal(tx, actor, verb="connections.refuse", subject=f"connection:{found.id}")
    note_refused(tx, connection_id=found.id)
    return 0
