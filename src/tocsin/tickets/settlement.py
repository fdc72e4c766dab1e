"""One question for a batch: papers of one printer whose outcome nobody knows are settled together, never sent again."""

from collections.abc import Sequence

from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.tickets.hold import NotUnknown, settle_unknown
from tocsin.tickets.job import JobMissing
from tocsin.tickets.radar import Late

MOST = 100


class BatchTooLong(Refusal):
    """One answer settles 1 to 100 tickets: answer for fewer at a time"""

    kind, code = "invalid", "settlement_too_long"


class Question(Struct, frozen=True):
    """“101–140: all out?” of one printer and one reason: the first and the last serial, and the jobs in their order."""

    printer_id: int
    reason: str
    first: str
    last: str
    job_ids: tuple[int, ...]
    since_us: int


def ask_together(unknown: Sequence[Late]) -> list[Question]:
    """Return a question for each printer that papers of unknown outcome went to, and why it is unknown, the oldest first.

    Papers that broke off in the middle are asked about apart from those that nobody confirmed.
    """
    by_printer: dict[tuple[int, str], list[Late]] = {}
    for one in unknown:
        if one.job_id is not None:
            by_printer.setdefault((one.printer_id or 0, one.reason), []).append(one)
    return [
        Question(printer_id, reason, own[0].serial, own[:MOST][-1].serial, tuple(one.job_id or 0 for one in own[:MOST]), own[0].since_us)
        for (printer_id, reason), own in by_printer.items()
    ]  # fmt: skip


def settle_many(tx: Tx, actor: Actor, *, job_ids: Sequence[int], came_out: bool) -> int:
    """Say of each paper whether it came out; return of how many. Those that were settled meanwhile stay as they are.

    Raises:
        NotAllowed: the actor may not settle.
        BatchTooLong: none, or more than 100.
    """
    require(actor, "settle")
    if not 0 < len(set(job_ids)) <= MOST:
        raise BatchTooLong
    settled = 0
    for job_id in sorted(set(job_ids)):
        try:
            settle_unknown(tx, actor, job_id=job_id, came_out=came_out)
        except (NotUnknown, JobMissing):
            continue
        settled += 1
    return settled
