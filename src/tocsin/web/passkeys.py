"""One's own passkeys as a page: what signs in as me, adding one, naming it, revoking it."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.ceremony import RelyingParty
from tocsin.access.limiter import Locked, SignInRefused
from tocsin.access.passkey import (
    MOST,
    PasskeyMissing,
    PasskeysOff,
    add_passkey,
    begin_passkey,
    list_passkeys,
    rename_passkey,
    revoke_passkey,
)
from tocsin.access.step_up import ProofNeeded, is_proved, require_proof
from tocsin.core.actor import Actor
from tocsin.core.errors import Refusal
from tocsin.web.ceremony import answer_json, offers_passkeys, party_of, show_options
from tocsin.web.form import read_form, read_number
from tocsin.web.guard import PageRequest, address_of, desk_of, enter
from tocsin.web.sessions import show_device
from tocsin.web.shell import go, show, status_of, told, words_of

HERE = "/settings/passkeys"


@get(HERE, sync_to_thread=True)
def get_passkeys(request: PageRequest) -> Response[str]:
    """Show one's passkeys, and the form of a new one."""
    _, actor = enter(request)
    return _page(request, actor)


@post(f"{HERE}/options", sync_to_thread=True, status_code=200)
def post_new_options(request: PageRequest, *, body: RawBody) -> Response[bytes]:
    """Answer what the browser is asked for a new passkey, or where to go first."""
    desk, actor = enter(request)
    read_form(request, body)
    party = _need_party(request)
    try:
        found = desk.db.write(
            actor.merchant_id, lambda tx: begin_passkey(tx, actor, party=party, address=address_of(request))
        )
    except ProofNeeded:
        return answer_json({"go": f"/prove?next={HERE}"}, status=403)
    except Refusal as refusal:
        return answer_json({"say": told(refusal, words_of(request, actor))}, status=status_of(refusal))
    late = SignInRefused("locked", found.retry_after_seconds) if isinstance(found, Locked) else None
    return show_options(request, late or found, actor)  # type: ignore[arg-type]


@post(HERE, sync_to_thread=True, status_code=303)
def post_passkey_new(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Take the passkey that the browser made; the other sessions end."""
    desk, actor = enter(request)
    form, party = read_form(request, body), _need_party(request)
    require_proof(actor)
    try:
        add_passkey(desk.db, actor, name=form.get("name", ""), answer=form.get("answer", ""), party=party)
    except Refusal as refusal:
        return _page(request, actor, name=form.get("name", ""), refusal=refusal)
    return go(HERE, done="passkey_added")


@post(HERE + "/{passkey_id:str}/name", sync_to_thread=True, status_code=303)
def post_passkey_name(
    request: PageRequest, *, passkey_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Give a passkey another name."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(passkey_id)
    try:
        desk.db.write(
            actor.merchant_id,
            lambda tx: rename_passkey(tx, actor, passkey_id=wanted, name=form.get("name", "")),
        )
    except Refusal as refusal:
        return _page(request, actor, refusal=refusal)
    return go(HERE, done="saved")


@post(HERE + "/{passkey_id:str}/revocation", sync_to_thread=True, status_code=303)
def post_passkey_revocation(request: PageRequest, *, passkey_id: FromPath[str], body: RawBody) -> Redirect:
    """Revoke a passkey; one that is revoked already is no fault."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(passkey_id)
    try:
        desk.db.write(actor.merchant_id, lambda tx: revoke_passkey(tx, actor, passkey_id=wanted))
    except PasskeyMissing:
        return go(HERE)
    return go(HERE, done="passkey_revoked")


def _need_party(request: PageRequest) -> RelyingParty:
    party = party_of(request)
    if party is None:
        raise PasskeysOff
    return party


def _page(
    request: PageRequest, actor: Actor, *, name: str = "", refusal: Refusal | None = None
) -> Response[str]:
    desk, words = desk_of(request), words_of(request, actor)
    found = desk.db.read(actor.merchant_id, lambda tx: list_passkeys(tx, actor))
    errors = {}
    if refusal is not None:
        errors = {"name" if refusal.code == "passkey_name_wrong" else "passkey": told(refusal, words)}
    return show(
        request, "access/passkeys.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        passkeys=found, most=MOST, possible=offers_passkeys(request), proved=is_proved(actor), errors=errors,
        address=desk.settings.base_url(), name=name or show_device(request.headers.get("user-agent", "")),
    )  # fmt: skip


PASSKEYS: list[Any] = [
    get_passkeys, post_new_options, post_passkey_new, post_passkey_name, post_passkey_revocation
]  # fmt: skip
