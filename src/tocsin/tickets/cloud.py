"""Printer clouds: makers' services on the internet, to which a paper is given with all that it says.

They are closed until the settings file names one, and are spoken to as everything outside is: TLS, checked addresses, no
redirects, a time and a size for all of it. A request of which a byte left and that was not answered may have been taken.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from tocsin.core.errors import Refusal
from tocsin.core.outbound import Network, PlaceRefused, read_place
from tocsin.tickets.content import TicketContent
from tocsin.tickets.markup import Tags, write_markup
from tocsin.tickets.printer import Drawn, PrinterStatus, PrintOutcome

ANSWER_SECONDS, MOST_BYTES = 600, 5000
_SECONDS = 10.0
_opened: dict[str, str] = {}
_networks: list[Network] = []


class CloudClosed(Refusal):
    """The desk gives no papers to the cloud {kind}: who runs it opens it as `printer_clouds` in the settings file, knowing that names, phones and addresses of receivers leave the site by it"""

    kind, code = "invalid", "printer_cloud_closed"


class Said(Struct, frozen=True):
    """What a cloud answered: JSON, or None and the code of what went wrong; whether it may have taken the request then."""

    told: dict[str, Any] | None = None
    fault: str = ""
    maybe: bool = False

    def number(self, name: str) -> int | None:
        """Return a number that it told, perhaps as text."""
        value = (self.told or {}).get(name)
        text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        bare = text.removeprefix("-")
        return int(text) if bare.isascii() and bare.isdecimal() and len(bare) < 12 else None

    def text(self, name: str) -> str:
        """Return a text that it told, cut to what is kept of it."""
        value = (self.told or {}).get(name)
        return value[:200] if isinstance(value, str) else ""


class Push(Struct, frozen=True):
    """A call in a cloud's name: which order it is about, the signature that it carries, and the right one."""

    order: str
    signature: str
    right: str


def open_clouds(places: Mapping[str, str], networks: tuple[Network, ...] = ()) -> None:
    """Name the clouds that this process may give papers to.

    Args:
        places: by kind, an address other than the maker's own; empty for that.
        networks: private ones that addresses may lead to.
    """
    _opened.clear()
    _opened.update(places)
    _networks[:] = networks


def is_open(kind: str) -> bool:
    """Tell whether the settings file has opened a cloud."""
    return kind in _opened


def require_open(kind: str) -> None:
    """Refuse a cloud that the settings file has not opened.

    Raises:
        CloudClosed: it has not.
    """
    if not is_open(kind):
        raise CloudClosed(kind=kind)


def require_said(leaves: bool) -> None:
    """Refuse the options of a printer of a cloud where the merchant has not said that data leaves the site.

    Raises:
        ValueError: he has not; the text is a msgid.
    """
    if not leaves:
        raise ValueError("tick that you know that data of your customers leaves the site")


def any_open() -> bool:
    """Tell whether the settings file has opened any cloud."""
    return bool(_opened)


def ask_cloud(kind: str, own_url: str, *, path: str = "", form: Mapping[str, str]) -> Said:
    """Send a form to a cloud and return what it answered; nothing is ever sent twice."""
    from tocsin.core.outbound_post import post_body

    if not is_open(kind):
        return Said(fault="cloud_closed")
    try:
        place = read_place((_opened[kind] or own_url) + path)
    except PlaceRefused:
        return Said(fault="cloud_refused")
    headers = {"content-type": "application/x-www-form-urlencoded", "user-agent": "tocsin"}
    answer = post_body(
        place, urlencode(form).encode(), headers=headers, networks=tuple(_networks), seconds=_SECONDS, keep=True
    )  # fmt: skip
    if not answer.taken:
        refused = 300 <= answer.status < 500
        fault = "cloud_refused" if refused else "no_answer" if answer.sent else "cloud_away"
        return Said(fault=fault, maybe=answer.sent and not refused)
    try:
        return Said(told=msgspec.json.decode(answer.body, type=dict[str, Any]))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Said(fault="garbled", maybe=True)


def give_paper(
    drawn: Drawn, tags: Tags, *, probe: Callable[[], PrinterStatus], post: Callable[[str], Said], result: str, order: Callable[[Said], str]
) -> PrintOutcome:  # fmt: skip
    """Give a paper to a cloud, once, if its printer is online; return what became of it so far.

    Args:
        post: sends the marked-up text.
        result: the field of an answer that is 0 where the cloud took it.
        order: reads under which name it did; empty where it says none.
    """
    text = write_markup(msgspec.json.decode(drawn.data, type=TicketContent), tags)
    if len(text.encode()) > MOST_BYTES:
        return PrintOutcome(result="failed", reason="too_long", permanent=True)
    before = probe()
    if not before.online:
        return PrintOutcome(result="failed", reason=before.detail, status_before=before)
    said = post(text)
    code, named = said.number(result), order(said)
    if code == 0 and named:
        return PrintOutcome(
            result="taken", bytes_left=True, remote=named, answer_seconds=ANSWER_SECONDS, status_before=before
        )
    if said.told is not None and not code:
        said = Said(fault="garbled", maybe=True)  # neither a refusal nor an order
    return not_taken(said, detail=str(code or ""), before=before)


def cloud_away(said: Said, fault: str = "") -> PrinterStatus:
    """Return the status of a printer whose cloud did not tell it."""
    reason = {"no_answer": "cloud_away"}.get(said.fault, said.fault)
    return PrinterStatus(online=False, paper="unknown", detail=fault or reason or "cloud_refused")


def not_taken(said: Said, *, detail: str = "", before: PrinterStatus) -> PrintOutcome:
    """Return what became of a paper that a cloud did not say it took: unknown where it may have."""
    facts = partial(PrintOutcome, detail=detail, status_before=before)
    if said.maybe:
        return facts(result="unknown", reason=said.fault, bytes_left=True)
    return facts(
        result="failed", reason=said.fault or "cloud_refused", permanent=said.fault == "cloud_closed"
    )
