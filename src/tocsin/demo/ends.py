"""What becomes of today's right orders: papers that printed, failed or nobody knows of, and what followed."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.clock import DAY_US
from tocsin.core.db import Tx
from tocsin.demo.goods import priced
from tocsin.demo.mends import After, Out
from tocsin.demo.story import AWAY, BROKEN_OFF, Story
from tocsin.orders.amend import amend_order, cancel_order
from tocsin.orders.amendment import Amendment, PartyChanges
from tocsin.orders.intake import take_in
from tocsin.orders.mark import mark_order
from tocsin.tickets.again import print_again
from tocsin.tickets.check import check_order
from tocsin.tickets.hold import hold_order, settle_unknown
from tocsin.tickets.job import jobs_of_order
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.revise import revise_order
from tocsin.tickets.spoil import spoil_paper
from tocsin.tickets.terminal import cancel_job, print_few

_MOVED = Amendment(receiver=PartyChanges(address="黄山路 88 号 5 栋 101 室"))
_ASKED = "买家打来电话改地址"


class End(Struct, frozen=True, kw_only=True):
    """What an order's paper meets, and what is done before and after it."""

    first: Callable[[Tx, Story, int], None] | None = None
    prints: bool = True
    outcome: PrintOutcome | None = None
    then: After | None = None


def _reprint(tx: Tx, story: Story, out: Out) -> None:
    print_again(tx, story.people.morning, job_id=out.job_id, base_url=story.base_url)
    story.next_paper(tx)


def _replace(tx: Tx, story: Story, out: Out) -> None:
    spoil_paper(tx, story.people.morning, job_id=out.job_id)
    _reprint(tx, story, out)


def _amend(tx: Tx, story: Story, out: Out) -> None:
    revise_order(
        tx, story.people.morning, order_id=out.order_id, seen=1, amendment=_MOVED, reason=_ASKED,
        base_url=story.base_url,
    )  # fmt: skip
    story.next_paper(tx)


def _supersede(tx: Tx, story: Story, out: Out) -> None:
    amend_order(tx, story.people.morning, order_id=out.order_id, seen=1, amendment=_MOVED, reason=_ASKED)
    check_order(tx, story.people.desk, order_id=out.order_id)


def _void(tx: Tx, story: Story, out: Out) -> None:
    cancel_order(tx, story.people.manager, order_id=out.order_id, reason="买家拍错了，已协商取消")
    check_order(tx, story.people.desk, order_id=out.order_id)


def _refund(tx: Tx, story: Story, out: Out) -> None:
    mark_order(
        tx, story.people.manager, order_id=out.order_id, payment="refunded", reason="买家申请退款，平台已退"
    )
    check_order(tx, story.people.desk, order_id=out.order_id)


def _conflict(tx: Tx, story: Story, out: Out) -> None:
    amend_order(tx, story.people.morning, order_id=out.order_id, seen=1, amendment=_MOVED, reason=_ASKED)
    first = replace(
        out.draft.lines[0], quantity_micro=out.draft.lines[0].quantity_micro * 2, total_minor=None
    )
    again = priced(replace(out.draft, lines=(first, *out.draft.lines[1:]), source_version_us=tx.now_us))
    take_in(tx, story.people.desk, again)


def _did_not(tx: Tx, story: Story, out: Out) -> None:
    settle_unknown(tx, story.people.checker, job_id=out.job_id, came_out=False)


def _came_out(tx: Tx, story: Story, out: Out) -> None:
    settle_unknown(tx, story.people.checker, job_id=out.job_id, came_out=True)


def _later(tx: Tx, story: Story, order_id: int) -> None:
    hold_order(
        tx, story.people.morning, order_id=order_id, reason="买家要求后天再发", kind="later", until_us=tx.now_us + 2 * DAY_US
    )  # fmt: skip


def _by_hand(tx: Tx, story: Story, order_id: int) -> None:
    hold_order(tx, story.people.checker, order_id=order_id, reason="等仓库确认有没有货")


def _cancel(tx: Tx, story: Story, order_id: int) -> None:
    cancel_order(tx, story.people.manager, order_id=order_id, reason="重复下单")


def _cancel_paper(tx: Tx, story: Story, order_id: int) -> None:
    print_few(tx, story.people.morning, orders=[(order_id, 1)], base_url=story.base_url)
    for job in jobs_of_order(tx, order_id=order_id):
        cancel_job(tx, story.people.morning, job_id=job.id)


def _hold_paper(tx: Tx, story: Story, order_id: int) -> None:
    print_few(tx, story.people.morning, orders=[(order_id, 1)], base_url=story.base_url)
    hold_order(tx, story.people.checker, order_id=order_id, reason="买家在问能不能换成礼盒装，先别打")


ENDS = {
    "unknown": End(outcome=BROKEN_OFF), "did_not": End(outcome=BROKEN_OFF, then=_did_not),
    "came_out": End(outcome=BROKEN_OFF, then=_came_out), "failed": End(outcome=AWAY), "reprint": End(then=_reprint),
    "replacement": End(then=_replace), "amended": End(then=_amend), "superseded": End(then=_supersede),
    "void": End(then=_void), "refund": End(then=_refund), "conflict": End(then=_conflict),
    "later": End(first=_later, prints=False), "manual": End(first=_by_hand, prints=False),
    "held_paper": End(first=_hold_paper, prints=False), "cancelled": End(first=_cancel, prints=False), "cancelled_paper": End(first=_cancel_paper, prints=False),
}  # fmt: skip
