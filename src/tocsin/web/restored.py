"""What waits after a restore, as a page: keys and stations are let go on one by one, the rest on pages of its own."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.restored import Waiting, approve_restored, list_restored
from tocsin.access.step_up import ProofNeeded
from tocsin.core.errors import Refusal
from tocsin.web.form import read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.words import Words

WHAT = {
    "api_key": "The API key “%(name)s” opens nothing", "station": "The station “%(name)s” is not let in",
    "webhook": "The webhook “%(name)s” is sent nothing", "auto_print": "A screen prints nothing by itself",
}  # fmt: skip
ELSEWHERE = {"webhook": "/settings/webhooks", "auto_print": "/screens"}
"""Where the rest is switched on, each with what it would do seen first."""


@get("/restored", sync_to_thread=True)
def get_restored(request: PageRequest) -> Response[str]:
    """Show what the latest restore stopped."""
    return _page(request)


@post("/restored/{item_id:str}/approval", sync_to_thread=True, status_code=303)
def post_approval(request: PageRequest, *, item_id: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Let a key or a station go on."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(item_id)
    try:
        desk.db.write(actor.merchant_id, lambda tx: approve_restored(tx, actor, item_id=wanted))
    except ProofNeeded:
        raise
    except Refusal as refusal:
        return _page(request, refusal=refusal)
    return go("/restored", done="saved")


def _page(request: PageRequest, *, refusal: Refusal | None = None) -> Response[str]:
    desk, actor = enter(request)
    words = words_of(request, actor)
    found = desk.db.read(actor.merchant_id, lambda tx: list_restored(tx, actor))
    return show(
        request, "access/restored.html", actor=actor, section="alarm", status=status_of(refusal) if refusal else 200,
        toasts=[{"kind": "warn", "text": told(refusal, words)}] if refusal else [],
        waiting=[_show(one, words) for one in found],
    )  # fmt: skip


def _show(one: Waiting, words: Words) -> dict[str, Any]:
    text = words.translate(WHAT.get(one.kind, one.kind)) % {"name": one.name or "—"}
    elsewhere = ELSEWHERE.get(one.kind, "")
    return {
        "id": one.id,
        "text": text,
        "at_us": one.at_us,
        "approved_at_us": one.approved_at_us,
        "elsewhere": elsewhere,
    }


RESTORED = [get_restored, post_approval]
