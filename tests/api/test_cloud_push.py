"""Calls of a printer's cloud: the signature tells who calls, and what is said is asked for again, not believed."""

import time
from functools import partial

import httpx

from tests.api.door import BASE, Door
from tests.house import make_draft
from tests.peers.yilianyun_cloud import CLIENT_ID, CLIENT_SECRET, MACHINE_CODE, sign
from tocsin.access.guess import FREE_PER_ADDRESS
from tocsin.orders.intake import take_in
from tocsin.settings import read_networks
from tocsin.tickets import cloud_end, poll_door
from tocsin.tickets.claim import claim_job
from tocsin.tickets.cloud import open_clouds
from tocsin.tickets.device import add_printer, get_printer
from tocsin.tickets.late import record_outcome
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.terminal import print_orders

OPTIONS = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "machine_code": MACHINE_CODE,
    "data_leaves_site": True,
}


def give_paper(door: Door) -> int:
    """Let the cloud have taken a paper as its order 42, and have been asked for it just now; return its job."""
    merchant_id, actor = door.house.merchant_id, door.actor()
    order_id = door.db.write(merchant_id, lambda tx: take_in(tx, actor, make_draft())).order_id
    (job,) = print_orders(door.db, actor, orders=[(order_id, 1)], base_url=BASE).results[0].job_ids
    device = door.db.read(merchant_id, get_printer)
    taken = PrintOutcome(result="taken", remote="42", bytes_left=True)
    assert door.db.write(merchant_id, lambda tx: claim_job(tx, device=device))
    door.db.write(merchant_id, partial(record_outcome, job_id=job, outcome=taken))
    return job


def test_a_push_is_told_by_its_signature_and_only_hurries_the_question(door: Door) -> None:
    poll_door._quiet.clear()
    open_clouds({"yilianyun": "http://127.0.0.1:1/"}, read_networks("127.0.0.0/8"))
    merchant_id = door.house.merchant_id
    add = partial(add_printer, actor=door.actor(), name="云", kind="yilianyun", options=OPTIONS)
    at = f"/cloud-push/{merchant_id:x}.{door.db.write(merchant_id, add):x}"
    (listed,) = door.ask("GET", "/terminals").json()
    assert listed["push_url"] == f"{BASE}{at}"
    job = give_paper(door)

    def push(path: str = at, **changes: str) -> httpx.Response:
        cloud_end._asked[job] = time.monotonic()
        stamp = changes.pop("push_time", str(int(time.time())))
        form = {
            "cmd": "oauth_finish",
            "order_id": "42",
            "state": "1",
            "push_time": stamp,
            "sign": sign(stamp),
        }
        return door.client.post(path, data={**form, **changes})

    assert push().json() == door.client.get(at).json() == {"data": "OK"}
    assert job not in cloud_end._asked, "it is asked for at once"
    assert push(order_id="43").status_code == 200 and job in cloud_end._asked
    old = str(int(time.time()) - 3600)
    for answer in (
        push(sign="0" * 32),
        push(push_time=old),
        push(push_time="x"),
        push("/cloud-push/1.1"),
        push("/cloud-push/x"),
    ):
        assert answer.status_code == 404 and job in cloud_end._asked
    assert [push(sign="x").status_code for _ in range(FREE_PER_ADDRESS)][-1] == 429
    assert push().status_code == 200 and job not in cloud_end._asked
    open_clouds({})
