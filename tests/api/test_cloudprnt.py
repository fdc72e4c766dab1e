"""Star printers that come for their papers, over a real socket: one paper a name, whatever breaks on the way."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tests.peers.star_printer import COVER, LOW, OK, OUT, StarPrinter
from tests.station.counter import ServedDesk
from tocsin.access.guess import FREE_PER_ADDRESS
from tocsin.access.step_up import ProofNeeded
from tocsin.core.clock import MINUTE_US, SECOND_US, now_us, shift_clock
from tocsin.core.db import Database
from tocsin.orders.mark import mark_order
from tocsin.tickets import poll_door
from tocsin.tickets.device import Device, add_printer, get_printer, remove_printer
from tocsin.tickets.intercept import slips_of
from tocsin.tickets.job import jobs_of_order
from tocsin.tickets.lease import lease_station
from tocsin.tickets.poll_address import NoAddress, renew_address
from tocsin.tickets.polling import Told, read_end, read_told
from tocsin.tickets.trial import look_after, print_test_page, say_state


class Stand:
    """A counter with Star printers at a served desk."""

    def __init__(self, counter: Counter, served: ServedDesk) -> None:
        self.counter, self.served, self.db = counter, served, counter.db
        self.ids: list[int] = []
        self.star = self.add()

    def add(self) -> StarPrinter:
        """Set a printer up and type its address in."""
        self.ids.append(
            self.counter.do(add_printer, name=f"Star {len(self.ids)}", kind="cloudprnt", options={})
        )
        return StarPrinter(self.address(self.ids[-1]))

    def address(self, printer_id: int) -> str:
        """Return a new address of a printer."""
        return f"{self.served.base}/cloudprnt/{self.counter.do(renew_address, printer_id=printer_id)}"

    def queue(self, *, printer: int = 0, **changes: Any) -> tuple[int, int]:
        """Let a paper wait for a printer; return its order and its job."""
        order_id = self.counter.take(**changes).order_id
        return order_id, self.counter.print(order_id, queue_id=self.ids[printer]).job_ids[0]

    def state(self, printer: int = 0) -> str:
        """Return how a printer is."""
        return say_state(self.device(printer).last_status())

    def device(self, printer: int = 0) -> Device:
        """Return a printer as it is stored."""
        return self.counter.ask(get_printer, printer_id=self.ids[printer])

    def pass_time(self, seconds: int) -> None:
        """Let time pass, and the spool's round look at what is overdue."""
        shift_clock(seconds * SECOND_US)
        try:
            merchant_id = self.counter.house.merchant_id
            self.db.write(merchant_id, partial(lease_station, holder="h", takes_over=True))
        finally:
            shift_clock(0)


@pytest.fixture
def stand(db: Database, tmp_path: Path) -> Iterator[Stand]:
    poll_door._quiet.clear()
    served = ServedDesk(db, tmp_path)
    with open_counter(db) as counter:
        yield Stand(counter, served)
    served.close()


def test_a_printer_comes_for_its_paper_and_tells(stand: Stand) -> None:
    star, counter = stand.star, stand.counter
    assert star.ask() == "" and stand.state() == "ready"
    order_id, job = stand.queue()
    counter.run_spool()
    other = counter.print(counter.take(quantity=5).order_id).job_ids[0]
    counter.wait_state(other, "printed")  # elsewhere: to this one nothing is sent
    name = star.ask()
    assert name == str(job) and counter.job(job).state == "queued"
    answer = star.fetch(name)
    assert answer.headers["content-type"] == "image/png" and counter.job(job).state == "sending"
    assert star.ask() == ""
    again = star.fetch(name)
    assert again.content == answer.content
    star.print(again.content)
    assert str(job) in star.papers[0]
    assert star.tell(name) == star.tell(name) == 200
    assert counter.job(job).state == "printed" and counter.order(order_id).desk_state == "printed"
    assert star.fetch(name).status_code == 404 and star.ask() == ""
    assert [one.id for one in counter.ask(jobs_of_order, order_id=order_id)] == [job]
    assert len(counter.peer.papers()) == 1


def test_a_fetch_that_broke_off_is_the_same_paper_again_or_unknown_in_the_end(stand: Stand) -> None:
    star, counter = stand.star, stand.counter
    _, job = stand.queue()
    assert star.fetch_and_lose(star.ask()).startswith(b"HTTP/1.1 200")
    first = star.fetch(str(job))
    assert first.status_code == 200
    star.tell(str(job))
    assert counter.job(job).state == "printed"
    order_id, lost = stand.queue(quantity=3)
    assert star.fetch_and_lose(star.ask()).startswith(b"HTTP/1.1 200")
    stand.pass_time(119)
    assert counter.job(lost).state == "sending" and star.ask() == ""
    stand.pass_time(121)
    assert counter.job(lost).state == "unknown" and counter.kinds(order_id) == ["unknown"]
    assert star.fetch(str(lost)).status_code == 404 and star.ask() == ""
    star.tell(str(lost))  # eight hours later it says that it came out
    assert counter.job(lost).state == "printed" and counter.holds(order_id) == []


def test_what_it_says_at_the_end_decides(stand: Stand) -> None:
    star, counter = stand.star, stand.counter
    ends = {"520 Download failed": "failed", "410 Out of Paper": "unknown", "x": "unknown"}
    for quantity, (code, state) in enumerate(ends.items(), 2):
        order_id, job = stand.queue(quantity=quantity)
        name = star.ask()
        assert star.tell(name, code) == 200 and counter.job(job).state == "queued"  # it has fetched nothing
        star.fetch(name)
        star.tell(name, code)
        assert counter.job(job).state == state and counter.kinds(order_id) == [state]
        assert star.ask() == "" and star.fetch(name).status_code == 404


def test_what_changed_after_a_fetch_does_not_come_out_again(stand: Stand) -> None:
    counter, star = stand.counter, stand.star
    order_id, _ = stand.queue()
    name = star.ask()
    assert star.fetch(name).status_code == 200
    counter.amend(order_id, 1)
    assert star.fetch(name).status_code == 404
    star.tell(name)
    other, waiting = stand.queue(quantity=4)
    counter.amend(other, 1)
    assert star.fetch(str(waiting)).status_code == 404 and counter.job(waiting).state == "cancelled"


def test_out_of_paper_it_gets_none_and_silent_it_is_offline(stand: Stand) -> None:
    star, counter = stand.star, stand.counter
    _, job = stand.queue()
    for code, state in ((OUT, "paper_out"), (COVER, "cover_open"), ("500 Internal", "offline")):
        star.code = code
        assert star.ask() == "" and stand.state() == state
    star.code = LOW
    assert star.ask() == str(job) and stand.state() == "paper_low"
    merchant_id = counter.house.merchant_id
    assert look_after(stand.db, merchant_id, device=stand.device()).online  # it told a moment ago
    shift_clock(4 * MINUTE_US)
    assert look_after(stand.db, merchant_id, device=stand.device()).detail == "silent"
    shift_clock(0)
    assert stand.state() == "offline"
    star.code = OUT
    star.ask()
    assert now_us() - (stand.device().seen_at_us or 0) < MINUTE_US  # heard of, though it can't print


def test_two_printers_get_each_their_own(stand: Stand) -> None:
    second = stand.add()
    _, job = stand.queue(printer=1)
    assert stand.star.ask() == "" and stand.star.fetch(str(job)).status_code == 404
    assert second.ask() == str(job) and second.fetch(str(job)).status_code == 200
    stand.star.tell(str(job))
    assert stand.counter.job(job).state == "sending"
    second.tell(str(job))
    assert stand.counter.job(job).state == "printed"


def test_a_slip_comes_first_and_a_test_page_is_of_no_order(stand: Stand) -> None:
    star, counter = stand.star, stand.counter
    order_id, job = stand.queue()
    assert star.poll() == str(job)
    counter.do(mark_order, order_id=order_id, payment="refunded", reason="r")
    counter.check()
    outcome = print_test_page(stand.db, counter.actor, printer_id=stand.ids[0], base_url=stand.served.base)
    assert outcome.result == "taken"
    assert star.poll().startswith("v")
    assert [slip.state for slip in counter.ask(slips_of, order_id=order_id)] == ["printed"]
    assert star.poll() == "test" and f"{stand.served.base}/scan" in star.papers[-1]
    assert star.poll() == ""


def test_a_wrong_address_is_counted_and_shuts_nobody_out(stand: Stand) -> None:
    star, counter = stand.star, stand.counter
    at, _, secret = star.url.rpartition(".")
    wrong = [
        f"{at}.{'x' * len(secret)}",
        f"{stand.served.base}/cloudprnt/nonsense",
        f"{stand.served.base}/cloudprnt/1.1.{secret}",
    ]
    assert [httpx.post(url, json={}, trust_env=False).status_code for url in wrong] == [404] * 3
    told = [httpx.get(wrong[0], trust_env=False).status_code for _ in range(FREE_PER_ADDRESS)]
    assert told[-1] == 429 and told.count(404) == FREE_PER_ADDRESS - 3
    subject = f"printer:{stand.ids[0]}"
    noted = stand.db.read(counter.house.merchant_id, lambda tx: tx._cursor.execute(
        "SELECT count(*) FROM signal WHERE subject = '" + subject + "'").fetchone())  # fmt: skip
    assert noted[0] >= 1
    assert star.ask() == ""  # from the same address
    renewed = StarPrinter(stand.address(stand.ids[0]))
    poll_door._quiet.clear()
    assert httpx.post(star.url, json={}, trust_env=False).status_code == 404  # not counted: it is not guessed
    assert renewed.ask() == ""
    stranger = replace(counter.actor, proved_at_us=0)
    for who, printer_id, wrong_so in (
        (stranger, stand.ids[0], ProofNeeded),
        (counter.actor, counter.printer().id, NoAddress),
    ):
        with pytest.raises(wrong_so):
            stand.db.write(
                counter.house.merchant_id, partial(renew_address, actor=who, printer_id=printer_id)
            )
    counter.do(remove_printer, printer_id=stand.ids[0])
    assert httpx.post(renewed.url, json={}, trust_env=False).status_code == 404


def test_what_can_not_be_read_is_refused(stand: Stand) -> None:
    for body in (b"", b"[]", b'{"statusCode": 7}', b"\xff", b'{"statusCode": "' + b"9" * 9999 + b'"}'):
        assert httpx.post(stand.star.url, content=body, trust_env=False).status_code == 422, body
    for path in ("", "?token=", "?token=v99999999999999999999", "?token=%00", "?token=" + "9" * 400):
        answer = httpx.get(stand.star.url + path, trust_env=False)
        assert answer.status_code in (404, 400, 422), path
    assert stand.star.fetch("1", kind="application/vnd.star.line").status_code == 415


def test_codes_are_read_as_star_writes_them() -> None:
    for code, word in (
        (OK, "ready"),
        (LOW, "paper_low"),
        (OUT, "paper_out"),
        ("", "offline"),
        ("２00", "offline"),
    ):
        assert say_state(read_told(Told(status_code=code))) == word
    assert read_told(Told(status_code="200%20OK", status="23 86 28 0 0 c 0 0 0")).cover_open
    assert [read_end(code).result for code in ("200%20OK", "211", "２00", "2", "520", "511", "")] == [
        "printed", "printed", "unknown", "unknown", "failed", "unknown", "unknown"
    ]  # fmt: skip
