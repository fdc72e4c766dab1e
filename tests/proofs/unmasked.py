"""`bin/prove privacy`: an erased person is in no file (`privacy`), and no page and no format shows a receiver's real text to who opened nothing."""

import argparse
import io
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from tests.house import make_draft
from tests.proofs import privacy
from tests.proofs.canary import HELD, HER, TYPED, needles, whose
from tests.proofs.running import ENGINES, Ground, open_ground
from tests.web.pages import Pages
from tocsin.core.db import Database
from tocsin.core.log import set_up_log
from tocsin.core.party import StoredParty, masked_party
from tocsin.core.statement import Statement
from tocsin.opening import open_database
from tocsin.orders import download_rows, store
from tocsin.orders.format import every_format
from tocsin.orders.outbound import add_endpoint
from tocsin.orders.outbound_message import make_messages
from tocsin.settings import Settings
from tocsin.tickets.content import canonical_json
from tocsin.tickets.job import list_jobs, read_content

ROLES = ("clerk", "owner")
SHEET = "订单号,收货人,联系电话,收货地址,商品名称,单价,数量\nU-1,{0},{1},{2},酥梨,39.90,2\nU-2,{0},{1},{2},酥梨,39.90,两\n"
# Where real text has to be, who may see it there, and by which sentence. Each row must show it, or it goes.
SHOWN: dict[tuple[str, str], str] = {
    (
        "page /orders/{number}/revise",
        "HELD",
    ): "spec 4: within revise by opening the finding; its field alone, recorded",
    ("page /orders/{number}/revise", "HER"): "the same: she left a note, which is a finding to be read",
    (
        "page /quarantine/{row_id}",
        "TYPED",
    ): "spec 4: who may reveal mends what can't be read; clerks see no cell",
    (
        "page /imports/{import_id}/errors.csv",
        "TYPED",
    ): "spec 4: the same rows as a sheet; for clerks without their cells",
    ("ticket merchant", "HER"): "spec 2: the merchant's own copy; a ticket is paper at the counter",
    ("ticket delivery", "HER"): "spec 6: the courier has to find the door",
    ("download csv, real data", "any"): "spec 4: real data with the right and a reason, recorded",
}
# These never end by themselves, or are no address of a page.
_ENDLESS = re.compile(r"/events$|/static/|/hooks/|/openapi")
_TABLES = ("event", "journal", "outbound_message", "outbound_endpoint", "outbound_delivery")


class Shop:
    """A desk whose orders are of three people, with something at every kind of address."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.pages = Pages(db, folder)
        self.wanted, self.ids = needles(), dict[str, list[str]]()

    def fill(self) -> None:
        """Take orders in, hold, amend, import, print, ask for files, tell webhooks."""
        pages = self.pages
        self.write(
            partial(
                add_endpoint,
                actor=pages.actor(),
                name="erp",
                url="https://example.com/in",
                kinds=(),
                shops=(),
            )
        )
        made = pages.ask("POST", "/campaigns", json={"kind": "group_buy", "title": "团", "code": "G1"})
        note = f"{HER.name}要发票 {HER.phone}"
        order = pages.take(
            make_draft(
                receiver=HER,
                external_id="P-1",
                channel="api",
                merchant_note=note,
                campaign="G1",
                pickup_point="东门",
            )
        )
        held = pages.take(make_draft(receiver=HELD, external_id="P-2"))
        pages.ask("POST", f"/orders/{order.number}/amendments", json={
            "seen": 1, "reason": "换地址", "changes": {"receiver": {"address": HER.address + "东"}}
        })  # fmt: skip
        pages.take(
            make_draft(
                receiver=replace(HER, address="别处 1 号 13 栋 2604 室"), external_id="P-1", channel="api"
            )
        )
        sheet = SHEET.format(TYPED.name, TYPED.phone, TYPED.address).encode()
        sent = [pages.upload(sheet).headers["location"] for _ in range(2)]
        pages.post(f"{sent[0]}/commit")
        terminal = pages.printer(copies=("merchant", "customer", "kitchen", "delivery"))
        plain = pages.take(make_draft(receiver=replace(HER, buyer_note=""), external_id="P-3", quantity=5))
        pages.post(f"/terminals/{terminal}/prints", order=str(plain.id), revision="1")
        pages.ask("POST", "/screens", json={"name": "paid", "filter": {"payment": "paid"}})
        for form in every_format():
            pages.ask("POST", "/downloads", role="clerk", json={"format": form})
        pages.ask("POST", "/downloads", json={"format": "csv", "real": True, "reason": "对账"})
        pages.work()
        make_messages(pages.db)
        self.ids = {
            "number": [order.number, held.number, plain.number], "revision": ["1"], "import_id": [at.rpartition("/")[2] for at in sent],
            "terminal_id": [str(terminal)], "printer_id": [str(terminal)], "name": ["paid"], "campaign_id": [made.json()["id"]], "code": [str(one[0]) for one in self.rows("SELECT serial FROM print_job")],
            **{name: self.every(table) for name, table in _ID_TABLES.items()},
        }  # fmt: skip

    def write(self, verb: Any) -> Any:
        return self.pages.db.write(self.pages.house.merchant_id, verb)

    def every(self, table: str) -> list[str]:
        """Return the ids of a table's rows."""
        return [str(row[0]) for row in self.rows(f"SELECT id FROM {table} ORDER BY id")]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return rows of the merchant, read past the product."""
        asked = Statement[tuple[Any, ...]](sa.text(sql))
        return self.pages.db.read(self.pages.house.merchant_id, lambda tx: tx.rows(asked))

    def addresses(self, *, api: bool) -> Iterator[tuple[str, str]]:
        """Yield each door that is read, with the addresses that its names of things give."""
        for route in self.pages.client.app.routes:
            path = re.sub(r":\w+\}", "}", route.path)
            if (
                "GET" not in getattr(route, "methods", ())
                or _ENDLESS.search(path)
                or path.startswith("/api") is not api
            ):
                continue
            names = re.findall(r"\{(\w+)\}", path)
            for value in self.ids.get(names[0], ["1"])[:4] if names else [""]:
                yield (
                    path,
                    re.sub(r"\{\w+\}", "1", path.replace("{" + names[0] + "}", value) if names else path),
                )

    def open(self, *, api: bool, roles: tuple[str, ...] = ROLES) -> Iterator[tuple[str, int, set[str]]]:
        """Open each address as each role; yield the door, the answer's status, and whose text was in it."""
        for role in roles:
            who = self.pages.headers(role)
            for path, address in self.addresses(api=api):
                answer = self.pages.client.get(address, headers=who, follow_redirects=False)
                at = f"page {path}" if not api else f"api {path}"
                told = answer.content + str(answer.headers).encode()
                yield at, answer.status_code, whose(told, self.wanted)

    def formats(self) -> Iterator[tuple[str, set[str]]]:
        """Yield each format in which orders leave, with whose text is in it."""
        pages, look = self.pages, partial(whose, wanted=self.wanted)
        for one in (
            pages.ask("GET", "/downloads").json() + pages.ask("GET", "/downloads", role="clerk").json()
        ):
            role = "owner" if one["real"] else "clerk"
            data = pages.ask("GET", f"/downloads/{one['id']}/file", role=role).content
            yield f"download {one['format']}{', real data' if one['real'] else ''}", look(data)
        for form in every_format():
            yield (
                f"export {form}",
                look(pages.ask("GET", "/orders/export", role="clerk", params={"format": form}).content),
            )
        yield "events of the API", look(self.stream("/api/v1/events"))
        for table in _TABLES:
            rows = [
                [bytes(cell) if isinstance(cell, memoryview) else cell for cell in row]
                for row in self.rows(f"SELECT * FROM {table}")
            ]
            yield f"stored {table}", look(repr(rows).encode() if rows else b"")
        for job in pages.db.read(pages.house.merchant_id, lambda tx: list_jobs(tx)):
            content = pages.db.read(pages.house.merchant_id, partial(read_content, job_id=job.id))
            yield f"ticket {job.copy}", look(canonical_json(content))

    def two(self) -> tuple[bytes, bytes]:
        """Return a page and a file of hers, as a clerk gets them."""
        page = self.pages.get(f"/orders/{self.ids['number'][0]}", role="clerk").content
        return page, self.pages.ask("GET", "/orders/export", role="clerk", params={"format": "csv"}).content

    def stream(self, path: str) -> bytes:
        """Return what a stream tells of all that has been; the desk that closes ends it."""
        self.pages.desk.closing = True
        try:
            return self.pages.client.get(
                path, headers={**self.pages.headers("clerk"), "last-event-id": "0"}
            ).content
        finally:
            self.pages.desk.closing = False


_ID_TABLES = {
    "row_id": "quarantine", "download_id": "download", "print_id": "print_job", "job_id": "print_job", "lookup_id": "lookup",
    "screen_id": "screen", "webhook_id": "outbound_endpoint", "endpoint_id": "outbound_endpoint", "hold_id": "hold",
}  # fmt: skip


def walk(db: Database, folder: Path) -> dict[str, Any]:
    """Return what was opened, and where a real text stood that is not in the table."""
    log = io.StringIO()
    set_up_log("debug", log)
    shop = Shop(db, folder)
    with closing(shop.pages.desk), shop.pages.client:
        shop.fill()
        opened: dict[str, set[str]] = {}
        for api in (False, True):
            for door, status, who in shop.open(api=api):
                if status < 300 or who:
                    opened.setdefault(door, set()).update(who)
        formats: dict[str, set[str]] = {}
        for name, who in shop.formats():
            formats.setdefault(name, set()).update(who)
        formats["log"] = whose(log.getvalue().encode(), shop.wanted)
        with _printing_the_real_one():
            planted = all("HER" in whose(data, shop.wanted) for data in shop.two())
        shop.pages.desk.closing = True
    set_up_log("info")
    return _figures(opened, formats, planted=planted)


def _figures(opened: dict[str, set[str]], formats: dict[str, set[str]], *, planted: bool) -> dict[str, Any]:
    pages, files = (
        {(at, "any" if (at, "any") in SHOWN else one) for at, who in found.items() for one in who}
        for found in (opened, formats)
    )
    stale = SHOWN.keys() - pages - files
    return {
        "pages": len(opened), "formats": len(formats), "unmasked_pages": len(pages - SHOWN.keys()),
        "unmasked_formats": len(files - SHOWN.keys()), "unmasked_at": sorted((pages | files) - SHOWN.keys()),
        "shown_with_reason": len(SHOWN), "shown_without_need": sorted(stale), "unmasked_fault_found": planted and not stale,
    }  # fmt: skip


@contextmanager
def _printing_the_real_one() -> Iterator[None]:
    """The planted fault: pages and files print the phone as it is."""

    def bare(row: Any) -> StoredParty:
        return replace(masked_party(row), phone=HER.phone)

    def decoded(masked: str) -> Any:
        return replace(sound(masked), phone=HER.phone)

    sound = download_rows._decode_party
    store.masked_party, download_rows._decode_party = bare, decoded  # type: ignore[assignment]
    try:
        yield
    finally:
        store.masked_party, download_rows._decode_party = masked_party, sound


def on(ground: Ground, engine: str) -> dict[str, Any]:
    """Walk all of it on one engine, in a desk of its own."""
    made = ground.make_desk(engine)
    db = open_database(Settings(data_dir=str(made.folder), database_url=made.database_url))
    return walk(db, made.folder / "pages")


def main(given: list[str]) -> dict[str, Any]:
    """Prove what `privacy` proves, then walk pages and formats on each engine."""
    asked = argparse.ArgumentParser(add_help=False)
    asked.add_argument("--engine", choices=ENGINES, action="append")
    engines, found = asked.parse_known_args(given)[0].engine or list(ENGINES), privacy.main(given)
    with open_ground() as ground:
        walked = {engine: on(ground, engine) for engine in engines}
    least = {name: min(one[name] for one in walked.values()) for name in ("pages", "formats")}
    sums = {
        name: sum(one[name] for one in walked.values()) for name in ("unmasked_pages", "unmasked_formats")
    }
    planted = found["planted_fault_found"] and all(one["unmasked_fault_found"] for one in walked.values())
    return {
        **found, **least, **sums, "planted_fault_found": planted, "unmasked": walked,
        "holds": found["holds"] and planted and not any(sums.values()),
    }  # fmt: skip
