"""A desk with all in it that could act by itself once it is restored."""

from pathlib import Path

from msgspec import Struct

from tests.access.people import Desk as People
from tests.access.people import enter, make_operator
from tests.access.stations import Machine
from tests.backup.installation import make_settings
from tests.counter import Counter
from tests.databases import PostgresServer
from tests.house import House, make_house
from tests.peers.escpos_peer import EscposPeer
from tocsin.access.api_key import create_api_key
from tocsin.alarm.incident import raise_incident
from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.clock import MINUTE_US, now_us
from tocsin.core.db import Database
from tocsin.opening import open_database
from tocsin.orders.outbound import add_endpoint
from tocsin.orders.saved_screen import save_screen
from tocsin.orders.screen import Filter
from tocsin.settings import Settings
from tocsin.tickets.auto_print import switch_on
from tocsin.tickets.device import add_printer
from tocsin.tickets.hold import hold_order


class Lived(Struct, frozen=True):
    """What stands in it, by ids and secrets."""

    settings: Settings
    merchant_id: int
    order_ids: tuple[int, ...]
    numbers: tuple[str, ...]
    waiting_job: int
    held_order: int
    key: str
    session: str
    machine: Machine
    incident: int


def live(folder: Path, server: PostgresServer | None) -> Lived:
    """Make one, and close it."""
    settings = make_settings(folder, server)
    db = open_database(settings)
    try:
        return fill(settings, db)
    finally:
        db.close()


def fill(settings: Settings, db: Database) -> Lived:
    """Let a merchant work."""
    house = make_house(db)
    counter = Counter(house, EscposPeer.__new__(EscposPeer), house.actor())
    make_operator(db, People(house.merchant_id, "anna"), "owner", name="anna")
    signed = enter(db, "anna")
    counter.do(add_printer, name="前台", kind="escpos_network", options={"host": "127.0.0.1", "port": 9})
    taken = [counter.take(external_id=f"A-{place}", quantity=place + 1) for place in range(5)]
    counter.check()
    screen = counter.do(save_screen, name="新单", wanted=Filter(query="payment:paid"), shared=True)
    counter.do(switch_on, screen_id=screen)
    printed = counter.print(taken[0].order_id)
    counter.do(
        hold_order,
        order_id=taken[1].order_id,
        kind="later",
        reason="明天",
        until_us=now_us() + MINUTE_US,
    )
    counter.do(add_endpoint, name="仓库", url="https://hooks.example.com/in")
    machine = Machine(house)
    machine.enrol()
    key = db.write(
        house.merchant_id,
        lambda tx: create_api_key(tx, signed.actor, name="wms", scopes=frozenset({"query"})),
    )
    incident = db.write(house.merchant_id, _sound)
    return Lived(
        settings, house.merchant_id, tuple(one.order_id for one in taken),
        tuple(counter.order(one.order_id).number for one in taken), printed.job_ids[0], taken[1].order_id, key,
        signed.token, machine, incident,
    )  # fmt: skip


def house_of(db: Database, lived: Lived) -> House:
    """Return its merchant in a database that was opened again."""
    from tocsin.core.tenant import list_shops

    return House(db, lived.merchant_id, db.read(lived.merchant_id, list_shops)[0])


def _sound(tx: object) -> int:
    send_signal(tx, Signal(kind="void_scanned", subject="ticket:1"))  # type: ignore[arg-type]
    return raise_incident(
        tx,
        kind="other",
        key="other",
        level="sound",
        why="seal_broken",
        why_data={},
        alert=False,  # type: ignore[arg-type]
    )
