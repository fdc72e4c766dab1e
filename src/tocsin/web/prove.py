"""A fresh proof as a page: what is dear leads here, and on from here, by password or fingerprint.

Other pages take a proof in a form of their own: they import `access/proof.html` and read it with `proof_of`.
"""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.access.finger_attempt import desk_has_reader
from tocsin.access.limiter import SignInRefused
from tocsin.access.proof import Proof, ask_proof, candidate_of, prove
from tocsin.access.session import renew_token
from tocsin.access.verification import find_candidate
from tocsin.core.actor import Actor
from tocsin.gate import refused_try
from tocsin.web.access import WRONG
from tocsin.web.ceremony import NOT_TAKEN, offers_passkeys, show_options, take_report, where_of
from tocsin.web.form import read_form
from tocsin.web.guard import PageRequest, desk_of, desk_token, enter, session_cookie, session_token, visitor
from tocsin.web.shell import go, own_address, show, told, words_of


@get("/prove", sync_to_thread=True)
def get_prove(request: PageRequest) -> Response[str]:
    """Ask for a proof; `next` is where it leads then."""
    _, actor = enter(request)
    return show_prove(request, actor, back=request.query_params.get("next", ""), errors={})


@post("/prove", sync_to_thread=True, status_code=200)
def post_prove(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Take the proof and lead back."""
    desk, actor = enter(request)
    form = read_form(request, body)
    found = prove(desk.db, actor, proof_of(form), where=where_of(request, actor))
    back = own_address(form.get("back", ""), "/settings")
    if not isinstance(found, SignInRefused):
        return proved(request, actor, back)
    errors, status = refused_proof(request, form, found, actor=actor)
    return show_prove(request, actor, back=back, errors=errors, status=status)


@post("/prove/passkey/options", sync_to_thread=True, status_code=200)
def post_prove_options(request: PageRequest, *, body: RawBody) -> Response[bytes]:
    """Answer what the browser is asked; who is not signed in names himself, known or not."""
    form, actor, db = read_form(request, body), visitor(request), desk_of(request).db
    candidate = candidate_of(db, actor) if actor else find_candidate(db, form.get("name", "").strip()[:64])
    return show_options(request, ask_proof(db, candidate, where_of(request, actor)), actor)


@post("/prove/passkey/failure", sync_to_thread=True, status_code=200)
def post_prove_failure(request: PageRequest, *, body: RawBody) -> Response[bytes]:
    """Take the page's word that the finger was not taken."""
    return take_report(request, read_form(request, body), purpose="prove", actor=visitor(request))


def proved(request: PageRequest, actor: Actor, back: str) -> Redirect:
    """Lead back after a proof, in the same session with another token: whoever copied the one of before has nothing.

    Source: OWASP ASVS 5.0, 7.2.4.
    """
    token = session_token(request)
    renewed = desk_of(request).db.write(actor.merchant_id, lambda tx: renew_token(tx, token=token))
    return go(back, cookies=[session_cookie(request, renewed)])


def proof_of(form: Mapping[str, str]) -> Proof:
    """Return the proof that a form with the fields of `access/proof.html` brought."""
    return Proof(password=form.get("password", ""), passkey=form.get("passkey", ""))


def refused_proof(
    request: PageRequest, form: Mapping[str, str], refused: SignInRefused, *, actor: Actor | None = None
) -> tuple[dict[str, str], int]:
    """Return what is said beside the fields of a proof that was refused, and the status."""
    words, place = words_of(request, actor), "passkey" if form.get("passkey") else "password"
    if refused.code == "locked":
        return {place: told(refused_try(refused), words)}, 429
    return {place: words.translate(NOT_TAKEN if place == "passkey" else WRONG)}, 401


def show_prove(
    request: PageRequest, actor: Actor, *, back: str, errors: dict[str, str], status: int = 200
) -> Response[str]:
    """Show the form of a proof."""
    return show(
        request, "access/prove.html", actor=actor, section="settings", status=status, back=own_address(back, "/settings"),
        errors=errors, passkeys=offers_passkeys(request),
        reader=desk_has_reader(desk_of(request).db, desk_token=desk_token(request)),
    )  # fmt: skip


PROVE: list[Any] = [get_prove, post_prove, post_prove_options, post_prove_failure]
