"""How what went wrong with an order is mended, some minutes later, by whom it would be."""

from collections.abc import Callable
from random import Random

from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.demo.rhythm import hour_of
from tocsin.demo.story import Story
from tocsin.orders.amend import cancel_order
from tocsin.orders.amendment import Amendment, PartyChanges, TotalsChanges
from tocsin.orders.draft import Draft
from tocsin.orders.mark import mark_order
from tocsin.orders.stop import open_holds
from tocsin.tickets.again import print_again
from tocsin.tickets.check import check_order
from tocsin.tickets.hold import acknowledge_and_print, release_hold, settle_unknown
from tocsin.tickets.revise import revise_order


class Out(Struct, frozen=True, kw_only=True):
    """An order for which a paper was asked; `job_id` is 0 where it was held instead."""

    order_id: int
    draft: Draft
    chance: Random
    job_id: int = 0


After = Callable[[Tx, Story, Out], None]


def _revise(tx: Tx, story: Story, out: Out, *, amendment: Amendment, reason: str) -> None:
    clerk = story.people.at_desk(hour_of(story.past.now_us))
    revise_order(
        tx, clerk, order_id=out.order_id, seen=1, amendment=amendment, reason=reason,
        base_url=story.base_url,
    )  # fmt: skip
    story.papers(tx, chance=out.chance)


def _mend_sum(tx: Tx, story: Story, out: Out) -> None:
    amendment = Amendment(totals=TotalsChanges(adjustment_minor=-1000))
    _revise(tx, story, out, amendment=amendment, reason="客服改价 10 元，补记")


def _mend_phone(tx: Tx, story: Story, out: Out) -> None:
    phone = out.draft.receiver.phone + str(out.chance.randrange(10))
    amendment = Amendment(receiver=PartyChanges(phone=phone))
    _revise(tx, story, out, amendment=amendment, reason="电话少一位，已向买家核实")


def _mend_address(tx: Tx, story: Story, out: Out) -> None:
    amendment = Amendment(
        receiver=PartyChanges(
            province="安徽省", city="合肥市", district="蜀山区", address="黄山路 66 号 2 栋 301 室"
        )
    )
    _revise(tx, story, out, amendment=amendment, reason="买家补了地址")


def _amend(tx: Tx, story: Story, out: Out) -> None:
    amendment = Amendment(receiver=PartyChanges(address="黄山路 88 号 5 栋 101 室"))
    _revise(tx, story, out, amendment=amendment, reason="买家打来电话改地址")


def _acknowledge(tx: Tx, story: Story, out: Out) -> None:
    acknowledge_and_print(
        tx, story.people.checker, order_id=out.order_id, revision=1, codes=("note",),
        base_url=story.base_url,
    )  # fmt: skip
    story.papers(tx, chance=out.chance)


def _settle(tx: Tx, story: Story, out: Out) -> None:
    if out.job_id:
        settle_unknown(tx, story.people.checker, job_id=out.job_id, came_out=True)


def _again(tx: Tx, story: Story, out: Out) -> None:
    if out.job_id:
        clerk = story.people.at_desk(hour_of(story.past.now_us))
        print_again(tx, clerk, job_id=out.job_id, base_url=story.base_url)
        story.papers(tx, chance=out.chance)


def _cancel(tx: Tx, story: Story, out: Out) -> None:
    cancel_order(tx, story.people.manager, order_id=out.order_id, reason="买家拍错了，已协商取消")
    _pull(tx, story, out)


def _refund(tx: Tx, story: Story, out: Out) -> None:
    mark_order(
        tx, story.people.manager, order_id=out.order_id, payment="refunded", reason="买家申请退款，平台已退"
    )
    _pull(tx, story, out)
    cancel_order(tx, story.people.manager, order_id=out.order_id, reason="已退款，不再发货")
    _pull(tx, story, out)


def _pull(tx: Tx, story: Story, out: Out) -> None:
    """Let the checks see late news, and somebody pull the paper."""
    check_order(tx, story.people.desk, order_id=out.order_id)
    for hold in open_holds(tx, order_id=out.order_id):
        if hold.kind == "refund":
            release_hold(tx, story.people.checker, hold_id=hold.id, reason="小票已抽回")


AFTERWARDS: dict[str, After] = {
    "sum": _mend_sum, "phone": _mend_phone, "street": _mend_address, "city": _mend_address, "note": _acknowledge,
    "unknown": _settle, "failed": _again, "cancelled": _cancel, "refunded": _refund, "amended": _amend,
}  # fmt: skip
