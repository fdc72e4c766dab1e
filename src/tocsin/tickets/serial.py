"""Ticket identity: serial, random scan code, and what a scanned ticket answers.

The order of precedence is VOID > SUPERSEDED > HELD > CURRENT. Anonymous scanners get the word only.
"""

import hashlib
import secrets
from base64 import b32encode
from typing import Literal

import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.signal import Signal, send_signal, was_signalled
from tocsin.core.clock import MINUTE_US, business_day
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.statement import Statement, bind, insert_into, own, upsert
from tocsin.core.tenant import Shop
from tocsin.orders.table import order_head
from tocsin.tickets.table import print_job, serial_counter, ticket_code

Word = Literal["VOID", "SUPERSEDED", "HELD", "CURRENT"]
_VOID_TOLD_US = 60 * MINUTE_US
_CODE_BYTES = 20
NO_CODE = "PREVIEW".ljust(32, "0")  # as long as a code, and never one: 0 is no digit of Base32


class TicketUnknown(Refusal):
    """No ticket carries this code: scan it again, or look the order up by its number"""

    kind, code = "missing", "ticket_unknown"


class TicketState(Struct, frozen=True, kw_only=True):
    """What a ticket is now: its word, and which paper of which order it is."""

    word: Word
    merchant_id: int
    job_id: int
    order_id: int
    number: str
    revision: int
    head_revision: int
    copy: str
    serial: str
    job_state: str
    reprint_no: int

    def for_merchant(self, merchant_id: int) -> "TicketState":
        """Return what a scanner of a merchant may know: of another merchant's paper the word alone."""
        if self.merchant_id == merchant_id:
            return self
        return TicketState(
            word=self.word, merchant_id=0, job_id=0, order_id=0, number="", revision=0, head_revision=0, copy="",
            serial="", job_state="", reprint_no=0,
        )  # fmt: skip


class _Row(Struct, frozen=True):
    id: int
    order_id: int
    revision: int
    copy: str
    serial: str
    state: str
    reprint_no: int
    number: str
    head_revision: int
    desk_state: str
    payment: str
    holds_open: int


_ADD_CODE = insert_into(ticket_code)
_BY_CODE = Statement[tuple[int, int]](
    sa.select(ticket_code.c.merchant_id, ticket_code.c.job_id).where(
        ticket_code.c.code_digest == bind("code_digest", str)
    )
)
_JOB = Statement(
    sa.select(
        print_job.c.id, print_job.c.order_id, print_job.c.revision, print_job.c.copy, print_job.c.serial,
        print_job.c.state, print_job.c.reprint_no, order_head.c.number, order_head.c.revision.label("head_revision"),
        order_head.c.desk_state, order_head.c.payment, order_head.c.holds_open,
    ).join(order_head, sa.and_(order_head.c.merchant_id == print_job.c.merchant_id, order_head.c.id == print_job.c.order_id))
    .where(own(print_job), print_job.c.id == bind("job_id")),
    _Row,
)  # fmt: skip
_counting = upsert(serial_counter)
_COUNT = Statement[tuple[int]](
    _counting.on_conflict_do_update(
        index_elements=["merchant_id", "shop_id", "day"], set_={"last": serial_counter.c.last + 1}
    ).returning(serial_counter.c.last),
    sets=("merchant_id", "shop_id", "day", "last"),
)


def next_serial(tx: Tx, shop: Shop) -> str:
    """Return the next serial of a shop's day, such as HF-261122-T0001."""
    day = _day(tx, shop)
    return _serial(shop, day, tx.value(_COUNT, shop_id=shop.id, day=day, last=1))


def no_serial(tx: Tx, shop: Shop) -> str:
    """Return a serial as long as the next one, that no paper has: a preview's."""
    return _serial(shop, _day(tx, shop), 0)


def _day(tx: Tx, shop: Shop) -> str:
    return business_day(tx.now_us, shop.zone, starts_at_hour=shop.day_starts_at_hour).strftime("%y%m%d")


def _serial(shop: Shop, day: str, number: int) -> str:
    return f"{shop.code}-{day}-T{number:04d}"


def make_code(tx: Tx, *, job_id: int) -> str:
    """Make a ticket's random code (160 bits, upper-case Base32); only its digest is stored."""
    code = b32encode(secrets.token_bytes(_CODE_BYTES)).decode()
    tx.run(_ADD_CODE, code_digest=_digest(code), merchant_id=tx.merchant_id, job_id=job_id)
    return code


def scan_ticket(db: Database, *, code: str, merchant_id: int = 0) -> TicketState:
    """Return what a scanned code answers: a random code, its link, or (within a merchant) a bar code's digits.

    Raises:
        TicketUnknown: no ticket carries it.
    """
    plain = code.strip().rsplit("/", 1)[-1].upper()
    if plain.isascii() and plain.isdecimal() and len(plain) <= 19 and merchant_id:
        found: tuple[int, int] | None = (merchant_id, int(plain))
    else:
        found = db.read(0, lambda tx: tx.one(_BY_CODE, code_digest=_digest(plain)))
    row = db.read(found[0], lambda tx: tx.one(_JOB, job_id=found[1])) if found and found[1] < 2**63 else None
    if found is None or row is None:
        raise TicketUnknown
    if _word(row) == "VOID":
        _tell_void(db, found[0], job_id=row.id)
    return _state(row, found[0])


def read_ticket(tx: Tx, *, job_id: int) -> TicketState | None:
    """Return what a ticket of the merchant's own is now."""
    row = tx.one(_JOB, job_id=job_id)
    return _state(row, tx.merchant_id) if row else None


def _state(row: _Row, merchant_id: int) -> TicketState:
    return TicketState(
        word=_word(row), merchant_id=merchant_id, job_id=row.id, order_id=row.order_id, number=row.number,
        revision=row.revision, head_revision=row.head_revision, copy=row.copy, serial=row.serial, job_state=row.state,
        reprint_no=row.reprint_no,
    )  # fmt: skip


def _tell_void(db: Database, merchant_id: int, *, job_id: int) -> None:
    """Tell the alarm, at most once an hour and ticket: anybody who holds the paper may scan it again and again."""
    subject = f"ticket:{job_id}"

    def tell(tx: Tx) -> None:
        if not was_signalled(tx, kind="void_scanned", subject=subject, since_us=tx.now_us - _VOID_TOLD_US):
            send_signal(tx, Signal(kind="void_scanned", method="scan", subject=subject))

    db.write(merchant_id, tell)


def _word(row: _Row) -> Word:
    if row.desk_state == "cancelled" or row.payment in ("refunded", "closed"):
        return "VOID"
    if row.head_revision > row.revision:
        return "SUPERSEDED"
    return "HELD" if row.holds_open else "CURRENT"


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
