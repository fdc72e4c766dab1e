"""Forms: what a page's form sent, as texts, and once however often it is sent; what no text can be is refused."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode

from tocsin.core.actor import Actor
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.idempotency import Answer, KeyReused, claim_key, drop_key, settle_key
from tocsin.gate import FormForeign
from tocsin.web.guard import PageRequest, check_form

Form = Mapping[str, str]
FIELDS_MOST = 20_000
_LONGEST_ID = 19
_MOST = 2**63
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_OF_THE_PAGE = ("csrf", "form_key")
# Who proves something says it once: a filter before the desk may have looked at the other one.
_ONCE = ("csrf", "username", "password", "again", "current", "pin", "code", "answer")


class FormUnsound(Refusal):
    """The form can't be read (not UTF-8, NUL, or too many fields): open the page again and send it from there"""

    kind, code = "invalid", "form_unsound"


class FormDoubled(Refusal):
    """The form holds {field} twice, and nobody knows which counts: open the page again and send it from there"""

    kind, code = "invalid", "form_doubled"


class AddressWrong(Refusal):
    """There is nothing at this address: go back to the list and choose again"""

    kind, code = "missing", "address_wrong"


def read_form(request: PageRequest, body: bytes) -> dict[str, str]:
    """Return a form's fields, the last of each name, guarded by the session's token.

    Raises:
        FormForeign: it was made in another session.
        FormUnsound: it holds what is no text.
    """
    return {name: value for name, value in read_pairs(request, body)}  # noqa: C416 - the last one counts


class FormStale(Refusal):
    """This form was made in an earlier session: nothing is stored. All that you typed is here; send it again"""

    kind, code = "refused", "form_stale"


def read_typed(request: PageRequest, body: bytes) -> tuple[dict[str, str], FormStale | None]:
    """Return a form's fields, and why nothing may be done with them but to show them again with a fresh token.

    Raises:
        FormUnsound: it holds what is no text.
    """
    form = dict(_parse(body))
    try:
        check_form(request, form)
    except FormForeign:
        return form, FormStale()
    return form, None


def read_pairs(request: PageRequest, body: bytes) -> list[tuple[str, str]]:
    """Return a form's fields in their order, guarded; for names that come several times.

    Raises:
        FormForeign, FormUnsound
    """
    pairs = _parse(body)
    check_form(request, dict(pairs))
    return pairs


def _parse(body: bytes) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MOST
        )
    except ValueError:
        raise FormUnsound from None
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise FormUnsound
    once_only = [name for name, _ in pairs if name in _ONCE]
    if doubled := [name for name in _ONCE if once_only.count(name) > 1]:
        raise FormDoubled(field=doubled[0])
    return pairs


def once(
    tx: Tx, actor: Actor, form: Form | list[tuple[str, str]], *, route: str, make: Callable[[], str]
) -> str:
    """Make what a form asks for and return the address that it leads to; the same form again gets the first one's.

    Another form under the same key, as from a page that was gone back to, is a request of its own.
    """
    key = _key_of(actor, form)
    try:
        earlier = claim_key(tx, key, route=route, body=_body_of(form)) if key else None
    except KeyReused:
        return make()
    if earlier is not None:
        return earlier.body.decode()
    address = make()
    if key:
        settle_key(tx, key, Answer(303, address.encode()))
    return address


def once_over(
    db: Database, actor: Actor, form: Form | list[tuple[str, str]], *, route: str, meanwhile: str, make: Callable[[], str],
) -> str:  # fmt: skip
    """As `once`, for what takes several transactions: the same form sent while it runs leads `meanwhile`."""
    claimed: list[str] = []

    def claim() -> str:
        claimed.append(_key_of(actor, form))
        return meanwhile

    def run(tx: Tx) -> str:
        claimed.clear()  # a transaction that is tried again begins anew
        return once(tx, actor, form, route=route, make=claim)

    earlier = db.write(actor.merchant_id, run)
    if not claimed:
        return earlier
    key = claimed[-1]
    try:
        address = make()
    except Refusal:
        if key:
            db.write(actor.merchant_id, lambda tx: drop_key(tx, key))
        raise
    if key:
        db.write(actor.merchant_id, lambda tx: settle_key(tx, key, Answer(303, address.encode())))
    return address


def _key_of(actor: Actor, form: Form | list[tuple[str, str]]) -> str:
    key = dict(form).get("form_key", "")
    return f"form:{actor.kind}:{actor.id}:{key}" if _KEY.fullmatch(key) else ""


def _body_of(form: Form | list[tuple[str, str]]) -> bytes:
    pairs = form.items() if isinstance(form, Mapping) else form
    return urlencode([pair for pair in pairs if pair[0] not in _OF_THE_PAGE]).encode()


def read_number(text: str) -> int:
    """Return an id or a revision that came in an address or a form.

    Raises:
        AddressWrong: it is not a number of 63 bits.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID and int(text) < _MOST):
        raise AddressWrong
    return int(text)
