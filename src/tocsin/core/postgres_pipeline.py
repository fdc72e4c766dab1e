"""Connections whose pipelines leave the server's clock going.

A server gives up who stands still within a transaction by a clock that it starts when it says that it is ready, and stops at
the next message, whichever that is. psycopg sends a Flush behind the Sync that ends a pipeline: it needs no answer, so the clock stays stopped.

Source: PostgreSQL 15, src/backend/tcop/postgres.c (PostgresMain, steps 2 to 5); psycopg 3.3, `BasePipeline._exit_gen`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.abc import PQGen


class _Pipeline(psycopg.Pipeline):
    def _exit_gen(self) -> PQGen[None]:
        try:
            self._enqueue_sync()
            yield from self._communicate_gen()
        finally:
            yield from self._fetch_gen(flush=False)  # what stands before a Sync is sent with it


class DeskConnection(psycopg.Connection[Any]):
    """A connection of the desk's pool."""

    @contextmanager
    def pipeline(self) -> Iterator[psycopg.Pipeline]:
        """Have what is sent within go in one round trip."""
        if self._pipeline is None:
            self._pipeline = _Pipeline(self)
        with super().pipeline() as begun:
            yield begun
