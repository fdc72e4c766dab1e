"""A desk that has worked: so many of each thing that a page lists, so that pages can be asked with few and with many."""

import re
from functools import partial
from typing import Any

from tests.house import make_draft
from tests.web.attacks import attack, victim
from tests.web.pages import Pages
from tests.web.test_connections import connect
from tests.web.test_people import add as add_person
from tests.web.test_queues import FORM as QUEUE
from tests.web.test_sirens import GIVEN as SIREN
from tests.web.test_terminal import ask, end
from tocsin.access.desk import enrol_desk
from tocsin.access.station import create_station_code
from tocsin.orders.amend import Amendment, amend_order
from tocsin.orders.draft import Party
from tocsin.tickets.hold import hold_order
from tocsin.tickets.printer import PrintOutcome

_OUTCOMES = (
    PrintOutcome(result="printed"),
    PrintOutcome(result="unknown", reason="connection_lost", bytes_left=True),
    PrintOutcome(result="failed", reason="paper_out"),
)
_SHEET = "订单号,收货人,手机号,地址,商品名称,数量,单价,订单金额\n"


def make_busy(pages: Pages, count: int, *, first: int = 0) -> None:
    """Let a desk work: `count` of each, `first` keeping their names apart from those made before."""
    names = range(first, first + count)
    queue = pages.printer(f"tray {first}")
    for role in ("owner", "manager", "checker"):
        pages.headers(role)
    for n in names:
        _settings(pages, n, printer_id=queue)
        _orders(pages, n, queue)
        attack(pages, victim(pages, f"林小姐 {n}"), times=3, address=f"203.0.113.{n}")
    _sheet(pages, names)


def _orders(pages: Pages, n: int, queue: int) -> None:
    """Take orders in that are printed, unknown, failed, waiting, held twice over, amended; look them up."""
    buyer = Party(
        name=f"王小明{n}",
        phone=f"138123{n:05d}",
        province="安徽省",
        city="合肥市",
        district="蜀山区",
        address="黄山路 12 号 3 栋",
    )
    take = lambda what, **more: pages.take(make_draft(external_id=f"{what}-{n}", receiver=buyer, **more))
    for at, outcome in enumerate(_OUTCOMES):
        ask(pages, take(f"P{at}", campaign=f"PT {n}", quantity=at + 1), queue)
        end(pages, queue, outcome)
    ask(pages, take("W", quantity=4), queue)
    bad, both, amended = take("B", lines=()), take("H", quantity=5, price=0.0), take("A", quantity=6)
    _do(pages, hold_order, order_id=both.id, reason="客户要求晚点发")
    for seen in (1, 2):
        change = Amendment(carrier=f"顺丰 {seen}")
        _do(pages, amend_order, order_id=amended.id, seen=seen, amendment=change, reason="客户要求")
    for order in (bad, both, amended):
        pages.get(f"/orders/{order.number}")
        pages.get(f"/orders?q={order.number[-4:]}")


def _settings(pages: Pages, n: int, *, printer_id: int) -> None:
    """Set one more of each thing up that has a list."""
    form = lambda path, given: _sent(pages, path, dict(given))
    form("/settings/operators", {"name": f"xiaoli{n}", "display_name": "小丽", "role": "clerk"})
    form("/settings/queues", {**QUEUE, "name": f"吧台 {n}", "printer": str(printer_id)})
    form("/settings/keys", {"name": f"key {n}", "scopes": "query"})
    form("/settings/sirens", {**SIREN, "name": f"Yard {n}", "options.topic": f"siren{n}"})
    form(
        "/settings/webhooks",
        {
            "name": f"WMS {n}",
            "url": f"https://wms{n}.example.com/in",
            "kinds": "order.held",
            "form_key": f"webhook-key-{n}",
        },
    )
    form("/settings/decoys", {"name": f"admin{n}"})
    form(
        "/campaigns",
        {
            "kind": "group_buy",
            "title": f"拼团 {n}",
            "code": f"PT {n}",
            "per_buyer": "9",
            "stock": "LI-5 = 500",
        },
    )
    form("/screens", {"q": f"campaign:PT{n}", "title": f"拼团 {n}", "shared": "1"})
    form("/settings/watch-list", {"kind": "phone", "value": f"139123{n:05d}", "reason": "多次拒收"})
    form("/downloads", {"state": "produced", "format": "csv"})
    connect(pages, connection=f"网店 {n}")
    add_person(
        pages,
        name=f"店长群 {n}",
        address=f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={n:08d}-0000-0000-0000-000000000000",
    )
    merchant = pages.house.merchant_id
    pages.db.write(merchant, lambda tx: enrol_desk(tx, pages.actor(), name=f"前台 {n}", place="", shop_id=0))
    pages.db.write(merchant, lambda tx: create_station_code(tx, pages.actor()))


def _sheet(pages: Pages, names: range) -> None:
    """Import a sheet a row in two of which can't be read."""
    rows = "".join(
        f"S-{n},王小明,13812345678,安徽省合肥市蜀山区黄山路 12 号,砀山酥梨,{quantity},39.9,39.9\n"
        for n in names
        for quantity in ("1", "many")
    )
    where = pages.upload((_SHEET + rows).encode()).headers["location"]
    pages.post(f"{where}/commit")


def _do(pages: Pages, verb: Any, **given: Any) -> Any:
    return pages.db.write(pages.house.merchant_id, partial(verb, actor=pages.actor(), **given))


def _sent(pages: Pages, path: str, fields: dict[str, str]) -> None:
    answer = pages.post(path, form=fields.items())
    assert answer.status_code in (200, 303), (path, re.findall(r'class="error".*?</p>', answer.text))
