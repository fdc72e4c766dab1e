"""What a printer is secret by: the address at which it comes for its papers, which is shown once and kept as a hash."""

import re

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.secret import hash_secret, new_secret
from tocsin.access.step_up import require_proof
from tocsin.core.actor import Actor, require
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.tickets.device import comes, get_printer
from tocsin.tickets.table import printer_key

_TEST_US = 10 * MINUTE_US
_TOKEN = re.compile(r"([0-7]?[0-9a-f]{1,15})\.([0-7]?[0-9a-f]{1,15})\.([\w-]{43})", re.ASCII)


class NoAddress(Refusal):
    """Printers of this kind have an address of their own: only one that comes for its papers gets one of the desk's"""

    kind, code = "invalid", "printer_no_address"


class PrinterKey(Struct, frozen=True):
    """What is kept of a printer's secrets."""

    printer_id: int
    secret_hash: str
    earlier_hash: str
    sealed: bytes
    test_until_us: int


_COLUMNS = tuple(printer_key.c[name] for name in PrinterKey.__struct_fields__)
_GET = Statement(
    sa.select(*_COLUMNS).where(own(printer_key), printer_key.c.printer_id == bind("printer_id")), PrinterKey
)
_OPEN = Statement[None](
    upsert(printer_key).on_conflict_do_nothing(),
    sets=("merchant_id", "printer_id", "secret_hash", "earlier_hash", "sealed", "test_until_us"),
)
_of_id = (own(printer_key), printer_key.c.printer_id == bind("b_id"))
_RENEW = Statement[None](sa.update(printer_key).where(*_of_id), sets=("secret_hash", "earlier_hash"))
_TEST = Statement[None](sa.update(printer_key).where(*_of_id), sets=("test_until_us",))


def find_key(tx: Tx, *, printer_id: int) -> PrinterKey | None:
    """Return what is kept of a printer's secrets, also of one that was taken away; None where there never were any."""
    return tx.one(_GET, printer_id=printer_id)


def renew_address(tx: Tx, actor: Actor, *, printer_id: int) -> str:
    """Give a printer that comes for its papers a new address; return its last part, which is told this once.

    The earlier one leads nowhere from now on.

    Raises:
        NotAllowed, ProofNeeded: the actor may not change shop settings, or has not proved lately who he is.
        PrinterMissing, NoAddress: there is no such printer, or it does not come.
    """
    require(actor, "shop_settings")
    require_proof(actor)
    if not comes(get_printer(tx, printer_id=printer_id).kind):
        raise NoAddress
    secret, before = new_secret(), _opened(tx, printer_id)
    tx.run(_RENEW, b_id=printer_id, secret_hash=hash_secret(secret), earlier_hash=before.secret_hash)
    write_journal(tx, actor, verb="tickets.renew_printer_address", subject=f"printer:{printer_id}")
    return f"{tx.merchant_id:x}.{printer_id:x}.{secret}"


def read_token(token: str) -> tuple[int, int, str] | None:
    """Return merchant, printer and secret of the last part of an address, None where it is none."""
    parts = _TOKEN.fullmatch(token)
    return (int(parts[1], 16), int(parts[2], 16), parts[3]) if parts else None


def ask_test_page(tx: Tx, *, printer_id: int) -> None:
    """Let a test page wait for a printer that comes, for ten minutes."""
    _opened(tx, printer_id)
    tx.run(_TEST, b_id=printer_id, test_until_us=tx.now_us + _TEST_US)


def end_test_page(tx: Tx, *, printer_id: int) -> None:
    """Take the test page back: the printer has told what became of it."""
    tx.run(_TEST, b_id=printer_id, test_until_us=0)


def test_waits(tx: Tx, *, printer_id: int) -> bool:
    """Tell whether a test page waits for a printer."""
    found = find_key(tx, printer_id=printer_id)
    return found is not None and found.test_until_us > tx.now_us


def _opened(tx: Tx, printer_id: int) -> PrinterKey:
    tx.run(_OPEN, printer_id=printer_id, secret_hash="", earlier_hash="", sealed=b"", test_until_us=0)
    found = find_key(tx, printer_id=printer_id)
    assert found is not None
    return found
