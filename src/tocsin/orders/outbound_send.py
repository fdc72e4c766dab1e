"""Webhooks out: sends what is due, several endpoints at a time, each endpoint's messages one after the other."""

import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tocsin.core import clock
from tocsin.core.clock import SECOND_US
from tocsin.core.db import Database
from tocsin.core.log import get_log
from tocsin.core.loop import Loop, for_each_merchant
from tocsin.core.outbound import (
    SECONDS_MOST,
    Answer,
    Network,
    Resolve,
    look_up,
    read_place,
    sign_message,
)
from tocsin.orders.outbound import EndpointMissing, Secrets, open_endpoint
from tocsin.orders.outbound_delivery import (
    Parcel,
    due_parcels,
    lease_endpoint,
    ready_endpoints,
    release_endpoint,
    settle_parcel,
)
from tocsin.orders.outbound_message import make_messages, sweep_messages

_AT_ONCE = 8
_DAY_SECONDS = 86_400.0
_SENDING_SECONDS = 30
_log = get_log("outbound")


def _post(*given: Any, **how: Any) -> Answer:
    from tocsin.core.outbound_post import post_body

    return post_body(*given, **how)


class Sender:
    """Sends webhooks.

    Args:
        networks: private networks that the process's settings open.
        resolve, trust, seconds: the resolver, the authorities and the time of one request (for tests and proofs).
    """

    def __init__(
        self, db: Database, *, networks: tuple[Network, ...] = (), resolve: Resolve = look_up,
        trust: ssl.SSLContext | None = None, seconds: float = SECONDS_MOST,
    ) -> None:  # fmt: skip
        self._db = db
        self._post = partial(_post, networks=networks, resolve=resolve, trust=trust, seconds=seconds)
        self._busy: set[int] = set()
        self._pool: ThreadPoolExecutor | None = None
        self._loops: tuple[Loop, ...] = ()

    def start(self) -> None:
        """Begin."""
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="outbound")
        self._loops = (
            Loop("webhooks", self.step, idle_seconds=1, by_event=("",), rest_seconds=0.25),
            Loop("webhooks kept", self._sweep, idle_seconds=_DAY_SECONDS),
        )
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """End after the requests in hand."""
        for loop in self._loops:
            loop.stop()
        self._loops = ()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def step(self) -> int:
        """Make messages of new events and have what is due sent; return how many events and endpoints had work."""
        return make_messages(self._db) + for_each_merchant(self._db, self._begin, again=False)

    def _begin(self, merchant_id: int) -> int:
        begun = 0
        for endpoint_id in self._db.read(merchant_id, ready_endpoints):
            if self._pool is not None and endpoint_id not in self._busy:
                begun += 1
                self._busy.add(endpoint_id)
                self._pool.submit(self._serve, merchant_id, endpoint_id)
        return begun

    def _sweep(self) -> int:
        for_each_merchant(self._db, lambda merchant_id: self._db.write(merchant_id, sweep_messages))
        return 0  # once a day

    def _serve(self, merchant_id: int, endpoint_id: int) -> None:
        try:
            self.send_to(merchant_id, endpoint_id)
        except EndpointMissing:
            _log.info("endpoint_removed", endpoint=str(endpoint_id))
        except Exception as fault:  # noqa: BLE001 - the next step tries again
            _log.error("endpoint_failed", endpoint=str(endpoint_id), exc_info=fault)
        finally:
            self._busy.discard(endpoint_id)

    def send_to(self, merchant_id: int, endpoint_id: int) -> int:
        """Send what is due to one endpoint, half a minute at most; return how many messages it took."""
        write: Callable[..., bool] = self._db.write
        if not write(merchant_id, partial(lease_endpoint, endpoint_id=endpoint_id)):
            return 0
        taken, until_us = 0, clock.steady_us() + _SENDING_SECONDS * SECOND_US
        try:
            while parcels := self._db.read(merchant_id, partial(due_parcels, endpoint_id=endpoint_id)):
                secrets = self._db.read(merchant_id, partial(open_endpoint, endpoint_id=endpoint_id))
                for parcel in parcels:
                    answer = self._send(secrets, parcel)
                    settle = partial(settle_parcel, parcel=parcel, endpoint_id=endpoint_id, answer=answer)
                    if not write(merchant_id, settle) or clock.steady_us() > until_us:
                        return taken + answer.taken
                    taken += 1
            return taken
        finally:
            self._db.write(merchant_id, partial(release_endpoint, endpoint_id=endpoint_id))

    def _send(self, secrets: Secrets, parcel: Parcel) -> Answer:
        body, message_id, at_seconds = (
            parcel.body.encode(),
            f"evt_{parcel.event_id}",
            int(time.time()),
        )
        signed = [
            sign_message(secret, message_id=message_id, at_seconds=at_seconds, body=body)
            for secret in (secrets.secret, secrets.earlier)
            if secret
        ]
        headers = {
            "webhook-id": message_id, "webhook-timestamp": str(at_seconds), "webhook-signature": " ".join(signed)
        }  # fmt: skip
        return self._post(read_place(secrets.url), body, headers=headers)
