"""“It came”: where the link of a message leads. It needs no sign-in, tells nothing, and opens nothing.

To look is not to confirm: chats and mail servers open links by themselves, a person presses the button.
"""

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from tocsin.alarm.notice import Notice
from tocsin.alarm.receipt import find_receipt, merchant_of, take_receipt
from tocsin.core.db import Tx
from tocsin.web.guard import PageRequest, desk_of
from tocsin.web.shell import show_door


@get("/received/{token:str}", sync_to_thread=True)
def get_received(request: PageRequest, *, token: FromPath[str]) -> Response[str]:
    """Ask whether the message came."""

    def read(tx: Tx) -> Notice | None:
        return find_receipt(tx, token=token)

    merchant_id = merchant_of(token)
    found = desk_of(request).db.read(merchant_id, read) if merchant_id else None
    return _page(request, token, found)


@post("/received/{token:str}", sync_to_thread=True, status_code=303)
def post_received(request: PageRequest, *, token: FromPath[str]) -> Response[str] | Redirect:
    """Keep that the message came; the service worker says so by itself when it shows one."""
    desk, merchant_id = desk_of(request), merchant_of(token)
    found = desk.db.read(merchant_id, lambda tx: find_receipt(tx, token=token)) if merchant_id else None
    if found is None:
        return _page(request, token, None)
    desk.db.write(merchant_id, lambda tx: take_receipt(tx, token=token))
    return Redirect(f"/received/{token}", status_code=303)


def _page(request: PageRequest, token: str, found: Notice | None) -> Response[str]:
    return show_door(
        request, "alarm/received.html", status=404 if found is None else 200, token=token, known=found is not None,
        done=found is not None and found.received_at_us is not None,
    )  # fmt: skip


RECEIVED = [get_received, post_received]
