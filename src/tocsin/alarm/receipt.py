"""Receipts: that a message really came is told by who got it: by its code, by its link, or by his browser.

A link proves itself, without a sign-in: it tells nothing and opens nothing, it only says “it came”.
"""

import hmac
import re
from typing import Literal

from tocsin.alarm.notice import Notice, get_notice, note_received, post_notice
from tocsin.alarm.recipient import note_confirmed, note_tested, require_his
from tocsin.core.actor import Actor
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.core.queue import Queue

CODE_LIFE_US = 60 * MINUTE_US
_TRIES_MOST = 5
_TOKEN = re.compile(r"([0-9a-f]{1,16})\.([0-9a-f]{1,16})\.([0-9a-f]{20})")


class RecipientAsleep(Refusal):
    """This recipient is switched off: switch it on first, then try it"""

    kind, code = "conflict", "recipient_asleep"


def start_test(tx: Tx, actor: Actor, queue: Queue, *, recipient_id: int, base_url: str) -> int:
    """Send a message with a code to a recipient; return its id.

    Raises:
        NotAllowed, RecipientMissing, RecipientAsleep
    """
    found = require_his(tx, actor, recipient_id=recipient_id)
    if not found.active:
        raise RecipientAsleep
    notice_id = post_notice(tx, queue, recipient_id=recipient_id, what="test", base_url=base_url)
    note_tested(tx, recipient_id=recipient_id, notice_id=notice_id)
    write_journal(tx, actor, verb="recipient.test", subject=f"recipient:{recipient_id}")
    return notice_id


def confirm_code(
    tx: Tx, actor: Actor, *, recipient_id: int, code: str
) -> Literal["confirmed", "wrong", "late"]:
    """Take the code that somebody read off a test; after five wrong ones, or an hour, another test is due.

    Raises:
        NotAllowed, RecipientMissing
    """
    found = require_his(tx, actor, recipient_id=recipient_id)
    tested = get_notice(tx, notice_id=found.tested_notice_id) if found.tested_notice_id else None
    if tested is None or found.tries >= _TRIES_MOST or tx.now_us - tested.at_us > CODE_LIFE_US:
        return "late"
    given = "".join(code.split()).encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(code_of(tx, tested.id).encode(), given):
        note_tested(tx, recipient_id=found.id, notice_id=tested.id, tries=found.tries + 1)
        return "wrong"
    _confirm(tx, tested)
    write_journal(tx, actor, verb="recipient.confirm", subject=f"recipient:{recipient_id}")
    return "confirmed"


def merchant_of(token: str) -> int:
    """Return the merchant that a link's token names, 0 where it can't be one."""
    shape = _TOKEN.fullmatch(token)
    found = int(shape[1], 16) if shape else 0
    return found if found < 2**63 else 0


def find_receipt(tx: Tx, *, token: str) -> Notice | None:
    """Return the message that a link belongs to, None where the link is none of ours."""
    shape = _TOKEN.fullmatch(token)
    if shape is None or int(shape[2], 16) >= 2**63 or merchant_of(token) != tx.merchant_id:
        return None
    found = get_notice(tx, notice_id=int(shape[2], 16))
    return found if found and hmac.compare_digest(token_of(tx, found.id), token) else None


def take_receipt(tx: Tx, *, token: str) -> Notice | None:
    """Keep that a message came; a second time changes nothing. None where the link is none of ours."""
    found = find_receipt(tx, token=token)
    if found is not None:
        _confirm(tx, found)
    return found


def code_of(tx: Tx, notice_id: int) -> str:
    """Return the six digits that a test bears; they are stored nowhere."""
    return f"{int(tx.vault.keys(tx).digest('notice code', str(notice_id))[:15], 16) % 1_000_000:06}"


def token_of(tx: Tx, notice_id: int) -> str:
    """Return what the link of a message ends with."""
    digest = tx.vault.keys(tx).digest("notice", str(notice_id))
    return f"{tx.merchant_id:x}.{notice_id:x}.{digest}"


def _confirm(tx: Tx, found: Notice) -> None:
    if note_received(tx, notice_id=found.id):
        note_confirmed(tx, recipient_id=found.recipient_id)
