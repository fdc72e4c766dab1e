"""The reckoning after the kills: what was acknowledged must be there, over HTTP and in the tables."""

from collections import Counter
from decimal import Decimal
from typing import Any

from tests.peers.escpos_peer import EscposPeer
from tests.proofs.asking import Client, Unexpected
from tests.proofs.hands import Kept, Known
from tests.proofs.ledger import papers_by_job, recorded_looks
from tests.proofs.running import RunningDesk


def find_lost(client: Client, kept: Kept) -> list[str]:
    """Return what was acknowledged and can't be read back over HTTP with its content."""
    lost = []
    for known in kept.orders:
        try:
            lost += list(_lost_of(client, known))
        except Unexpected as missing:
            lost.append(f"order {known.number}: {missing}")
    return lost


def find_lost_rows(desk: RunningDesk, client: Client, kept: Kept) -> list[str]:
    """Return what was acknowledged and is not in the tables: sources, revisions, papers, settlements, look-ups."""
    sources = Counter(
        row[0] for row in desk.rows("SELECT external_id FROM order_head WHERE external_id <> ''")
    )
    lost = [
        f"order of {k.external_id} stands {sources[k.external_id]} times"
        for k in kept.orders
        if sources[k.external_id] != 1
    ]
    revisions = {(int(o), int(r)) for o, r in desk.rows("SELECT order_id, revision FROM order_revision")}
    lost += [
        f"revision {r} of {k.number}" for k in kept.orders for r in (1, *k.tags) if (k.id, r) not in revisions
    ]
    jobs = {
        str(i): (int(o), int(r), s)
        for i, o, r, s in desk.rows("SELECT id, order_id, revision, state FROM print_job")
    }
    lost += [f"print {job}" for job, paper in kept.prints.items() if jobs.get(job, (0, 0))[:2] != paper]
    said = {True: "printed", False: "failed"}
    lost += [
        f"settlement of {job}"
        for job, out in kept.settled.items()
        if jobs.get(job, (0, 0, ""))[2] != said[out]
    ]
    missing = client.looked - recorded_looks(desk)
    return lost + [f"look-up {kind} of {len(pairs)}" for kind, pairs in missing.elements()]


def find_twice(desk: RunningDesk, peer: EscposPeer, kept: Kept) -> list[str]:
    """Return papers of one (order, revision, copy, serial) beyond the first, and jobs that nobody asked for."""
    papers = papers_by_job(desk, peer)
    twice = [
        f"job {job} was cut {n} times" for job, n in papers.items() if n > 1 and job for _ in range(n - 1)
    ]
    serials = Counter(
        row[:4]
        for row in desk.rows("SELECT order_id, revision, copy, serial, id FROM print_job")
        if papers[int(row[4])]
    )
    twice += [f"paper {paper} has {n} jobs" for paper, n in serials.items() if n > 1]
    jobs = Counter((int(o), int(r)) for o, r in desk.rows("SELECT order_id, revision FROM print_job"))
    return twice + [f"{n} jobs of {paper}" for paper, n in jobs.items() if n > kept.asked[paper]]


def find_resent(desk: RunningDesk, caught: set[int]) -> list[str]:
    """Return jobs that were `sending` at a kill and are now neither unknown nor settled by a person."""
    return [
        f"job {job} was sending at a kill and is {state}"
        for job, state, by in desk.rows("SELECT id, state, settled_by FROM print_job")
        if int(job) in caught and state != "unknown" and not by
    ]


def _lost_of(client: Client, known: Known) -> Any:
    found = client.look_up(known.number)
    line, sent = found["lines"][0], known.sent["lines"][0]
    same = (
        found["external_id"] == known.external_id and int(found["id"]) == known.id and line["sku"] == sent["sku"]
        and Decimal(line["quantity"]) == Decimal(sent["quantity"])
        and Decimal(found["payable"]) == Decimal(known.sent["totals"]["payable"])
        and found["revision"] == known.revision
    )  # fmt: skip
    if not same:
        yield f"order {known.number} is another: {found}"
    for revision, tag in known.tags.items():
        if client.look_up(known.number, revision=revision)["merchant_note"] != tag:
            yield f"revision {revision} of {known.number}"
    holds = {hold["id"]: hold for hold in client.get(f"/orders/{known.number}/holds")}
    for hold, reason in known.holds.items():
        if hold not in holds or holds[hold]["reason"] != reason:
            yield f"hold {hold} of {known.number}"
        elif hold in known.released and not holds[hold]["closed_at"]:
            yield f"release of {hold} of {known.number}"
