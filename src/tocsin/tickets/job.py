"""Print jobs: queued → sending → printed | failed | unknown; cancelled; expired.

A job freezes its copy, serial, marks, time, profile and order content, sealed. Unknown is never
sent again by the program: a person says what became of the paper.
"""

from collections.abc import Collection, Iterator

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.statement import Statement, among, any_of, bind, insert_into, own
from tocsin.core.vault import seal, unseal
from tocsin.orders.table import order_head
from tocsin.tickets.content import TicketContent, canonical_json, content_digest
from tocsin.tickets.logo import bring_logo
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.table import print_job

JOB_LIFE_US = 8 * 60 * MINUTE_US
ON_PAPER = ("printed", "unknown", "sending")
_PAGE = 100
DID_NOT, SPOILED = "did_not", "spoiled"


class JobMissing(Refusal):
    """There is no such print job: look at the queue again"""

    kind, code = "missing", "job_missing"


class JobNotWaiting(Refusal):
    """That ticket is {state} and can't be cancelled or moved: only one that waits can be"""

    kind, code = "conflict", "job_not_waiting"


class Job(Struct, frozen=True):
    """One paper that was asked for, and what became of it.

    `part_id` is the queue whose lines alone it shows, wherever it was moved to; 0 on a paper of the whole order.
    """

    id: int
    batch_id: int
    queue_id: int
    part_id: int
    printer_id: int
    order_id: int
    revision: int
    copy: str
    serial: str
    reprint_no: int
    replaces: int
    amended_from: int
    state: str
    reason: str
    content_digest: str
    verdict_id: int
    asked_name: str
    asked_at_us: int
    expires_at_us: int
    started_at_us: int | None
    ended_at_us: int | None
    outcome: str
    settled_by: str
    asked_by: int
    holds_open: int

    def home_id(self) -> int:
        """Return the queue that a paper in its place is asked of."""
        return self.part_id or self.queue_id

    def shown_state(self) -> str:
        """Return its state as queues show it: `held` while a hold keeps it waiting."""
        return "held" if self.state == "queued" and self.holds_open else self.state

    def last_outcome(self) -> PrintOutcome | None:
        """Return what the printer answered."""
        return msgspec.json.decode(self.outcome, type=PrintOutcome) if self.outcome else None


_holds_open = (
    sa.select(order_head.c.holds_open)
    .where(own(order_head), order_head.c.id == print_job.c.order_id)
    .scalar_subquery().label("holds_open")
)  # fmt: skip
_COLUMNS = (*(print_job.c[name] for name in Job.__struct_fields__[:-1]), _holds_open)
_ADD = insert_into(print_job)
_ONE = Statement(sa.select(*_COLUMNS).where(own(print_job), print_job.c.id == bind("id")), Job)
_OF_ORDER = Statement(
    sa.select(*_COLUMNS).where(own(print_job), print_job.c.order_id == bind("order_id"), print_job.c.id < bind("before"))
    .order_by(print_job.c.id.desc()).limit(_PAGE),
    Job,
)  # fmt: skip
_OF_STATE = Statement(
    sa.select(*_COLUMNS).where(own(print_job), print_job.c.state == bind("state", str), print_job.c.id < bind("before"))
    .order_by(print_job.c.id.desc()).limit(bind("limit")),
    Job,
)  # fmt: skip
_OF_QUEUE = Statement(
    sa.select(*_COLUMNS).where(own(print_job), print_job.c.queue_id == bind("queue_id"), print_job.c.id < bind("before"))
    .order_by(print_job.c.id.desc()).limit(bind("limit")),
    Job,
)  # fmt: skip
_RECENT = Statement(
    sa.select(*_COLUMNS).where(own(print_job), print_job.c.id < bind("before"))
    .order_by(print_job.c.id.desc()).limit(bind("limit")),
    Job,
)  # fmt: skip
_OF_BATCH = Statement(
    sa.select(*_COLUMNS)
    .where(own(print_job), print_job.c.batch_id == bind("batch_id"))
    .order_by(print_job.c.id),
    Job,
)
_WAITING = Statement(
    sa.select(*_COLUMNS)
    .where(own(print_job), print_job.c.order_id == bind("order_id"), among(print_job.c.state, "queued"))
    .order_by(print_job.c.id),
    Job,
)
_WAITING_OF_MANY = Statement(
    sa.select(*_COLUMNS)
    .where(own(print_job), any_of(print_job.c.order_id, "ids"), among(print_job.c.state, "queued"))
    .order_by(print_job.c.id),
    Job,
)
_MANY = Statement(sa.select(*_COLUMNS).where(own(print_job), any_of(print_job.c.id, "ids")), Job)
_CONTENT = Statement[tuple[bytes]](
    sa.select(print_job.c.sealed_content).where(own(print_job), print_job.c.id == bind("id"))
)
_END = Statement[None](
    sa.update(print_job).where(
        own(print_job), print_job.c.id == bind("b_id"), any_of(print_job.c.state, "b_from")
    ),
    sets=("state", "reason", "ended_at_us", "outcome", "settled_by"),
)
_done = print_job.alias("done")
_of_revision = sa.and_(
    own(print_job), print_job.c.order_id == bind("order_id"), print_job.c.revision == bind("revision")
)
# A copy that was asked for counts until one of its papers is confirmed, or a person has cancelled it.
_LEFT = Statement[tuple[int]](
    sa.select(print_job.c.id).where(
        _of_revision, print_job.c.state != "printed",
        sa.or_(print_job.c.state != "cancelled", print_job.c.settled_by == ""),
        ~sa.exists().where(
            _done.c.merchant_id == print_job.c.merchant_id, _done.c.order_id == print_job.c.order_id,
            _done.c.revision == print_job.c.revision, _done.c.copy == print_job.c.copy, _done.c.part_id == print_job.c.part_id,
            _done.c.state == "printed",
        ),
    ).limit(1)
)  # fmt: skip
_CONFIRMED = Statement[tuple[int]](
    sa.select(print_job.c.id).where(_of_revision, print_job.c.state == "printed").limit(1)
)
_PRINTED = Statement[None](
    sa.update(order_head).where(
        own(order_head), order_head.c.id == bind("b_id"), order_head.c.revision == bind("b_revision"),
        order_head.c.desk_state == "produced",
    ),
    sets=("desk_state",),
)  # fmt: skip


def add_job(
    tx: Tx, content: TicketContent, *, job_id: int, batch_id: int, queue_id: int, part_id: int, printer_id: int,
    order_id: int, verdict_id: int, asked_by: int, asked_name: str,
) -> None:  # fmt: skip
    """Store a queued job with its sealed content."""
    sealed = seal(tx.vault.keys(tx).wrapping, canonical_json(content), bound_to=b"job %d" % job_id)
    tx.run(
        _ADD, id=job_id, batch_id=batch_id, queue_id=queue_id, part_id=part_id, printer_id=printer_id, order_id=order_id,
        revision=content.revision, copy=content.copy, serial=content.serial, reprint_no=content.reprint_no, replaces=content.replaces, amended_from=content.amended_from,
        state="queued", reason="", sealed_content=sealed, content_digest=content_digest(content),
        verdict_id=verdict_id, asked_by=asked_by, asked_name=asked_name, asked_at_us=tx.now_us,
        expires_at_us=tx.now_us + JOB_LIFE_US, started_at_us=None, ended_at_us=None, outcome="", settled_by="", answer_by_us=0,
    )  # fmt: skip


def new_job_id() -> int:
    """Return an id for a job: its digits are the bar code."""
    return new_id()


def get_job(tx: Tx, *, job_id: int) -> Job:
    """Return a job.

    Raises:
        JobMissing: there is none.
    """
    found = tx.one(_ONE, id=job_id)
    if found is None:
        raise JobMissing
    return found


def get_jobs(tx: Tx, *, job_ids: Collection[int]) -> dict[int, Job]:
    """Return many jobs by their ids."""
    return {job.id: job for job in tx.rows(_MANY, ids=list(job_ids))} if job_ids else {}


def is_sending(tx: Tx, *, job_id: int) -> bool:
    """Tell whether a claimed job is still its claimer's to send: nobody has doubted, settled or erased it."""
    found = tx.one(_ONE, id=job_id)
    return found is not None and found.state == "sending"


def read_content(tx: Tx, *, job_id: int) -> TicketContent:
    """Return what a job's paper says; it may hold a receiver's real text.

    Raises:
        JobMissing: there is none, or its receiver was erased.
    """
    row = tx.one(_CONTENT, id=job_id)
    if row is None or not row[0]:
        raise JobMissing
    plain = unseal(tx.vault.keys(tx).wrapping, row[0], bound_to=b"job %d" % job_id)
    content = msgspec.json.decode(plain, type=TicketContent)
    # An old paper's logo may be gone: it is seen without. What is printed has had its logo chosen a moment ago.
    return content if not content.logo or bring_logo(tx, content.logo) else replace(content, logo="")


def jobs_of_order(tx: Tx, *, order_id: int, before: int = 2**63 - 1) -> list[Job]:
    """Return an order's jobs, the newest first: a hundred before an id."""
    return tx.rows(_OF_ORDER, order_id=order_id, before=before)


def all_jobs_of_order(tx: Tx, *, order_id: int) -> Iterator[Job]:
    """Return each job of an order, the newest first."""
    found = jobs_of_order(tx, order_id=order_id)
    while found:
        yield from found
        found = jobs_of_order(tx, order_id=order_id, before=found[-1].id)


def jobs_of_batch(tx: Tx, *, batch_id: int) -> list[Job]:
    """Return a batch's jobs in the order they were asked."""
    return tx.rows(_OF_BATCH, batch_id=batch_id)


def list_jobs(
    tx: Tx, *, state: str = "", queue_id: int = 0, before: int = 2**63 - 1, limit: int = 50
) -> list[Job]:
    """Return jobs newest first, all or of one state or of one queue."""
    if queue_id:
        return tx.rows(_OF_QUEUE, queue_id=queue_id, before=before, limit=limit)
    if state:
        return tx.rows(_OF_STATE, state=state, before=before, limit=limit)
    return tx.rows(_RECENT, before=before, limit=limit)


def waiting_jobs(tx: Tx, *, order_id: int) -> list[Job]:
    """Return an order's jobs that were never sent, the oldest first."""
    return tx.rows(_WAITING, order_id=order_id)


def waiting_of_many(tx: Tx, *, order_ids: list[int]) -> list[Job]:
    """Return the jobs of many orders that were never sent, the oldest first."""
    return tx.rows(_WAITING_OF_MANY, ids=order_ids)


def end_job(
    tx: Tx, *, job_id: int, came_from: tuple[str, ...], state: str, reason: str = "", outcome: PrintOutcome | None = None,
    settled_by: str = "",
) -> bool:  # fmt: skip
    """Move a job to an end state; False when it is no longer in a state it could come from."""
    encoded = msgspec.json.encode(outcome).decode() if outcome else ""
    return bool(tx.run(
        _END, b_id=job_id, b_from=list(came_from), state=state, reason=reason, ended_at_us=tx.now_us, outcome=encoded,
        settled_by=settled_by,
    ))  # fmt: skip


def mark_printed(tx: Tx, job: Job) -> None:
    """Move an order to `printed` once all asked copies of its revision are confirmed."""
    place = {"order_id": job.order_id, "revision": job.revision}
    if tx.value(_CONFIRMED, **place) and not tx.value(_LEFT, **place):
        tx.run(_PRINTED, b_id=job.order_id, b_revision=job.revision, desk_state="printed")
