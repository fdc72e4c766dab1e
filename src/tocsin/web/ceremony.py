"""Ceremonies with passkeys at the doors: what a page's script asks and reports, and where it stands.

A page that a passkey may be used at posts three things: what to ask the browser, what it answered, that it failed.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import MediaType, Response

from tocsin.access.assertion import Where, report_failure
from tocsin.access.ceremony import RelyingParty, relying_party
from tocsin.access.challenge import Purpose
from tocsin.access.limiter import SignInRefused
from tocsin.core.actor import Actor
from tocsin.gate import TooManyTries
from tocsin.web.browser import in_wechat
from tocsin.web.guard import PageRequest, address_of, desk_of, desk_token, device_token
from tocsin.web.shell import told, words_of

NOT_TAKEN = "The fingerprint proved nothing; this attempt has been recorded. Try again, or use the password"


def party_of(request: PageRequest) -> RelyingParty | None:
    """Return whose passkeys can be used at the address that the page was opened at; None where browsers give none."""
    party = relying_party(desk_of(request).settings.base_url())
    here = request.headers.get("host", "").lower()
    return party if party and urlsplit(party.origin).netloc == here else None


def offers_passkeys(request: PageRequest) -> bool:
    """Tell whether a passkey may be offered: the address can have them, and the browser is not WeChat's."""
    return party_of(request) is not None and not in_wechat(request)


def where_of(request: PageRequest, actor: Actor | None = None) -> Where:
    """Return where a ceremony takes place."""
    return Where(
        party_of(request),
        address_of(request),
        device_token(request),
        desk_token(request),
        actor.session_id if actor else 0,
    )


def show_options(
    request: PageRequest, found: dict[str, Any] | SignInRefused, actor: Actor | None = None
) -> Response[bytes]:
    """Answer a script with what to ask the browser, or with why not."""
    if isinstance(found, SignInRefused):
        late = TooManyTries(retry_after_seconds=found.retry_after_seconds)
        return answer_json({"say": told(late, words_of(request, actor))}, status=429)
    return answer_json(found)


def take_report(
    request: PageRequest, form: Mapping[str, str], *, purpose: Purpose, actor: Actor | None = None
) -> Response[bytes]:
    """Take a script's word that a ceremony failed; the answer says nothing of what was made of it."""
    report_failure(
        desk_of(request).db, form.get("challenge", ""), where_of(request, actor), purpose=purpose,
        error=form.get("error", ""),
    )  # fmt: skip
    return answer_json({})


def answer_json(document: Mapping[str, Any], *, status: int = 200) -> Response[bytes]:
    """Answer a script."""
    return Response(msgspec.json.encode(document), status_code=status, media_type=MediaType.JSON)
