"""Health: whether the process is alive, and whether it can serve."""

from typing import Any

from litestar import Request, get
from msgspec import Struct


class Health(Struct, frozen=True):
    """`ok`, or what is not."""

    status: str


@get("/healthz", sync_to_thread=False, security=[])
def get_health() -> Health:
    """Tell that the process is alive."""
    return Health("ok")


@get("/readyz", sync_to_thread=True, security=[])
def get_readiness(request: Request[Any, Any, Any]) -> Health:
    """Tell that the database answers."""
    request.app.state.desk.merchants()
    return Health("ok")
