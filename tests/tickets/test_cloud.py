"""Printers of a cloud, through the spool, over HTTP to a vendor that checks signatures: taken once, asked for until it tells."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.counter import Counter, open_counter, wait_for
from tests.peers.cloud_vendor import CloudVendor
from tests.peers.feie_cloud import SN, UKEY, USER, FeieCloud
from tests.peers.yilianyun_cloud import CLIENT_ID, CLIENT_SECRET, MACHINE_CODE, YilianyunCloud
from tests.tickets.test_intercept import refund, states
from tests.tickets.test_late import run
from tocsin.core.clock import MINUTE_US, SECOND_US, shift_clock
from tocsin.core.db import Database
from tocsin.settings import Settings, SettingsWrong, load_settings, read_networks
from tocsin.tickets import cloud_end
from tocsin.tickets.claim import claim_job
from tocsin.tickets.cloud import CloudClosed, open_clouds
from tocsin.tickets.cloud_end import ask_clouds
from tocsin.tickets.device import PrinterWrong, add_printer, get_printer, remove_printer
from tocsin.tickets.hold import settle_unknown
from tocsin.tickets.intercept import find_taken_slip, slips_of, taken_slips
from tocsin.tickets.late import record_outcome
from tocsin.tickets.lease import lease_station
from tocsin.tickets.open_device import open_printer
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.printer_key import find_key
from tocsin.tickets.trial import ask_printer, print_test_page, say_state

FEIE = {"user": USER, "ukey": UKEY, "sn": SN, "data_leaves_site": True}
YILIANYUN = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "machine_code": MACHINE_CODE,
    "data_leaves_site": True,
}
KINDS: dict[str, tuple[type[CloudVendor], dict[str, Any]]] = {
    "feie": (FeieCloud, FEIE),
    "yilianyun": (YilianyunCloud, YILIANYUN),
}
HIDDEN = {"feie": "ukey", "yilianyun": "client_secret"}


class Cloudy:
    """A counter whose printer hangs on a cloud."""

    def __init__(self, counter: Counter, kind: str) -> None:
        self.counter, self.kind, self.db = counter, kind, counter.db
        made, self.options = KINDS[kind]
        self.peer = made()
        open_clouds({kind: self.peer.url}, read_networks("127.0.0.0/8"))
        self.id = self.add()

    def add(self, **changes: Any) -> int:
        """Set a printer of the cloud up."""
        return self.counter.do(add_printer, name="云", kind=self.kind, options={**self.options, **changes})

    def print(self, *, printer: int = 0, **changes: Any) -> tuple[int, int]:
        """Let a paper wait for the printer; return its order and its job."""
        order_id = self.counter.take(**changes).order_id
        return order_id, self.counter.print(order_id, queue_id=printer or self.id).job_ids[0]

    def pass_time(self, us: int) -> None:
        """Let time pass, what is overdue be seen, and the cloud be asked."""
        shift_clock(us)
        try:
            renew = partial(lease_station, holder="h", takes_over=True)
            self.db.write(self.counter.house.merchant_id, renew)
        finally:
            shift_clock(0)


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Let the process know nothing of clouds from the test before."""
    cloud_end._asked.clear()
    cloud_end._pages.clear()
    yield
    open_clouds({})


@pytest.fixture(params=sorted(KINDS))
def cloudy(request: pytest.FixtureRequest, db: Database) -> Iterator[Cloudy]:
    with open_counter(db) as counter:
        made = Cloudy(counter, request.param)
        yield made
        for spool in counter.spools:
            spool.stop()
        counter.spools.clear()
        made.peer.close()


def wait_taken(cloudy: Cloudy, job: int) -> None:
    """Wait until the cloud has a paper."""
    wait_for(lambda: (told := cloudy.counter.job(job).last_outcome()) and told.result == "taken")


def test_a_paper_is_taken_once_and_asked_for_until_the_cloud_tells(cloudy: Cloudy) -> None:
    counter, peer = cloudy.counter, cloudy.peer
    spool = counter.run_spool()
    order_id, job = cloudy.print()
    wait_taken(cloudy, job)
    ((name, text),) = peer.papers.items()
    assert counter.order(order_id).number in text and "<QR>" in text
    assert ask_clouds(cloudy.db) == 0 and counter.job(job).state == "sending"
    peer.done.add(name)
    assert ask_clouds(cloudy.db) == 1 and counter.job(job).state == "printed"
    assert counter.order(order_id).desk_state == "printed" and ask_clouds(cloudy.db) == 0
    order_id, late = cloudy.print(quantity=3)
    wait_taken(cloudy, late)
    spool.stop()
    counter.spools.clear()
    cloudy.pass_time(601 * SECOND_US)
    assert (counter.job(late).state, counter.kinds(order_id)) == ("unknown", ["unknown"])
    assert ask_clouds(cloudy.db) == 0
    peer.done |= set(peer.papers)
    assert ask_clouds(cloudy.db) == 0, "once in five minutes"
    assert peer.asked.count("/printer/cancelone") == (cloudy.kind == "yilianyun")
    cloud_end._asked.clear()
    shift_clock(480 * MINUTE_US)
    try:
        assert ask_clouds(cloudy.db) == 1
    finally:
        shift_clock(0)
    assert counter.job(late).state == "printed" and counter.holds(order_id) == []
    assert len(peer.papers) == 2


def test_a_late_paper_is_asked_back_until_the_cloud_will_not_print_it(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud_end, "_PAGE", 1)
    with open_counter(db) as counter:
        cloudy = Cloudy(counter, "yilianyun")
        peer, jobs, device = cloudy.peer, [], counter.ask(get_printer, printer_id=cloudy.id)
        for quantity in (3, 4, 5):
            jobs.append(cloudy.print(quantity=quantity)[1])
            told = PrintOutcome(result="taken", bytes_left=True, remote=peer.take(""), answer_seconds=600)
            run(counter, partial(claim_job, device=device))
            run(counter, partial(record_outcome, job_id=jobs[-1], outcome=told))
            cloudy.pass_time(601 * SECOND_US)
            assert counter.job(jobs[-1]).state == "unknown"
        counter.do(settle_unknown, job_id=jobs[1], came_out=False)
        names = list(peer.papers)

        def back(of: int) -> int:
            for _ in range(of):
                ask_clouds(db)
            return peer.asked.count("/printer/cancelone")

        peer.busy = True
        assert back(8) == 3, "each page, and what was settled too, has its turn"
        cloud_end._asked.clear()
        assert back(4) == 3, "at its own pace"
        peer.busy = False
        cloud_end._taken_back.clear()
        cloud_end._asked.clear()
        assert back(8) == 6 and peer.cancelled == set(names)
        monkeypatch.setattr(cloud_end, "_TAKE_BACK_SECONDS", 0.0)
        cloud_end._asked.clear()
        assert back(8) == 6, "the cloud has said that it won't"
        monkeypatch.setattr(cloud_end, "_DAY_SECONDS", 0.0)
        cloud_end._forget()
        assert not cloud_end._asked and not cloud_end._taken_back
        peer.close()


def test_a_slip_is_asked_for_too(cloudy: Cloudy) -> None:
    counter, peer = cloudy.counter, cloudy.peer
    counter.run_spool()
    order_id, job = cloudy.print(external_id="R-1", quantity=3)
    wait_taken(cloudy, job)
    peer.done |= set(peer.papers)
    assert ask_clouds(cloudy.db) == 1
    refund(counter, order_id)
    wait_for(lambda: states(counter, order_id) == ["unknown"])
    assert len(peer.papers) == 2 and ask_clouds(cloudy.db) == 0
    *_, name = peer.papers
    (slip,) = counter.ask(slips_of, order_id=order_id)
    page = partial(counter.ask, taken_slips, printer_id=cloudy.id, since_us=0, limit=1)
    assert [found[0] for found in page(after=0)] == [slip.id] and page(after=slip.id) == []
    assert counter.ask(find_taken_slip, printer_id=cloudy.id, remote=slip.remote) == slip.id
    if isinstance(peer, YilianyunCloud):  # cancelled there: it did not come out, and is tried again
        peer.cancelled.add(name)
        assert ask_clouds(cloudy.db) == 1 and states(counter, order_id) == ["queued"]
        shift_clock(2 * MINUTE_US)
        wait_for(lambda: states(counter, order_id) == ["unknown"])
        *_, name = peer.papers
        shift_clock(0)
    peer.done.add(name)
    assert ask_clouds(cloudy.db) == 1 and states(counter, order_id) == ["printed"]
    assert ask_clouds(cloudy.db) == 0


def test_a_slow_cloud_delays_itself_alone(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud_end, "_ROUND_SECONDS", 0.2)
    with open_counter(db) as counter:
        peers = {kind: made() for kind, (made, _) in KINDS.items()}
        open_clouds({kind: peer.url for kind, peer in peers.items()}, read_networks("127.0.0.0/8"))
        counter.run_spool()
        jobs = {}
        for n, (kind, (_, options)) in enumerate(KINDS.items(), start=1):
            printer_id = counter.do(add_printer, name=kind, kind=kind, options=options)
            jobs[kind] = counter.print(counter.take(quantity=n).order_id, queue_id=printer_id).job_ids[0]
        wait_for(lambda: all(peer.papers for peer in peers.values()))
        wait_for(lambda: all(counter.job(job).outcome for job in jobs.values()))
        for peer in peers.values():
            peer.done |= set(peer.papers)
        slow, quick = peers["feie"], jobs["yilianyun"]
        slow.free.clear()
        wait_for(lambda: ask_clouds(db) + 1 and counter.job(quick).state == "printed")
        assert ask_clouds(db) == 0, "whose turn it is does not get another"
        assert counter.job(jobs["feie"]).state == "sending" and len(cloud_end._busy) == 1
        slow.free.set()
        counter.wait_state(jobs["feie"], "printed")
        wait_for(lambda: not cloud_end._busy)
        for peer in peers.values():
            peer.close()


def test_what_was_sent_and_not_answered_is_unknown_and_never_sent_again(cloudy: Cloudy) -> None:
    counter, peer = cloudy.counter, cloudy.peer
    peer.cut = True
    counter.run_spool()
    order_id, job = cloudy.print()
    counter.wait_state(job, "unknown")
    assert len(peer.papers) == 1 and counter.kinds(order_id) == ["unknown"]
    assert counter.job(job).reason == "no_answer"
    peer.cut = False
    _, other = cloudy.print(quantity=3)
    wait_taken(cloudy, other)
    assert len(peer.papers) == 2 and ask_clouds(cloudy.db) == 0


def test_what_it_refuses_or_can_not_hear_has_printed_nothing(cloudy: Cloudy) -> None:
    counter, peer = cloudy.counter, cloudy.peer
    wrong = cloudy.add(**{HIDDEN[cloudy.kind]: "wrong"})
    kept = counter.actor

    def probe(printer_id: int) -> str:
        return ask_printer(cloudy.db, kept, printer_id=printer_id).detail

    assert probe(cloudy.id) == "" and probe(wrong) == "cloud_refused"
    peer.offline = True
    assert say_state(ask_printer(cloudy.db, kept, printer_id=cloudy.id)) == "offline"
    outcome = print_test_page(cloudy.db, kept, printer_id=cloudy.id, base_url="http://localhost:8717")
    assert (outcome.result, outcome.reason, outcome.bytes_left) == ("failed", "offline", False)
    peer.offline, peer.down = False, True
    assert probe(cloudy.id) == "cloud_away"
    peer.down, peer.garbled = False, True
    assert probe(cloudy.id) == "garbled"
    peer.close()
    assert probe(cloudy.id) == "cloud_away"
    open_clouds({})
    assert probe(cloudy.id) == "cloud_closed"
    open_clouds({cloudy.kind: peer.url})  # plain http leaves no shop
    assert probe(cloudy.id) == "cloud_away"
    assert peer.papers == {}


def test_it_is_off_until_both_have_agreed_and_its_key_is_sealed(cloudy: Cloudy) -> None:
    counter, secret = cloudy.counter, str(cloudy.options[HIDDEN[cloudy.kind]])
    assert secret not in counter.ask(get_printer, printer_id=cloudy.id).options
    assert secret in counter.ask(open_printer, printer_id=cloudy.id).options
    key = counter.ask(find_key, printer_id=cloudy.id)
    assert key.sealed and secret.encode() not in bytes(key.sealed)
    counter.do(remove_printer, printer_id=cloudy.id)
    assert not counter.ask(find_key, printer_id=cloudy.id).sealed
    with pytest.raises(PrinterWrong, match="leaves the site"):
        cloudy.add(data_leaves_site=False)
    open_clouds({})
    with pytest.raises(CloudClosed):
        cloudy.add()


def test_the_setting_is_read() -> None:
    assert Settings().clouds() == {}
    opened = load_settings(printer_clouds="feie, yilianyun=https://relay.example/x").clouds()
    assert opened == {"feie": "", "yilianyun": "https://relay.example/x"}
    for wrong in ("Feie", "feie=ftp://x", "feie="):
        with pytest.raises(SettingsWrong):
            load_settings(printer_clouds=wrong)
