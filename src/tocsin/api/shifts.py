"""Shift handovers over the API: what both persons have signed."""

from litestar import get
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from tocsin.api.guard import ApiRequest, enter, read_id
from tocsin.api.shape import iso
from tocsin.core.journal import NEWEST
from tocsin.core.money import plain_minor
from tocsin.tickets.shift_count import Figures, Span
from tocsin.tickets.shift_record import Handover, get_handover, list_handovers


class CountedHoldOut(Struct, frozen=True):
    """How many orders have an open hold of a kind."""

    kind: str
    count: int


class HandedHoldOut(Struct, frozen=True):
    """An order that was handed over held."""

    number: str
    kind: str
    since: str


class OpenPaperOut(Struct, frozen=True):
    """A paper that was under way, or whose outcome nobody knew."""

    serial: str
    number: str
    state: str
    asked_at: str


class SpanOut(Struct, frozen=True):
    """How many there were in the shift, the first and the last by name."""

    count: int
    first: str
    last: str


class CashOut(Struct, frozen=True):
    """Cash on delivery to be collected, by currency: of orders printed (`printed`) or handed out (`handed`) in the shift."""

    basis: str
    currency: str
    count: int
    amount: str


class FiguresOut(Struct, frozen=True, kw_only=True):
    """What a shift handed over; lists hold the first 200, counts all."""

    holds: tuple[CountedHoldOut, ...]
    held: tuple[HandedHoldOut, ...]
    unknown_papers: int
    queued_papers: int
    papers: tuple[OpenPaperOut, ...]
    printed: SpanOut
    issued: SpanOut
    amended: int
    handed_over: int
    cash: tuple[CashOut, ...]
    incidents: tuple[str, ...]
    posture: str


class ShiftRowOut(Struct, frozen=True, kw_only=True):
    """A shift handover that both have signed: times, names, and with what each proved himself."""

    id: str
    shop: str
    desk: str
    begun_at: str
    out_name: str
    out_method: str
    out_at: str
    in_name: str
    in_method: str
    in_at: str
    digest: str


class ShiftRecordOut(Struct, frozen=True, kw_only=True):
    """A shift handover with all that was handed over; `whole` tells that it still is what was signed."""

    handover: ShiftRowOut
    whole: bool
    note: str
    sessions_ended: int
    figures: FiguresOut


@get("/shifts", sync_to_thread=True)
def get_shifts(request: ApiRequest, *, before: FromQuery[str] = "") -> list[ShiftRowOut]:
    """Return shift handovers, the newest first, 50 at a time; give the last one's id back as `before` for more."""
    desk, actor = enter(request)
    until = read_id(before) if before else NEWEST
    return [
        _row(one)
        for one in desk.db.read(actor.merchant_id, lambda tx: list_handovers(tx, actor, before=until))
    ]


@get("/shifts/{handover_id:str}", sync_to_thread=True)
def get_shift(request: ApiRequest, *, handover_id: FromPath[str]) -> ShiftRecordOut:
    """Return one shift handover."""
    desk, actor = enter(request)
    wanted = read_id(handover_id)
    found = desk.db.read(actor.merchant_id, lambda tx: get_handover(tx, actor, handover_id=wanted))
    return ShiftRecordOut(
        handover=_row(found), whole=found.is_whole(), note=found.note, sessions_ended=found.sessions_ended,
        figures=_figures(found.handed().figures),
    )  # fmt: skip


def _row(found: Handover) -> ShiftRowOut:
    handed = found.handed()
    return ShiftRowOut(
        id=str(found.id), shop=handed.shop, desk=handed.desk, begun_at=iso(found.begun_at_us), out_name=found.out_name,
        out_method=found.out_method, out_at=iso(found.out_at_us), in_name=found.in_name, in_method=found.in_method,
        in_at=iso(found.in_at_us), digest=found.digest,
    )  # fmt: skip


def _figures(f: Figures) -> FiguresOut:
    return FiguresOut(
        holds=tuple(CountedHoldOut(one.kind, one.count) for one in f.holds),
        held=tuple(HandedHoldOut(one.number, one.kind, iso(one.since_us)) for one in f.held),
        unknown_papers=f.unknown, queued_papers=f.queued,
        papers=tuple(OpenPaperOut(one.serial, one.number, one.state, iso(one.asked_at_us)) for one in f.papers),
        printed=_span(f.printed), issued=_span(f.issued), amended=f.amended, handed_over=f.handed_over,
        cash=tuple(CashOut(one.basis, one.currency, one.count, plain_minor(one.minor, one.currency)) for one in f.cash),
        incidents=tuple(one.id for one in f.incidents), posture=f.posture,
    )  # fmt: skip


def _span(found: Span) -> SpanOut:
    return SpanOut(found.count, found.first, found.last)


SHIFTS = [get_shifts, get_shift]
