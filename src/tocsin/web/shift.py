"""Shift handover as pages: who is on, what is handed over, both signatures, and past handovers."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.desk import name_of_desk
from tocsin.access.finger_attempt import desk_has_reader
from tocsin.access.limiter import SignInRefused
from tocsin.access.proof import Proof
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import NEWEST
from tocsin.core.tenant import list_shops
from tocsin.tickets.shift import begin_shift, take_back_shift
from tocsin.tickets.shift_record import PAGE, get_handover, list_handovers
from tocsin.tickets.shift_sign import (
    Browser,
    ask_finger,
    sign_in_at_shift,
    sign_into_shift,
    sign_out_of_shift,
)
from tocsin.tickets.shift_state import Shift, figures_now, list_takers, running_shifts, waits_for
from tocsin.web.ceremony import offers_passkeys, show_options, take_report, where_of
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.guard import (
    PageRequest,
    cleared,
    desk_of,
    desk_token,
    enter,
    session_cookie,
    session_cookies,
    session_token,
)
from tocsin.web.prove import proof_of, refused_proof
from tocsin.web.shell import go, locale_cookie, show, status_of, told, words_of

HERE = "/shift"
NOT_TAKEN = "The finger is known, but nothing is signed: it was used, is another person's, or outside his hours or places. Use a password"
Signing = Response[str] | Redirect


@get(HERE, sync_to_thread=True)
def get_shift_page(request: PageRequest) -> Response[str]:
    """Show who is on at this place since when, and what would be handed over now; or what is, and waits for a signature."""
    _, actor = enter(request)
    asked = request.query_params.get("shift", "")
    return show_shift(request, actor, chosen=read_number(asked) if asked else 0)


@post(HERE, sync_to_thread=True, status_code=303)
def post_begin(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Begin the shift of this place."""
    desk, actor = enter(request)
    shop_id = read_number(read_form(request, body).get("shop", ""))
    try:
        desk.db.write(actor.merchant_id, lambda tx: begin_shift(tx, actor, shop_id=shop_id))
    except Refusal as refusal:
        return _refused(request, actor, {}, refusal)
    return go(HERE, done="shift_begun")


@post(HERE + "/{shift_id:str}/offer", sync_to_thread=True, status_code=303)
def post_offer(request: PageRequest, *, shift_id: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Sign as the one who leaves: what is handed over is frozen."""
    _, actor = enter(request)
    form = read_form(request, body)
    return sign_offer(request, actor, form, proof=proof_of(form), shift_id=read_number(shift_id))


def sign_offer(request: PageRequest, actor: Actor, form: Form, *, proof: Proof, shift_id: int) -> Signing:
    """Take the signature of who leaves, by a proof."""
    try:
        found = sign_out_of_shift(
            desk_of(request).db, actor, proof, where=where_of(request, actor), token=session_token(request), shift_id=shift_id,
            to_id=read_number(form.get("to") or "0"), note=form.get("note", ""),
        )  # fmt: skip
    except Refusal as refusal:
        return _refused(request, actor, form, refusal, chosen=shift_id)
    if isinstance(found, SignInRefused):
        return _unproved(request, actor, form, found, chosen=shift_id)
    return go(HERE, done="shift_offered", cookies=[session_cookie(request, found.token)])


@post(HERE + "/{shift_id:str}/return", sync_to_thread=True, status_code=303)
def post_return(request: PageRequest, *, shift_id: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Take back what was offered, before another one has signed."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(shift_id)
    try:
        desk.db.write(actor.merchant_id, lambda tx: take_back_shift(tx, actor, shift_id=wanted))
    except Refusal as refusal:
        return _refused(request, actor, form, refusal, chosen=wanted)
    return go(HERE, done="shift_returned")


@post(HERE + "/{shift_id:str}/takeover", sync_to_thread=True, status_code=303)
def post_takeover(
    request: PageRequest, *, shift_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Sign as the one who comes, in a session of his own."""
    _, actor = enter(request)
    form = read_form(request, body)
    return sign_takeover(request, actor, form, proof=proof_of(form), shift_id=read_number(shift_id))


def sign_takeover(request: PageRequest, actor: Actor, form: Form, *, proof: Proof, shift_id: int) -> Signing:
    """Take the signature of who comes, in a session of his own, by a proof."""
    try:
        found = sign_into_shift(
            desk_of(request).db, actor, proof, where=where_of(request, actor), token=session_token(request), shift_id=shift_id
        )  # fmt: skip
    except Refusal as refusal:
        return _refused(request, actor, form, refusal, chosen=shift_id)
    if isinstance(found, SignInRefused):
        return _unproved(request, actor, form, found, chosen=shift_id)
    return go(
        f"/shifts/{found.record_id}", done="shift_taken", cookies=[session_cookie(request, found.token)]
    )


@post(HERE + "/{shift_id:str}/signature", sync_to_thread=True, status_code=303)
def post_signature(
    request: PageRequest, *, shift_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Sign as the one who comes, on the screen of who leaves: he is signed in there, and who left is not any more."""
    _, actor = enter(request)
    form = read_form(request, body)
    return sign_signature(request, actor, form, proof=proof_of(form), shift_id=read_number(shift_id))


def sign_signature(request: PageRequest, actor: Actor, form: Form, *, proof: Proof, shift_id: int) -> Signing:
    """Take the signature of who comes on the screen of who leaves, by a proof; he is signed in there."""
    browser = Browser(session_token(request), request.headers.get("user-agent", ""))
    try:
        found = sign_in_at_shift(
            desk_of(request).db, actor, proof, name=form.get("name", "").strip()[:64], where=where_of(request, actor),
            browser=browser, shift_id=shift_id,
        )  # fmt: skip
    except Refusal as refusal:
        return _refused(request, actor, form, refusal, chosen=shift_id)
    if isinstance(found, SignInRefused):
        return _unproved(request, actor, form, found, chosen=shift_id)
    came = found.session
    cookies = [
        *session_cookies(request, token=came.token, device=came.device_token),
        locale_cookie(came.actor.locale),
    ]
    return cleared(go(f"/shifts/{found.record_id}", done="shift_taken", cookies=cookies))


@post(HERE + "/passkey/options", sync_to_thread=True, status_code=200)
def post_options(request: PageRequest, *, body: RawBody) -> Response[bytes]:
    """Answer what the browser is asked for the fingerprint of who signs by name."""
    _, actor = enter(request)
    name = read_form(request, body).get("name", "").strip()[:64]
    found = ask_finger(desk_of(request).db, name, where_of(request, actor))
    return show_options(request, found, actor)


@post(HERE + "/passkey/failure", sync_to_thread=True, status_code=200)
def post_failure(request: PageRequest, *, body: RawBody) -> Response[bytes]:
    """Take the page's word that the finger was not taken."""
    _, actor = enter(request)
    return take_report(request, read_form(request, body), purpose="prove", actor=actor)


@get("/shifts", sync_to_thread=True)
def get_shifts(request: PageRequest) -> Response[str]:
    """List past handovers, the newest first."""
    desk, actor = enter(request)
    asked = request.query_params.get("before", "")
    before = read_number(asked) if asked else NEWEST
    rows = desk.db.read(actor.merchant_id, lambda tx: list_handovers(tx, actor, before=before))
    page = {
        "count_text": "", "previous_url": "/shifts" if asked else "",
        "next_url": f"/shifts?before={rows[-1].id}" if len(rows) == PAGE else "",
    }  # fmt: skip
    shown = [{"row": row, "handed": row.handed()} for row in rows]
    return show(request, "tickets/shifts.html", actor=actor, section="shift", rows=shown, page=page)


@get("/shifts/{handover_id:str}", sync_to_thread=True)
def get_shift_record(request: PageRequest, *, handover_id: FromPath[str]) -> Response[str]:
    """Show one past handover, ready for a sheet of A4."""
    desk, actor = enter(request)
    wanted = read_number(handover_id)
    found = desk.db.read(actor.merchant_id, lambda tx: get_handover(tx, actor, handover_id=wanted))
    return show(
        request, "tickets/shift_record.html", actor=actor, section="shift", record=found, handed=found.handed(),
        whole=found.is_whole(), note_whole=found.note_is_whole(),
    )  # fmt: skip


def _refused(
    request: PageRequest, actor: Actor, form: Form, refusal: Refusal, *, chosen: int = 0
) -> Response[str]:
    if refusal.kind == "missing" or refusal.code in ("not_allowed", "person_needed"):
        raise refusal
    said = told(refusal, words_of(request, actor))
    return show_shift(request, actor, chosen=chosen, form=form, error=said, status=status_of(refusal))


def _unproved(
    request: PageRequest, actor: Actor, form: Form, refused: SignInRefused, *, chosen: int
) -> Response[str]:
    errors, status = refused_proof(request, form, refused, actor=actor)
    if form.get("attempt"):
        errors = {"finger": words_of(request, actor).translate(NOT_TAKEN)}
    return show_shift(request, actor, chosen=chosen, form=form, errors=errors, status=status)


def show_shift(
    request: PageRequest, actor: Actor, *, chosen: int = 0, form: Form | None = None, error: str = "",
    errors: dict[str, str] | None = None, status: int = 200,
) -> Response[str]:  # fmt: skip
    """Show who is on, what is handed over, and the forms of the signatures; a refused one keeps what was typed."""
    require(actor, "query")

    def read(tx: Tx) -> dict[str, Any]:
        shops, running = list_shops(tx), running_shifts(tx)
        found = _chosen(running, actor, chosen)
        taken = {one.shop_id for one in running if one.desk_id == actor.desk_id}
        return {
            "shops": {shop.id: shop.name for shop in shops}, "free": [shop for shop in shops if shop.id not in taken],
            "here": _shown(tx, found, actor), "takers": list_takers(tx, actor) if found else [],
            "desk_name": name_of_desk(tx, desk_id=found.desk_id) if found and found.desk_id else "",
            "others": [{"shift": one, "waits": waits_for(one, actor)} for one in running if one != found],
        }  # fmt: skip

    return show(
        request, "tickets/shift.html", actor=actor, section="shift", status=status, form=form or {}, error=error, errors=errors or {},
        passkeys=offers_passkeys(request), reader=desk_has_reader(desk_of(request).db, desk_token=desk_token(request)),
        **desk_of(request).db.read(actor.merchant_id, read),
    )  # fmt: skip


def _chosen(running: list[Shift], actor: Actor, chosen: int) -> Shift | None:
    """Return the shift that was asked for, else one's own at this place, else whoever's runs there."""
    here = [one for one in running if one.desk_id == actor.desk_id]
    own = [one for one in here if one.operator_id == actor.id]
    return next((one for one in running if one.id == chosen), None) or next(iter([*own, *here]), None)


def _shown(tx: Tx, found: Shift | None, actor: Actor) -> dict[str, Any] | None:
    if found is None:
        return None
    handed = found.handed() if found.body else None
    mine = found.operator_id == actor.id or actor.may("shop_settings")
    return {
        "shift": found, "mine": mine, "waits": waits_for(found, actor),
        "figures": handed.figures if handed else figures_now(tx, actor, found),
        "until_us": handed.until_us if handed else tx.now_us, "out": handed.out if handed else None,
    }  # fmt: skip


SHIFT: list[Any] = [
    get_shift_page, post_begin, post_offer, post_return, post_takeover, post_signature, post_options, post_failure, get_shifts,
    get_shift_record,
]  # fmt: skip
