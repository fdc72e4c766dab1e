"""Boxes 17 and 19 over the API: holds, acknowledgements, and what a scanned code answers."""

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id
from tocsin.api.shape import FindingOut, finding_out
from tocsin.api.tickets import IdOut, RequestedOut, requested_out
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.orders.store import find_order_id
from tocsin.tickets.hold import acknowledge_and_print, hold_order, release_hold
from tocsin.tickets.serial import scan_ticket


class ReleaseIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a hold is let go."""

    reason: str


class HoldIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Why an order must not be printed now; until an instant (microseconds, UTC) where one is given."""

    reason: str
    until_us: int | None = None


class AcknowledgeIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Warnings of a revision that somebody has seen; `keep` remembers those about the receiver for his next orders."""

    revision: int
    codes: tuple[str, ...]
    keep: bool = False


class VerdictOut(Struct, frozen=True):
    """What the checks say now; `waiting_for_second` are codes that stand until another person acknowledges them too."""

    passed: bool
    findings: tuple[FindingOut, ...]
    waiting_for_second: tuple[str, ...]


class ReleasedOut(Struct, frozen=True):
    """The hold that was let go, and the print that followed from it."""

    id: str
    requested: RequestedOut | None


class ScanOut(Struct, frozen=True):
    """What a scanned ticket answers: VOID, SUPERSEDED, HELD or CURRENT."""

    word: str
    number: str
    revision: int
    head_revision: int
    copy: str
    serial: str


@post("/orders/{number:str}/holds", sync_to_thread=True, status_code=201)
def create_hold(
    request: ApiRequest, *, number: FromPath[str], data: JSONBody[HoldIn], body: RawBody
) -> Response[IdOut]:
    """Hold an order by hand, or until a time."""
    del data
    given = read_body(body, HoldIn)

    def run(tx: Tx, actor: Actor) -> IdOut:
        return IdOut(str(hold_order(
            tx, actor, order_id=find_order_id(tx, number=number), reason=given.reason, until_us=given.until_us,
            kind="manual" if given.until_us is None else "later",
        )))  # fmt: skip

    return change_once(request, body, run, status=201)


@post("/holds/{hold_id:str}/release", sync_to_thread=True, status_code=200)
def release(
    request: ApiRequest, *, hold_id: FromPath[str], data: JSONBody[ReleaseIn], body: RawBody
) -> Response[ReleasedOut]:
    """Let a hold go; the order re-enters at the print terminal."""
    del data
    given = read_body(body, ReleaseIn)
    base_url = request.app.state.desk.settings.base_url()

    def run(tx: Tx, actor: Actor) -> ReleasedOut:
        done = release_hold(tx, actor, hold_id=read_id(hold_id), reason=given.reason, base_url=base_url)
        return ReleasedOut(hold_id, requested_out(done.requested) if done.requested else None)

    return change_once(request, body, run)


@post("/orders/{number:str}/acknowledgements", sync_to_thread=True, status_code=200)
def acknowledge(
    request: ApiRequest, *, number: FromPath[str], data: JSONBody[AcknowledgeIn], body: RawBody
) -> Response[VerdictOut]:
    """Acknowledge warnings of a revision by their codes; what was asked for while they waited is printed."""
    del data
    given = read_body(body, AcknowledgeIn)
    base_url = request.app.state.desk.settings.base_url()

    def run(tx: Tx, actor: Actor) -> VerdictOut:
        found, _ = acknowledge_and_print(
            tx, actor, order_id=find_order_id(tx, number=number), revision=given.revision, codes=given.codes,
            keep=given.keep, base_url=base_url,
        )  # fmt: skip
        findings = tuple(finding_out(finding) for finding in found.findings)
        return VerdictOut(found.passed, findings, found.waits_for_second(given.codes))

    return change_once(request, body, run)


@get("/scans/{code:str}", sync_to_thread=True)
def get_scan(request: ApiRequest, *, code: FromPath[str]) -> ScanOut:
    """Return what a ticket's code, or the digits of its bar code, answers."""
    desk, actor = enter(request)
    require(actor, "query")
    found = scan_ticket(desk.db, code=code, merchant_id=actor.merchant_id).for_merchant(actor.merchant_id)
    return ScanOut(
        found.word, found.number, found.revision, found.head_revision, found.copy, found.serial
    )  # fmt: skip


HOLDS = [create_hold, release, acknowledge, get_scan]
