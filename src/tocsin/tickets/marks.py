"""What a paper says of those before it: 重打 beside a good one, 补打 in the place of a lost one, 改单 after another revision."""

from typing import NamedTuple

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.statement import Statement, any_of, bind, own
from tocsin.tickets.job import DID_NOT, ON_PAPER, SPOILED
from tocsin.tickets.table import print_job


class Marks(NamedTuple):
    """What a paper says of those before it: it repeats, replaces, or follows one of an earlier revision."""

    reprint_no: int = 0
    amended_from: int = 0
    replaces: int = 0


class _Earlier(Struct, frozen=True):
    revision: int
    copy: str
    part_id: int
    state: str
    reason: str


_EARLIER = Statement(
    sa.select(print_job.c.revision, print_job.c.copy, print_job.c.part_id, print_job.c.state, print_job.c.reason)
    .where(own(print_job), print_job.c.order_id == bind("order_id"), any_of(print_job.c.state, "states")),
    _Earlier,
)  # fmt: skip


def marks(tx: Tx, *, order_id: int, revision: int, copy: str, part_id: int = 0, queued: bool = True) -> Marks:
    """Return what the next paper of a revision and copy says of those before it.

    It is a reprint where one of them is good. Where each was lost or spoiled, as a person has said, it replaces them.

    Args:
        part_id: the queue whose lines alone it shows: another's lines on paper make it no reprint.
        queued: count papers that still wait as well. They should come out first, but may be
            cancelled: the number is taken anew, without them, when a paper is about to be sent.
    """
    earlier = tx.rows(
        _EARLIER, order_id=order_id, states=[*(["queued"] if queued else []), "failed", *ON_PAPER]
    )
    same = [
        paper
        for paper in earlier
        if paper.copy == copy and paper.revision == revision and part_id in (0, paper.part_id)
    ]
    there = [paper for paper in same if paper.state != "failed"]
    good = any(paper.reason != SPOILED for paper in there)
    lost = sum(paper.reason in (DID_NOT, SPOILED) for paper in same)
    out = [one.revision for one in earlier if one.revision < revision and one.state in ON_PAPER]
    return Marks(len(there) if good else 0, max(out, default=0), 0 if good else lost)
