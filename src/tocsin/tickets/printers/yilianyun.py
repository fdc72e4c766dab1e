"""易联云 (Yilianyun): its printers hang on its cloud, which takes marked-up text and tells afterwards whether it was printed.

Off by default: papers leave the site with all that they say. Source: dev.10ss.net, API of applications for one's own use
(oauth/oauth, print/index, printer/getorderstatus, printer/getprintstatus, printer/cancelone; MD5 of id, time and secret).
"""

import hashlib
import secrets
import threading
import time
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Literal

from msgspec import Meta, Struct

from tocsin.tickets.cloud import Push, Said, ask_cloud, cloud_away, give_paper, require_said
from tocsin.tickets.markup import Tags
from tocsin.tickets.printer import Drawn, Form, PrinterStatus, PrintOutcome, Report

URL = "https://open-api.10ss.net/v2/"
TAGS = Tags(
    "\n", "--------------------------------", ("<FS2>", "</FS2>"), ("<FB>", "</FB>"), ("<QR>", "</QR>")
)
_PUSH_SECONDS = 600
# The cloud gives 20 tokens a day; they end with the account alone.
_REFUSED_SECONDS, _AWAY_SECONDS = 1800.0, 60.0
_EXPIRED = 18
_MOST_ACCOUNTS = 1000
_lock = threading.Lock()
_Name = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[!-~]+$")]


class YilianyunOptions(Struct, frozen=True, kw_only=True):
    """The application and its secret, the printer's number, and that the merchant knows that data leaves the site."""

    client_id: _Name
    client_secret: _Name
    machine_code: Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{6,20}$")]
    data_leaves_site: bool = False
    paper_mm: Literal[58, 80] = 80

    def __post_init__(self) -> None:
        """Refuse one that was set up without saying so."""
        require_said(self.data_leaves_site)


class YilianyunPrinter:
    """Gives a paper to the cloud and asks it later; `printed` means that the cloud says so of its order."""

    name = "yilianyun"
    confirms = True
    cloud = True
    at_station = False
    hidden = frozenset({"client_secret"})
    form: Form = "content"
    reports: frozenset[Report] = frozenset({"online", "paper_out"})
    options = YilianyunOptions

    def probe(self, options: YilianyunOptions) -> PrinterStatus:
        """Return how the cloud says that the printer is."""
        said = _ask(options, "printer/getprintstatus")
        if said.number("error") != 0:
            return cloud_away(said)
        state = _body(said).number("state")
        if state == 2:
            return PrinterStatus(online=False, paper="out", detail="paper_out")
        return PrinterStatus(online=True, paper="ok") if state == 1 else cloud_away(said, "offline")

    def send(self, options: YilianyunOptions, drawn: Drawn) -> PrintOutcome:
        """Give a paper to the cloud, once."""
        origin = f"{drawn.serial[:23]}-{secrets.token_hex(4)}"
        post = partial(_ask, options, "print/index", origin_id=origin)
        return give_paper(
            drawn, TAGS, probe=lambda: self.probe(options), post=lambda text: post(content=text), result="error", order=_order_of
        )  # fmt: skip

    def ask_end(self, options: YilianyunOptions, remote: str) -> PrintOutcome | None:
        """Return what became of a paper that the cloud took, None while it does not say."""
        said = _ask(options, "printer/getorderstatus", order_id=remote)
        state = _body(said).number("status") if said.number("error") == 0 else None
        if state == 1:
            return PrintOutcome(result="printed", bytes_left=True)
        return PrintOutcome(result="failed", reason="cancelled_there") if state == 2 else None

    def take_back(self, options: YilianyunOptions, remote: str) -> bool:
        """Ask the cloud not to print a paper any more; tell whether it says that it won't."""
        return _ask(options, "printer/cancelone", order_id=remote).number("error") == 0

    def read_push(self, options: YilianyunOptions, form: Mapping[str, str]) -> Push | None:
        """Return what a call says that comes in the cloud's name; None where it is old.

        The signature covers the application and the time, and nothing else: what it says is asked for again.
        """
        stamp = form.get("push_time", "")
        told_at = int(stamp) if stamp.isascii() and stamp.isdecimal() and len(stamp) < 12 else 0
        if abs(told_at - time.time()) > _PUSH_SECONDS:
            return None
        return Push(
            order=form.get("order_id", "")[:80], signature=form.get("sign", ""), right=_sign(options, stamp)
        )


class _Account:
    """What is known of an application: its token, and until when it asks for no other, and why."""

    def __init__(self) -> None:
        self.lock, self.token = threading.Lock(), ""
        self.rests_until, self.why = 0.0, Said()


_accounts: dict[str, _Account] = {}


def _ask(options: YilianyunOptions, path: str, **form: str) -> Said:
    """Ask with a token; where the cloud says that it has ended, once more with a new one: it has done nothing yet."""
    account, refused = _account_of(options), ""
    for _ in range(2):
        token = _token(account, options, refused=refused)
        if isinstance(token, Said):
            return token
        said = _send(options, path, access_token=token, machine_code=options.machine_code, **form)
        if said.number("error") != _EXPIRED:
            return said
        refused = token
    with account.lock:  # a new one is no better: it is not that it had ended
        account.rests_until, account.why = time.monotonic() + _REFUSED_SECONDS, Said(fault="cloud_refused")
    return said


def _account_of(options: YilianyunOptions) -> _Account:
    """Return an application's; of those without a token, which anybody can make up, the oldest makes room."""
    key = hashlib.sha256(f"{options.client_id}\0{options.client_secret}".encode()).hexdigest()
    with _lock:
        if key not in _accounts and len(_accounts) >= _MOST_ACCOUNTS:
            oldest = next((name for name, one in _accounts.items() if not one.token), None)
            _accounts.pop(oldest or next(iter(_accounts)))
        return _accounts.setdefault(key, _Account())


def _token(account: _Account, options: YilianyunOptions, *, refused: str) -> str | Said:
    """Return a token other than the one that was just refused, or why there is none; who was refused one asks no more for a while."""
    with account.lock:
        if account.token not in ("", refused):
            return account.token
        if time.monotonic() < account.rests_until:
            return account.why
        said = _send(options, "oauth/oauth", grant_type="client_credentials", scope="all")
        account.token = _body(said).text("access_token") if said.number("error") == 0 else ""
        if account.token:
            return account.token
        # Whatever came of it, no paper went along.
        account.why = Said(fault={"no_answer": "cloud_away"}.get(said.fault, said.fault) or "cloud_refused")
        account.rests_until = time.monotonic() + (
            _REFUSED_SECONDS if said.told is not None else _AWAY_SECONDS
        )
        return account.why


def _send(options: YilianyunOptions, path: str, **form: str) -> Said:
    stamp = str(int(time.time()))
    asked = {
        "client_id": options.client_id, "timestamp": stamp, "sign": _sign(options, stamp), "id": str(uuid.uuid4()), **form
    }  # fmt: skip
    return ask_cloud("yilianyun", URL, path=path, form=asked)


def _sign(options: YilianyunOptions, stamp: str) -> str:
    signed = options.client_id + stamp + options.client_secret
    return hashlib.md5(signed.encode("utf-8", "replace")).hexdigest()  # noqa: S324 - the cloud's


def _body(said: Said) -> Said:
    told = (said.told or {}).get("body")
    return Said(told=told if isinstance(told, dict) else {})


def _order_of(said: Said) -> str:
    """Return under which name the cloud took a paper, a text or a number; empty where it says none."""
    body = _body(said)
    return body.text("id") or str(body.number("id") or "")


PLUGIN = YilianyunPrinter()
