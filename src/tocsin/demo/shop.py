"""What the demo's shop has set: measures of its checks, whom it watches, the screens that its people keep."""

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.money import MICRO
from tocsin.demo.goods import SERVICE
from tocsin.demo.people import People
from tocsin.demo.wrong import NO_COD_AREA, REMOTE_AREA, WATCHED_PHONE
from tocsin.orders.saved_screen import save_screen
from tocsin.orders.screen import Filter
from tocsin.orders.watch_list import add_watch
from tocsin.tickets.check_choice import CheckPreference, choose_checks

_SCREENS = (
    ("今天要打的", "state:produced -held:yes"), ("被挂起的", "held:yes"), ("团购自提", "campaign:酥梨团购"), ("货到付款", "method:cod"),
    ("五百元以上", "amount:>500"),
)  # fmt: skip


def set_up(tx: Tx, people: People) -> None:
    """Choose the measures of the checks, put a buyer on the watch list, save some screens."""
    choose_checks(tx, people.manager, revision=0, chosen=CheckPreference(
        large_quantity_micro=50 * MICRO, service_skus=(SERVICE[1],), no_cod_areas=(NO_COD_AREA,),
        remote_areas=(REMOTE_AREA,), currencies=("CNY",),
    ))  # fmt: skip
    add_watch(tx, people.manager, kind="phone", value=WATCHED_PHONE, reason="上月三次拒收，发货前先打电话")
    for name, query in _SCREENS:
        _screen(tx, people.manager, name=name, query=query)


def _screen(tx: Tx, actor: Actor, *, name: str, query: str) -> None:
    save_screen(tx, actor, name=name, wanted=Filter(query=query), shared=True)
