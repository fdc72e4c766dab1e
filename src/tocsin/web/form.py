"""Forms: what a page's form sent, as texts; what no text can be is refused."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from tocsin.core.errors import Refusal
from tocsin.web.guard import PageRequest, check_form

Form = Mapping[str, str]
FIELDS_MOST = 20_000
_LONGEST_ID = 19
_MOST = 2**63


class FormUnsound(Refusal):
    """The form can't be read (not UTF-8, NUL, or too many fields): open the page again and send it from there"""

    kind, code = "invalid", "form_unsound"


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


def read_pairs(request: PageRequest, body: bytes) -> list[tuple[str, str]]:
    """Return a form's fields in their order, guarded; for names that come several times.

    Raises:
        FormForeign, FormUnsound
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MOST
        )
    except ValueError:
        raise FormUnsound from None
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise FormUnsound
    check_form(request, dict(pairs))
    return pairs


def read_number(text: str) -> int:
    """Return an id or a revision that came in an address or a form.

    Raises:
        AddressWrong: it is not a number of 63 bits.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID and int(text) < _MOST):
        raise AddressWrong
    return int(text)
