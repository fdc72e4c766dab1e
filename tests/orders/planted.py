"""A person whose text is put into every place that may hold it, and taken out again."""

from functools import partial
from pathlib import Path

from msgspec.structs import replace

from tests.counter import Counter
from tests.house import make_draft
from tests.orders.test_download import make
from tocsin.core.idempotency import Answer, claim_key, settle_key
from tocsin.core.party import Party
from tocsin.core.queue import queue_for
from tocsin.orders.amend import Amendment, PartyChanges
from tocsin.orders.commit import commit_import
from tocsin.orders.erase import TASK, erase_person, sweep_erased
from tocsin.orders.importer import ImportOptions, Source
from tocsin.orders.importing import upload_sheet
from tocsin.orders.intake import Taken, take_in
from tocsin.orders.person import find_people
from tocsin.orders.query import look_up_order, search_orders
from tocsin.orders.saved_screen import save_screen
from tocsin.orders.screen import Filter
from tocsin.tickets import forget as _takes_papers_out  # noqa: F401
from tocsin.tickets.hold import hold_order

HIM = Party(
    name="欧阳寻迹", phone="13677778888", province="安徽省", city="合肥市", district="蜀山区", address="望江西路九十九号七栋",
    buyer_note="请打 13677778888",
)  # fmt: skip
SHEET = """订单号,下单时间,订单状态,收货人,联系电话,详细地址,商品名称,单价,数量,应付金额
{}-1,2026-01-02 03:04:05,待发货,张三,13800138000,黄山路 1 号,酥梨,10.00,2,20.00
{}-2,2026-01-02 03:04:05,待发货,{},{},{},酥梨,十块,2,20.00
"""


def plant(counter: Counter, folder: Path) -> Taken:
    """Put him into each place; return his order, at revision 2."""
    db, house, actor = counter.db, counter.house, counter.actor
    draft = make_draft(receiver=HIM, external_id="P-1", channel="taobao")
    taken: Taken = counter.do(take_in, draft=replace(draft, merchant_note=f"{HIM.name}要求"))
    changes = Amendment(receiver=PartyChanges(address=HIM.address + "二楼"))
    counter.amend(taken.order_id, 1, changes, reason=f"{HIM.name} 来电 {HIM.phone}")
    counter.check()
    counter.print(taken.order_id, 2)
    counter.do(hold_order, order_id=taken.order_id, reason=f"等 {HIM.phone} 回电", until_us=None)
    again = replace(draft, receiver=replace(HIM, address="大别山路一号"))
    counter.do(take_in, draft=again)  # a conflict with what the desk amended: kept beside the hold
    for text in (HIM.phone, HIM.name, HIM.phone[-8:]):
        search_orders(db, actor, text=text, door="page")
    look_up_order(db, actor, number=taken.number, door="page")
    for name, commit in (("A", True), ("B", False)):
        data = SHEET.format(name, name, HIM.name, HIM.phone, HIM.address).encode("gb18030")
        source = Source(f"{name}.csv", "text/csv", data)
        seen = upload_sheet(db, actor, source=source, options=ImportOptions(channel="small"))
        if commit:
            commit_import(db, actor, import_id=seen.import_id)
    wanted = Filter(query=f"name:{HIM.name}")
    make(house, folder, wanted=wanted, real=True, reason="对账")
    counter.do(save_screen, name=f"找 {HIM.name}", wanted=wanted, shared=False)
    counter.do(_answer)
    return taken


def _answer(tx: object, actor: object) -> None:
    claim_key(tx, "planted-1", route="x", body=b"{}")  # type: ignore[arg-type]
    settle_key(tx, "planted-1", Answer(200, f'{{"name": "{HIM.name}"}}'.encode()))  # type: ignore[arg-type]


def erase(counter: Counter, folder: Path) -> int:
    """Erase him, and let the sweep run; return the erasure's id."""
    (found,) = counter.ask(find_people, actor=counter.actor, phone=HIM.phone)
    start = partial(
        erase_person, actor=counter.actor, queue=queue_for(counter.db), found=found, reason=f"{HIM.name}要求", typed="ERASE",
        folder=folder,
    )  # fmt: skip
    erasure_id = counter.db.write(counter.house.merchant_id, start)
    assert TASK == "orders.erase"
    sweep_erased(counter.db, counter.house.merchant_id, {"erasure": str(erasure_id), "folder": str(folder)})
    return int(erasure_id)
