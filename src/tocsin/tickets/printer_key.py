"""What a printer is secret by: the hash of the address at which it comes for its papers, or the sealed keys of its cloud."""

import re

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.core.vault import seal, unseal
from tocsin.tickets.table import printer_key

_TEST_US = 10 * MINUTE_US
_TOKEN = re.compile(r"([0-7]?[0-9a-f]{1,15})\.([0-7]?[0-9a-f]{1,15})\.([\w-]{43})", re.ASCII)


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
_SEAL = Statement[None](sa.update(printer_key).where(*_of_id), sets=("sealed",))
_RENEW = Statement[None](sa.update(printer_key).where(*_of_id), sets=("secret_hash", "earlier_hash"))
_TEST = Statement[None](sa.update(printer_key).where(*_of_id), sets=("test_until_us",))


def find_key(tx: Tx, *, printer_id: int) -> PrinterKey | None:
    """Return what is kept of a printer's secrets, also of one that was taken away; None where there never were any."""
    return tx.one(_GET, printer_id=printer_id)


def store_address(tx: Tx, *, printer_id: int, secret_hash: str) -> None:
    """Let a printer be known by another secret; the one before it is remembered as such."""
    before = _opened(tx, printer_id)
    tx.run(_RENEW, b_id=printer_id, secret_hash=secret_hash, earlier_hash=before.secret_hash)


def seal_options(tx: Tx, *, printer_id: int, options: dict[str, str]) -> None:
    """Keep the options of a printer that nobody is shown again, sealed; without any, throw away what there was."""
    if not options and find_key(tx, printer_id=printer_id) is None:
        return
    _opened(tx, printer_id)
    plain = msgspec.json.encode(options)
    keys = tx.vault.keys(tx)
    sealed = seal(keys.wrapping, plain, bound_to=_bound_to(printer_id)) if options else b""
    tx.run(_SEAL, b_id=printer_id, sealed=sealed)


def unseal_options(tx: Tx, *, printer_id: int) -> dict[str, str]:
    """Return the options of a printer that are kept sealed."""
    found = find_key(tx, printer_id=printer_id)
    if found is None or not found.sealed:
        return {}
    plain = unseal(tx.vault.keys(tx).wrapping, bytes(found.sealed), bound_to=_bound_to(printer_id))
    return msgspec.json.decode(plain, type=dict[str, str])


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


def _bound_to(printer_id: int) -> bytes:
    return b"printer %d" % printer_id


def _opened(tx: Tx, printer_id: int) -> PrinterKey:
    tx.run(_OPEN, printer_id=printer_id, secret_hash="", earlier_hash="", sealed=b"", test_until_us=0)
    found = find_key(tx, printer_id=printer_id)
    assert found is not None
    return found
