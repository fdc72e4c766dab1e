"""Lock everything as a page, with the undo list; and the page by which an operator locks his own account."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.api_key import list_api_keys
from tocsin.access.lock_all import list_locked, lock_everything, lock_own_account, undo_lock
from tocsin.access.operator import list_operators
from tocsin.access.step_up import ProofNeeded, require_proof
from tocsin.access.undo import Done
from tocsin.alarm.posture import read_posture
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.words import Words
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.guard import PageRequest, cleared, enter, no_session_cookie
from tocsin.web.shell import go, show, status_of, told, words_of

WHAT = {
    "posture": "The desk is locked down", "session": "A session of %(name)s has ended",
    "api_key": "The API key “%(name)s” is suspended",
}  # fmt: skip
LIFTED = "It was a false alarm"


@get("/lock-all", sync_to_thread=True)
def get_lock_all(request: PageRequest) -> Response[str]:
    """Show what locking everything does, and what the last time did."""
    return _page(request)


@post("/lock-all", sync_to_thread=True, status_code=303)
def post_lock_all(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Lock everything."""
    desk, actor = enter(request)
    form = read_form(request, body)
    try:
        desk.db.write(actor.merchant_id, lambda tx: lock_everything(tx, actor, reason=form.get("reason", "")))
    except ProofNeeded:
        raise
    except Refusal as refusal:
        return _page(request, form=form, refusal=refusal)
    return go("/lock-all", done="locked_all")


@post("/lock-all/{item_id:str}/undo", sync_to_thread=True, status_code=303)
def post_undo(request: PageRequest, *, item_id: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Take back one thing that was locked."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted, why = read_number(item_id), words_of(request, actor).translate(LIFTED)
    try:
        desk.db.write(actor.merchant_id, lambda tx: undo_lock(tx, actor, item_id=wanted, reason=why))
    except ProofNeeded:
        raise
    except Refusal as refusal:
        return _page(request, refusal=refusal)
    return go("/lock-all", done="undone")


@get("/lock-account", sync_to_thread=True)
def get_lock_account(request: PageRequest) -> Response[str]:
    """Ask whether one's account is to be locked; who is not signed in proves who he is first, by either credential."""
    _, actor = enter(request)
    require_proof(actor)
    return show(request, "access/lock_account.html", actor=actor, section="settings")


@post("/lock-account", sync_to_thread=True, status_code=303)
def post_lock_account(request: PageRequest, *, body: RawBody) -> Redirect:
    """Lock one's own account: this session ends too."""
    desk, actor = enter(request)
    read_form(request, body)
    done = desk.db.write(actor.merchant_id, lambda tx: lock_own_account(tx, actor))
    said = "locked" if done.suspended else "out"
    return cleared(go(f"/sign-in?{said}", cookies=[no_session_cookie(request)]))


def _page(request: PageRequest, *, form: Form | None = None, refusal: Refusal | None = None) -> Response[str]:
    desk, actor = enter(request)
    require(actor, "operators")
    words = words_of(request, actor)
    errors = {str(refusal.data.get("field", "reason")): told(refusal, words)} if refusal else {}
    return show(
        request, "access/lock_all.html", actor=actor, section="alarm", status=status_of(refusal) if refusal else 200,
        form=form or {}, errors=errors, **desk.db.read(actor.merchant_id, lambda tx: _read(tx, actor, words)),
    )  # fmt: skip


def _read(tx: Tx, actor: Actor, words: Words) -> dict[str, Any]:
    people = {one.id: one.display_name for one in list_operators(tx, actor)}
    keys = {one.id: one.name for one in list_api_keys(tx, actor)}
    names = {"session": people, "api_key": keys}
    return {
        "locked_down": read_posture(tx).state == "lockdown",
        "done": [_show(one, names.get(one.kind, {}), words) for one in list_locked(tx, actor)],
    }


def _show(one: Done, names: dict[int, str], words: Words) -> dict[str, Any]:
    about = int(one.subject) if one.kind == "session" else one.subject_id
    text = words.translate(WHAT.get(one.kind, one.kind)) % {"name": names.get(about, "—")}
    return {"id": one.id, "text": text, "at_us": one.at_us, "undone_at_us": one.undone_at_us}


LOCK_ALL = [get_lock_all, post_lock_all, post_undo, get_lock_account, post_lock_account]
