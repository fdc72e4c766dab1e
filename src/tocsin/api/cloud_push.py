"""Calls of printer clouds: they say that there is news of a paper, which is then asked for."""

from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, get, post
from litestar.params import FromPath, RawBody

from tocsin.api.cloudprnt import PollMissing
from tocsin.desk import Desk
from tocsin.gate import TooManyTries
from tocsin.tickets.cloud_end import ask_soon
from tocsin.tickets.poll_door import Pushed, admit_push

_TAKEN = {"data": "OK"}
_FIELDS_MOST = 50
PushRequest = Request[Any, Any, Any]


@post("/{name:str}", sync_to_thread=True, status_code=200, security=[])
def post_push(request: PushRequest, *, name: FromPath[str], body: RawBody) -> dict[str, str]:
    """Hear of news of a paper; who calls is told by his signature."""
    desk: Desk = request.app.state.desk
    try:
        form = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=_FIELDS_MOST))
    except ValueError:  # more fields than any push has
        form = {}
    address = request.client.host if request.client else ""
    found = admit_push(desk.db, name=name, form=form, address=address)
    if isinstance(found, Pushed):
        desk.db.read(found.merchant_id, partial(ask_soon, printer_id=found.printer_id, remote=found.order))
        return _TAKEN
    if found.retry_after_seconds:
        raise TooManyTries(retry_after_seconds=found.retry_after_seconds)
    raise PollMissing


@get("/{name:str}", sync_to_thread=False, security=[])
def get_push(name: FromPath[str]) -> dict[str, str]:  # noqa: ARG001 - every address answers the same
    """Answer a cloud that tests the address."""
    return _TAKEN


CLOUD_PUSH = [post_push, get_push]
