"""`bin/prove privacy`: a person put into every place of a served desk, exported, erased, then searched for byte by byte."""

import argparse
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from msgspec.structs import replace

from tests.counter import Counter
from tests.house import House
from tests.orders.planted import HIM, plant
from tests.peers.escpos_peer import EscposPeer
from tests.proofs.asking import Unexpected, form_token, hidden_fields
from tests.proofs.erased import (
    JOURNAL,
    SPOOL,
    Found,
    digests_of,
    files_in,
    needles_of,
    postgres_files,
    search_files,
    search_tables,
    texts_of,
    waiting_files,
)
from tests.proofs.running import ENGINES, Ground, RunningDesk, open_ground, wait_until
from tocsin.core.actor import ROLES, Actor
from tocsin.core.clock import now_us
from tocsin.core.db import DIRECTORY_SCOPE, Database
from tocsin.core.forget import parties_of, person_by_phone
from tocsin.core.journal import write_journal
from tocsin.core.queue import queue_for
from tocsin.core.tenant import get_shop, list_merchants
from tocsin.opening import open_database
from tocsin.orders import sweep
from tocsin.orders.erase import begin_erasure, sweep_erased
from tocsin.orders.person import Person
from tocsin.settings import load_settings
from tocsin.tickets.device import add_printer

HERE = "/settings/privacy"
NEW_PHONE = "13611112222"
HIMSELF = replace(HIM, buyer_note="xunji.ouyang@example.cn")
_KINDS = ("database", "journal", "spool", "exports", "logs")


class Browser:
    """The owner's browser at a served desk."""

    def __init__(self, desk: RunningDesk) -> None:
        self.http = httpx.Client(
            base_url=desk.base, headers={"origin": desk.base}, follow_redirects=True, timeout=60, trust_env=False
        )  # fmt: skip
        form, password = self.http.get(desk.owner_link), secrets.token_urlsafe(18)
        fields = {"name": "owner", "password": password, "again": password, **hidden_fields(form.text)}
        if not self.http.post(desk.owner_link, data=fields).is_success:
            raise Unexpected("the owner link was not taken")

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form as its page would."""
        return self.http.post(path, data={**fields, "csrf": form_token(self.http.get("/orders").text)})


def talk_of(browser: Browser) -> None:
    """Carry his texts to the desk by every kind of request, sound and broken: none of them may come to the log."""
    for path in ("/orders", "/orders/X", "/api/v1/orders", f"/orders/{HIM.name}", f"/{HIM.phone}"):
        browser.http.get(path, params={"q": f"{HIM.name} {HIM.phone}"})
    for body in (f'{{"name": "{HIM.name}", ', f'{{"receiver": {{"phone": "{HIM.phone}"}}}}', HIM.address):
        browser.http.post(
            "/api/v1/orders", content=body.encode(), headers={"content-type": "application/json"}
        )
    browser.post("/imports", text=f"{HIM.name} {HIM.phone}")
    browser.post(HERE, phone=HIM.phone, name=HIM.name)


@contextmanager
def open_store(desk: RunningDesk) -> Iterator[tuple[Database, House]]:
    """Open the store of a desk that is not served now, and its merchant."""
    settings = load_settings(
        environment={}, data_dir=str(desk.folder / "data"), database_url=desk.database_url or None
    )
    db = open_database(settings)
    try:
        (merchant,) = db.read(DIRECTORY_SCOPE, list_merchants)
        yield db, House(db, merchant.id, db.read(merchant.id, get_shop))
    finally:
        db.close()


def plant_him(db: Database, house: House, desk: RunningDesk) -> list[bytes]:
    """Put him into each place of the store; return all that may tell of him, his wrapped key and digests too."""
    actor = Actor(
        kind="operator", id=1, merchant_id=house.merchant_id, name="owner", role="owner", rights=ROLES["owner"], proved_at_us=now_us()
    )  # fmt: skip
    with EscposPeer() as peer:
        counter = Counter(house, peer, actor)
        where = {"host": "127.0.0.1", "port": peer.port}
        counter.do(add_printer, name="前台", kind="escpos_network", options=where, copies=("merchant",))
        plant(counter, desk.folder / "data", HIMSELF)
        person_id = counter.ask(person_by_phone, phone=HIM.phone)
        party = counter.ask(parties_of, person_id=person_id)[0]
        papers = [path.read_bytes() for path in files_in(desk.folder / "data" / "papers")]
        return [
            *needles_of(texts_of(HIMSELF, NEW_PHONE)), bytes(party.wrapped_key or b""), bytes(party.sealed)[:64],
            *counter.ask(lambda tx: digests_of(tx, HIM)), *counter.ask(waiting_files), *(paper[len(paper) // 2 :][:64] for paper in papers),
        ]  # fmt: skip


def search(desk: RunningDesk, wanted: list[bytes]) -> dict[str, Found]:
    """Search every file of the installation, by place."""
    data = desk.folder / "data"
    places = {
        "papers": files_in(data / "papers"), "downloads": files_in(data / "downloads"), "watched folder": files_in(data / "watched"),
        "log of the served desk": [desk.folder / "server.log"],
    }  # fmt: skip
    if desk.database_url:
        places |= postgres_files(desk.database_url)
    else:
        base = data / "desk.sqlite"
        places |= {"database file": [base], "write-ahead log": [base.with_name("desk.sqlite-wal")]}
        places |= {"shared memory": [base.with_name("desk.sqlite-shm")]}
    known = {path for paths in places.values() for path in paths}
    places["other files"] = [path for path in files_in(desk.folder) if path not in known]
    return {name: search_files(name, paths, wanted) for name, paths in places.items()}


def kind_of(place: str) -> str:
    """Return which figure a place counts for."""
    return (
        "journal" if place in JOURNAL else "spool" if place in (*SPOOL, "papers") else "logs" if place.startswith("log")
        else "exports" if place in ("downloads", "watched folder") else "database"
    )  # fmt: skip


def erase_him(browser: Browser, desk: RunningDesk) -> dict[str, Any]:
    """Export and erase him as his owner would, and wait until the desk says that it is done everywhere."""
    found = browser.post(HERE, phone=HIM.phone).text
    person = found.partition('name="person" value="')[2].partition('"')[0]
    asked = {"phone": HIM.phone, "person": person}
    told = browser.post(HERE + "/export", **asked, purpose="request").text
    page = browser.post(HERE + "/erasure", **asked, reason=f"{HIM.name}要求", typed="ERASE")
    written = "SELECT count(*) FROM compaction WHERE state = 'done'"  # asked for when his sweep is done
    done = wait_until(lambda: desk.rows(written)[0][0], seconds=120)
    left = desk.rows("SELECT left_over FROM compaction")
    return {
        "exported_whole": HIM.address in told and HIM.phone in told, "erased": page.is_success and done,
        "left_over": " ".join(row[0] for row in left).strip(),
    }  # fmt: skip


def planted_faults(db: Database, house: House, desk: RunningDesk, *, names: list[str]) -> dict[str, bool]:
    """Put somebody in again and leave out one sweep at a time; put him where he never comes; each must be seen."""
    seen = dict[str, bool]()
    for number, name in enumerate(names):
        him = replace(
            HIM, name=f"漏网{number}号", phone=f"1369999{number:04}", address=f"漏网路{number}号九十九栋"
        )
        with EscposPeer() as peer:
            counter = Counter(house, peer, house.actor())
            plant(counter, desk.folder / "data", him, tag=f"F{number}")
            erase_without(name, counter, him.phone)
        wanted = needles_of(texts_of(him))
        seen[name] = any(one.hits for one in search_tables(db, house.merchant_id, wanted))
    wanted, log = needles_of(texts_of(HIM)), desk.folder / "server.log"
    db.write(house.merchant_id, lambda tx: write_journal(
        tx, house.actor(), verb="orders.hold", subject="order:1", data={"reason": HIM.name}
    ))  # fmt: skip
    log.write_text(f'{log.read_text()}{{"phone": "{HIM.phone}"}}\n')
    tables = {one.name: one for one in search_tables(db, house.merchant_id, wanted)}
    return {**seen, "journal": tables["journal"].hits > 0, "log": search_files("log", [log], wanted).hits > 0}


def erase_without(name: str, counter: Counter, phone: str) -> None:
    """Erase somebody, but for one place."""
    person_id, left_out = counter.ask(person_by_phone, phone=phone), sweep.PLACES.pop(name)
    found = Person(person_id, tuple(counter.ask(parties_of, person_id=person_id)))
    try:
        erasure_id = counter.do(begin_erasure, queue=queue_for(counter.db), found=found, reason="x")
        sweep_erased(counter.db, counter.house.merchant_id, {"erasure": str(erasure_id)})
    finally:
        sweep.PLACES[name] = left_out


def told_of(before: dict[str, Found], after: dict[str, Found]) -> dict[str, Any]:
    """Return the figures: a place counts where he was found before; elsewhere too he must not be."""
    rows = [
        {"name": name, "bytes": found.size, "before": before[name].hits, "after": found.hits}
        for name, found in after.items()
    ]
    hits = {
        f"hits_{kind}": sum(one.hits for name, one in after.items() if kind_of(name) == kind)
        for kind in _KINDS
    }
    return {
        "places": sum(row["before"] > 0 for row in rows), **hits, "searched": [row for row in rows if row["before"] or row["after"]],
        "never_there": sorted(row["name"] for row in rows if not row["before"]), "bytes": sum(row["bytes"] for row in rows),
    }  # fmt: skip


def on(ground: Ground, engine: str, *, faults: int) -> dict[str, Any]:
    """Prove it on one engine, in an installation of its own."""
    desk = ground.make_desk(engine)
    (desk.folder / "data" / "watched").mkdir(parents=True)
    (desk.folder / "desk.toml").write_text(f'watch_dir = "{desk.folder / "data" / "watched"}"\n')
    desk.options = ["--config", str(desk.folder / "desk.toml")]
    desk.start()
    browser = Browser(desk)
    desk.stop()
    with open_store(desk) as (db, house):
        wanted = plant_him(db, house, desk)
        before = search(desk, wanted)
        before |= {one.name: one for one in search_tables(db, house.merchant_id, wanted)}
    # SQLite's log is in the file once nobody has it open.
    before |= {name: one for name, one in search(desk, wanted).items() if not before[name].hits}
    desk.start()
    talk_of(browser)
    done = erase_him(browser, desk)
    desk.kill()
    after = search(desk, wanted)
    with open_store(desk) as (db, house):
        after |= {one.name: one for one in search_tables(db, house.merchant_id, wanted)}
        seen = planted_faults(
            db, house, desk, names=list(sweep.PLACES)[: faults if engine == "sqlite" else 0]
        )
    found = told_of(before, after)
    return {**found, **done, "planted_faults": seen, "planted_fault_found": all(seen.values())}


def main(given: list[str]) -> dict[str, Any]:
    """Read the options, and prove on each engine."""
    asked = argparse.ArgumentParser(prog="bin/prove privacy")
    asked.add_argument("--engine", choices=ENGINES, action="append")
    asked.add_argument(
        "--faults", type=int, default=len(sweep.PLACES), help="sweeps that are left out in turn, on SQLite"
    )
    options, began = asked.parse_args(given), time.monotonic()
    with open_ground() as ground:
        found = {engine: on(ground, engine, faults=options.faults) for engine in options.engine or ENGINES}
    every = list(found.values())
    sums = {f"hits_{kind}": sum(one[f"hits_{kind}"] for one in every) for kind in _KINDS}
    planted = all(one["planted_fault_found"] for one in every)
    whole = all(one["exported_whole"] and one["erased"] and not one["left_over"] for one in every)
    places = min(one["places"] for one in every)
    return {
        "places": places, **sums, "planted_fault_found": planted, "holds": planted and whole and places >= 8 and not any(sums.values()),
        "by_engine": found, "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
