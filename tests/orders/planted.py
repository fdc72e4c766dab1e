"""A person whose text is put into every place that may hold it, and taken out again."""

import zipfile
from functools import partial
from io import BytesIO
from pathlib import Path

from msgspec.structs import replace

from tests.counter import Counter
from tests.house import make_draft
from tests.orders.test_download import make
from tocsin.core.db import Tx
from tocsin.core.idempotency import Answer, claim_key, settle_key
from tocsin.core.ident import new_id
from tocsin.core.party import Party
from tocsin.core.queue import Queue, queue_for
from tocsin.core.statement import insert_into
from tocsin.core.vault import seal
from tocsin.orders.amend import Amendment, PartyChanges
from tocsin.orders.commit import commit_import
from tocsin.orders.erase import begin_erasure, erase_person, sweep_erased
from tocsin.orders.importer import ImportOptions, Source
from tocsin.orders.importing import upload_sheet
from tocsin.orders.intake import Taken, take_in
from tocsin.orders.kept_files import keep_files_in
from tocsin.orders.legal import hold_by_law
from tocsin.orders.person import find_people
from tocsin.orders.query import look_up_order, search_orders
from tocsin.orders.saved_screen import save_screen
from tocsin.orders.screen import Filter
from tocsin.orders.table import second_ask, watch
from tocsin.orders.watch_folder import import_folder
from tocsin.tickets import forget as _takes_papers_out  # noqa: F401
from tocsin.tickets.check_choice import choose_rules
from tocsin.tickets.device import add_printer
from tocsin.tickets.hold import hold_order
from tocsin.tickets.own_rule import OwnRule, read_rules
from tocsin.tickets.papers import keep_papers_in
from tocsin.tickets.shift_table import shift

HIM = Party(
    name="欧阳寻迹", phone="13677778888", province="安徽省", city="合肥市", district="蜀山区", address="望江西路九十九号七栋",
    buyer_note="请打 13677778888",
)  # fmt: skip
SHEET = """订单号,下单时间,订单状态,收货人,联系电话,详细地址,商品名称,单价,数量,应付金额
{}-1,2026-01-02 03:04:05,待发货,张三,13800138000,黄山路 1 号,酥梨,10.00,2,20.00
{}-2,2026-01-02 03:04:05,待发货,{},{},{},酥梨,十块,2,20.00
"""


def open_folders(folder: Path) -> None:
    """Name the folders of a data folder, as a desk does when it opens."""
    keep_papers_in(folder / "papers")
    keep_files_in(downloads=folder / "downloads", watched=str(folder / "watched"))


def plant(counter: Counter, folder: Path, him: Party = HIM, *, tag: str = "P") -> Taken:
    """Put him into each place; return his order, at revision 2."""
    open_folders(folder)
    draft = make_draft(receiver=him, external_id=f"{tag}-1", channel="taobao")
    taken: Taken = counter.do(take_in, draft=replace(draft, merchant_note=f"{him.name}要求"))
    _draw_paper(counter, taken)
    changes = Amendment(receiver=PartyChanges(address=him.address + "二楼"))
    counter.amend(taken.order_id, 1, changes, reason=f"{him.name} 来电 {him.phone}")
    counter.check()
    counter.acknowledge(taken.order_id)
    counter.print(taken.order_id, 2)
    counter.do(hold_order, order_id=taken.order_id, reason=f"等 {him.phone} 回电", until_us=None)
    # Against what the desk amended, under a new phone: it is kept beside the hold, and is another person's there.
    counter.do(take_in, draft=replace(draft, receiver=replace(him, phone="13611112222")))
    _plant_asked(counter, taken, him)
    _plant_files(counter, folder, him, tag)
    _plant_beside(counter, him, tag)
    counter.do(_plant_watch, him=him, order_id=taken.order_id)
    counter.do(_plant_shift, him=him)
    return taken


def _draw_paper(counter: Counter, taken: Taken) -> None:
    counter.check()
    counter.acknowledge(taken.order_id)  # he left a note
    pdf = counter.do(
        add_printer, name=f"PDF {taken.number}", kind="pdf_file", options={}, copies=("merchant",)
    )
    counter.run_spool()
    (job_id,) = counter.print(taken.order_id, 1, queue_id=pdf).job_ids
    counter.wait_state(job_id, "printed")
    counter.spools.pop().stop()


def _plant_beside(counter: Counter, him: Party, tag: str) -> None:
    """Into what is kept of another's order, and of another who was erased."""
    draft = make_draft(external_id=f"{tag}-2", channel="taobao")
    other: Taken = counter.do(take_in, draft=draft)
    counter.amend(other.order_id, 1, Amendment(carrier="顺丰"))
    counter.do(take_in, draft=replace(draft, merchant_note=f"送 {him.name} 代收"))
    counter.do(hold_order, order_id=other.order_id, reason=f"与{him.name}的一起发", until_us=None)
    counter.do(hold_by_law, order_id=other.order_id, reason=f"{him.name}起诉")
    gone = replace(HIM, name="先走的人", phone="13500001111", address="别处一百号")
    counter.do(take_in, draft=make_draft(receiver=gone, external_id=f"{tag}-3"))
    (third,) = counter.ask(find_people, actor=counter.actor, phone=gone.phone)
    counter.do(begin_erasure, queue=_Idle(), found=third, reason=f"{him.name}的邻居")


def _plant_watch(tx: Tx, actor: object, *, him: Party, order_id: int) -> None:
    """Onto the watch list, and into an ask for a second person; made as rows: it takes two people of a real house."""
    made, at = new_id(), {"at_us": tx.now_us, "until_us": 2**62}
    sealed = seal(tx.vault.keys(tx).wrapping, him.phone.encode(), bound_to=b"watch %d" % made)
    tx.run(
        insert_into(watch), id=made, kind="phone", order_id=0, sealed=sealed, reason="x", by_id=1, by_name="x",
        phone_digest=tx.vault.keys(tx).digest("watched", him.phone), **at,
    )  # fmt: skip
    tx.run(
        insert_into(second_ask), id=new_id(), order_id=order_id, act="reveal", reason=f"{him.name} wants it", asked_kind="operator",
        asked_by=1, asked_name="x", maker_id=1, state="over", decided_by=0, decided_name="", decided_at_us=None, **at,
    )  # fmt: skip


def _plant_shift(tx: Tx, actor: object, *, him: Party) -> None:
    """Into what one has written for the next shift."""
    tx.run(
        insert_into(shift), id=new_id(), shop_id=1, desk_id=0, state="over", begun_at_us=tx.now_us, operator_id=1, operator_name="x",
        to_id=0, offered_at_us=0, session_id=0, method="", body="", note=f"{him.name} comes at six", over_at_us=0,
    )  # fmt: skip


class _Idle(Queue):
    """Takes jobs and runs none: a sweep of another one would take the downloads that are being planted."""

    def defer(self, *_: object, **__: object) -> None:
        """Take a job."""


def _plant_asked(counter: Counter, taken: Taken, him: Party) -> None:
    """Into what was asked and chosen."""
    db, actor = counter.db, counter.actor
    for text in (him.phone, him.name, him.phone[-8:]):
        search_orders(db, actor, text=text, door="page")
    look_up_order(db, actor, number=taken.number, door="page")
    counter.do(save_screen, name=f"找 {him.name}", wanted=Filter(query=f"name:{him.name}"), shared=False)
    rule = OwnRule(name="他", level="W", query=f"name:{him.name}", message="先打电话")
    counter.do(choose_rules, rules=(rule,), revision=counter.ask(read_rules)[1])
    counter.do(_answer, him=him)


def _plant_files(counter: Counter, folder: Path, him: Party, tag: str) -> None:
    """Into sheets that wait, that are in, that the watched folder has done with; into downloads."""
    for name, commit in (("A", True), ("B", False)):
        rows = SHEET.format(f"{tag}{name}", f"{tag}{name}", him.name, him.phone, him.address)
        rows += "".join(
            SHEET.splitlines(True)[1].format(f"{tag}{name}{n}") for n in range(0 if commit else 60)
        )
        source = Source(f"{him.name} {name}.csv", "text/csv", rows.encode("gb18030"))
        seen = upload_sheet(counter.db, counter.actor, source=source, options=ImportOptions(channel="small"))
        if commit:
            commit_import(counter.db, counter.actor, import_id=seen.import_id)
    working, packed = folder / "watched" / "working", BytesIO()
    working.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(
        packed, "w", zipfile.ZIP_DEFLATED
    ) as book:  # no workbook: it fails, and lies in failed/
        book.writestr("xl/sharedStrings.xml", f"<si><t>{him.name} {him.phone}</t></si>" * 9)
    (working / f"{tag}.xlsx").write_bytes(packed.getvalue())
    sheet = SHEET.format(f"{tag}W", f"{tag}W", him.name, him.phone, him.address)
    (working / f"{tag}.csv").write_text(sheet, "utf-16")
    import_folder(counter.db, folder / "watched", merchant_id=counter.house.merchant_id)
    for kind in ("csv", "xlsx"):
        wanted = Filter(query=f"name:{him.name}")
        made = make(
            counter.house,
            folder / "downloads",
            wanted=wanted,
            real=True,
            reason=f"{him.name}对账",
            format_name=kind,
        )
    (folder / "downloads" / f".{made.name}.part").write_text(him.name)


def _answer(tx: object, actor: object, *, him: Party) -> None:
    claim_key(tx, f"planted-{him.phone[-4:]}", route="x", body=b"{}")  # type: ignore[arg-type]
    settle_key(tx, f"planted-{him.phone[-4:]}", Answer(200, f'{{"name": "{him.name}"}}'.encode()))  # type: ignore[arg-type]


def erase(counter: Counter, him: Party = HIM) -> int:
    """Erase him, and let the sweep run; return the erasure's id."""
    (found,) = counter.ask(find_people, actor=counter.actor, phone=him.phone)
    start = partial(
        erase_person, actor=counter.actor, queue=queue_for(counter.db), found=found, reason=f"{him.name}要求", typed="ERASE"
    )  # fmt: skip
    erasure_id = counter.db.write(counter.house.merchant_id, start)
    sweep_erased(counter.db, counter.house.merchant_id, {"erasure": str(erasure_id)})
    return int(erasure_id)
