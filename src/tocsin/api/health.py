"""Health: whether the process is alive, and whether it can serve."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from litestar import Request, get
from msgspec import Struct

from tocsin.core.errors import Refusal
from tocsin.desk import Desk
from tocsin.opening import newest_version

# A thread of its own, and on PostgreSQL a connection, in no line: behind requests, long polls or streams a proxy would take a
# busy server for a broken one.
_asking = ThreadPoolExecutor(1, thread_name_prefix="readiness")


class Draining(Refusal):
    """This server is about to end: send what is new to another"""

    kind, code = "locked", "draining"


class DatabaseReadOnly(Refusal):
    """The database takes no changes: its disk is full, broken or read-only (make room; `tocsin doctor` looks), or it is a standby (name the primary too, with target_session_attrs=read-write)"""

    kind, code = "locked", "database_read_only"


class SchemaBehind(Refusal):
    """The database's schema is {schema}, and this program needs {needed}: start a `tocsin serve` of this version, which upgrades it"""

    kind, code = "locked", "schema_behind"


class Health(Struct, frozen=True):
    """`ok`, or what is not."""

    status: str


@get("/healthz", sync_to_thread=False, security=[])
def get_health() -> Health:
    """Tell that the process is alive."""
    return Health("ok")


@get("/readyz", security=[])
async def get_readiness(request: Request[Any, Any, Any]) -> Health:
    """Tell that requests may come: the database is reached and takes changes, its schema is right, the server is not about to end."""
    desk: Desk = request.app.state.desk
    if desk.streams.draining:
        raise Draining
    asked = asyncio.get_running_loop().run_in_executor(_asking, copy_context().run, desk.db.state)
    state, needed = await asked, newest_version()
    if not state.takes_changes():
        raise DatabaseReadOnly
    if state.schema < needed:
        raise SchemaBehind(schema=state.schema or "?", needed=needed)
    return Health("ok")
