"""Inbound hooks: the address at which a platform calls the desk; who calls is told by the signature alone."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, RawBody

from tocsin.core.clock import now_us
from tocsin.desk import Desk
from tocsin.orders.hook import Asked
from tocsin.orders.receive import receive_hook

HookRequest = Request[Any, Any, Any]


@post("/{token:str}", sync_to_thread=True, status_code=200, security=[])
def post_hook(request: HookRequest, *, token: FromPath[str], body: RawBody) -> Response[bytes]:
    """Take in what a connected platform tells."""
    return _receive(request, token, body)


@get("/{token:str}", sync_to_thread=True, security=[])
def get_hook(request: HookRequest, *, token: FromPath[str]) -> Response[bytes]:
    """Answer a platform that tests the address."""
    return _receive(request, token, b"")


def _receive(request: HookRequest, token: str, body: bytes) -> Response[bytes]:
    desk: Desk = request.app.state.desk
    asked = Asked(
        method=request.method, query=dict(request.query_params.items()), body=body, at_us=now_us(),
        headers={name.lower(): value for name, value in request.headers.items()},
    )  # fmt: skip
    address = request.client.host if request.client else ""
    reply = receive_hook(desk.db, desk.queue, token=token, asked=asked, address=address)
    return Response(reply.body, status_code=reply.status, media_type=reply.content_type)


HOOKS = [post_hook, get_hook]
