"""The address at which a printer comes for its papers: made new by a person, told once."""

from tocsin.access.secret import hash_secret, new_secret
from tocsin.access.step_up import require_proof
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.tickets.device import get_printer
from tocsin.tickets.printer_key import store_address
from tocsin.tickets.printer_kind import comes


class NoAddress(Refusal):
    """Printers of this kind have an address of their own: only one that comes for its papers gets one of the desk's"""

    kind, code = "invalid", "printer_no_address"


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
    secret = new_secret()
    store_address(tx, printer_id=printer_id, secret_hash=hash_secret(secret))
    write_journal(tx, actor, verb="tickets.renew_printer_address", subject=f"printer:{printer_id}")
    return f"{tx.merchant_id:x}.{printer_id:x}.{secret}"
