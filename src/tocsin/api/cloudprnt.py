"""Star CloudPRNT: the address at which a printer asks for its papers, fetches them, and tells what became of them."""

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, RawBody

from tocsin.core.errors import Refusal
from tocsin.desk import Desk
from tocsin.gate import TooManyTries
from tocsin.tickets.poll_door import Seat, admit_printer
from tocsin.tickets.polling import Told, ask_for_paper, fetch_paper, tell_end

PNG = "image/png"
PollRequest = Request[Any, Any, Any]


class PollMissing(Refusal):
    """No printer has this address: make a new one under Settings → Printers, and type it into the printer"""

    kind, code = "missing", "poll_missing"


class PollGarbled(Refusal):
    """What the printer tells can't be read: set it to CloudPRNT, version 1"""

    kind, code = "invalid", "poll_garbled"


@post("/{token:str}", sync_to_thread=True, status_code=200, security=[])
def post_poll(request: PollRequest, *, token: FromPath[str], body: RawBody) -> dict[str, Any]:
    """Tell a printer whether a paper waits for it."""
    desk, seat = _enter(request, token)
    try:
        told = msgspec.json.decode(body, type=Told)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise PollGarbled from wrong
    name = ask_for_paper(desk.db, seat, told)
    offer = {"mediaTypes": [PNG], "jobToken": name, "deleteMethod": "DELETE"} if name else {}
    return {"jobReady": bool(name), **offer}


@get("/{token:str}", sync_to_thread=True, security=[])
def get_paper(request: PollRequest, *, token: FromPath[str]) -> Response[bytes]:
    """Hand a paper over as a picture."""
    desk, seat = _enter(request, token)
    asked = request.query_params
    if asked.get("type", PNG) != PNG:
        return Response(b"", status_code=415, media_type=PNG)
    paper = fetch_paper(desk.db, seat, name=asked.get("token", "")[:40], base_url=desk.settings.base_url())
    return Response(paper or b"", status_code=404 if paper is None else 200, media_type=PNG)


@delete("/{token:str}", sync_to_thread=True, status_code=200, security=[])
def delete_paper(request: PollRequest, *, token: FromPath[str]) -> Response[bytes]:
    """Take in what became of a paper; a printer that repeats itself is answered the same."""
    desk, seat = _enter(request, token)
    asked = request.query_params
    tell_end(desk.db, seat, name=asked.get("token", "")[:40], code=asked.get("code", "")[:200])
    return Response(b"", media_type="text/plain")


def _enter(request: PollRequest, token: str) -> tuple[Desk, Seat]:
    desk: Desk = request.app.state.desk
    found = admit_printer(desk.db, token=token, address=request.client.host if request.client else "")
    if isinstance(found, Seat):
        return desk, found
    if found.retry_after_seconds:
        raise TooManyTries(retry_after_seconds=found.retry_after_seconds)
    raise PollMissing


CLOUDPRNT = [post_poll, get_paper, delete_paper]
