"""Receivers go when nobody has worked on their order for so long; old look-ups go; what the law keeps stays."""

from functools import partial
from pathlib import Path
from typing import Any

from tests.counter import Counter, open_counter
from tests.orders.planted import HIM, open_folders
from tocsin.core.clock import DAY_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.party import Party
from tocsin.core.preference import change_preference
from tocsin.orders.compaction import newest_compaction
from tocsin.orders.importer import BadRow, ImportOptions, Source
from tocsin.orders.importing import get_import, upload_sheet
from tocsin.orders.legal import hold_by_law, lift_by_law
from tocsin.orders.lookup import own_lookups
from tocsin.orders.person import PrivacyRules
from tocsin.orders.quarantine import list_quarantine, quarantine_rows
from tocsin.orders.query import look_up_order
from tocsin.orders.retention import erase_old, foresee_retention, purge_ledger, purge_waiting
from tocsin.tickets.hold import hold_order, release_hold


def receivers(counter: Counter, *taken: Any) -> list[str]:
    """Return who receives each order, by name or phone."""
    found = [counter.order(each.order_id, real=True).receiver for each in taken]
    return [one.name or one.phone for one in found]


def test_old_receivers_and_look_ups_go(db: Database, tmp_path: Path) -> None:
    with open_counter(db) as counter:
        open_folders(tmp_path)
        merchant_id = counter.house.merchant_id
        shift_clock(-400 * DAY_US)
        old, kept, held = (
            counter.take(receiver=HIM),
            counter.take(external_id="kept"),
            counter.take(external_id="held"),
        )
        nameless = counter.take(external_id="n", receiver=Party(phone="13500002222", address="黄山路 9 号"))
        look_up_order(db, counter.actor, number=old.number, door="page")
        counter.do(hold_by_law, order_id=kept.order_id, reason="纠纷")
        hold_id = counter.do(hold_order, order_id=held.order_id, reason="等", until_us=None)
        before = counter.order(old.order_id)
        shift_clock(0)
        assert erase_old(db, merchant_id) == 0, "nobody has chosen that receivers go"
        assert [counter.ask(foresee_retention, keep_days=days) for days in (0, 180, 500)] == [0, 2, 0]
        counter.do(change_preference, value=PrivacyRules(keep_days=180), box="privacy", revision=0)
        young = counter.take(receiver=HIM, external_id="young")
        look_up_order(db, counter.actor, number=old.number, door="page")
        assert [erase_old(db, merchant_id) for _ in range(2)] == [2, 0]
        assert receivers(counter, old, nameless, kept, held, young) == ["", "", "王小明", "王小明", HIM.name]
        after = counter.order(old.order_id)
        assert (after.number, after.totals, after.lines) == (before.number, before.totals, before.lines)
        assert counter.ask(newest_compaction).state == "waiting"
        counter.do(release_hold, hold_id=hold_id, reason="好了")
        counter.do(lift_by_law, order_id=kept.order_id)
        assert erase_old(db, merchant_id) == 2 and receivers(counter, kept, held) == ["", ""]
        assert [db.write(merchant_id, purge_ledger) for _ in range(2)] == [1, 0]
        assert len(counter.ask(own_lookups, actor=counter.actor)) == 1


def test_what_waits_for_a_person_goes_after_a_month(db: Database) -> None:
    with open_counter(db) as counter:
        actor, row = counter.actor, BadRow(row=2, field="phone", code="x", reason="x", data={}, raw="138")
        sheet = Source("a.csv", "text/csv", "订单号,商品名称,单价,数量\nA-1,酥梨,10,1\n".encode())
        seen = []
        for days in (0, 2):
            shift_clock(days * DAY_US)
            seen.append(
                upload_sheet(db, actor, source=sheet, options=ImportOptions(channel="small")).import_id
            )
            db.write(counter.house.merchant_id, partial(quarantine_rows, batch_id=seen[-1], rows=[row]))
        shift_clock(31 * DAY_US)
        assert [db.write(counter.house.merchant_id, purge_waiting) for _ in range(2)] == [2, 0]
        (left,) = counter.ask(list_quarantine)
        assert left.batch_id == seen[1] and counter.ask(get_import, import_id=seen[0]).status == "previewed"
