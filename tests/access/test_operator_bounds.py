"""Hours, places and shops hold at the sign-in and at each request; out of them a right credential is a wrong one, and signalled."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.access.people import (
    ELSEWHERE,
    HOME,
    PASSWORD,
    Desk,
    attempt,
    enter,
    enter_as,
    make_desk,
    make_operator,
    signals_of,
)
from tests.access.seats import make_seat, sit_down
from tocsin.access.hours import DAYS, HoursWrong
from tocsin.access.login import SignedIn
from tocsin.access.operator import OperatorMissing
from tocsin.access.operator_bounds import read_bounds, set_bounds
from tocsin.access.place import NetworkWrong
from tocsin.access.session import find_session, look_session
from tocsin.access.step_up import ProofNeeded
from tocsin.core import clock
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.clock import from_datetime
from tocsin.core.db import Database
from tocsin.core.tenant import ShopMissing, create_shop, list_shops

NIGHT = {"fri": ("22:00", "06:00")}


def bound(
    db: Database, actor: Actor, who: int, *, shops: list[int] | None = None, hours: dict[str, tuple[str, str]] | None = None,
    networks: str = "", desks_only: bool = False,
) -> None:  # fmt: skip
    db.write(actor.merchant_id, lambda tx: set_bounds(
        tx, actor, operator_id=who, shops=shops or [], hours=hours or {}, networks=networks, desks_only=desks_only
    ))  # fmt: skip


def set_clock(local: str, zone: str) -> None:
    """Put the process's clock to a wall clock's time."""
    clock.shift_clock(0)
    wanted = from_datetime(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)))
    clock.shift_clock(wanted - clock.now_us())


def people(db: Database) -> tuple[Desk, Actor, int]:
    """Return a merchant with a second shop in Berlin, his owner, and a clerk `wang`."""
    desk = make_desk(db)
    db.write(desk.merchant_id, lambda tx: create_shop(tx, code="B1", name="Berlin", zone="Europe/Berlin"))
    return desk, enter(db, desk.owner).actor, make_operator(db, desk, "clerk", name="wang")


def out_of_hours(db: Database, desk: Desk) -> list[tuple[str, str]]:
    found = [s for s in signals_of(db, desk.merchant_id) if s.kind == "out_of_hours"]
    return [(s.data["why"], s.outcome) for s in found]


def test_out_of_hours_a_right_password_is_answered_as_a_wrong_one_and_signalled(db: Database) -> None:
    desk, owner, clerk = people(db)
    bound(db, owner, clerk, hours=NIGHT)
    for local, let_in in (
        ("2030-03-01T21:59:50", False), ("2030-03-01T22:00:00", True), ("2030-03-02T05:59:50", True),
        ("2030-03-02T06:00:00", False), ("2030-03-02T23:00:00", False),
    ):  # fmt: skip
        set_clock(local, "Asia/Shanghai")
        done = attempt(db, "wang", password=PASSWORD, address=HOME)
        assert isinstance(done, SignedIn) is let_in, local
        if not let_in:
            assert done == attempt(db, "wang", address=HOME), "nothing tells it from a wrong one"
    assert out_of_hours(db, desk) == [("hours", "right")] * 3, "a wrong password out of hours is no right one"


def test_a_session_ends_to_work_when_the_hour_is_over_and_in_the_zone_of_his_shop(db: Database) -> None:
    desk, owner, clerk = people(db)
    berlin = db.read(desk.merchant_id, list_shops)[1]
    bound(db, owner, clerk, shops=[berlin.id], hours={"sun": ("00:00", "03:00")})
    set_clock("2030-03-31T01:30:00", "Europe/Berlin")  # at 02:00 the clocks go to 03:00
    entered = enter(db, "wang")
    set_clock("2030-03-31T01:59:50", "Europe/Berlin")
    assert find_session(db, entered.token, address=HOME)
    set_clock("2030-03-31T03:00:00", "Europe/Berlin")
    assert look_session(db, entered.token, address=HOME).bar == "out_of_hours"
    set_clock("2030-04-07T00:00:30", "Europe/Berlin")
    assert look_session(db, entered.token, address=HOME).bar == "ended", "it does not wait for a week"
    bound(db, enter(db, desk.owner).actor, clerk, hours={"sun": ("00:00", "03:00")})
    assert attempt(db, "wang", password=PASSWORD, address=HOME).code == "wrong"  # type: ignore[union-attr]
    assert out_of_hours(db, desk) == [("hours", "right")], "Shanghai's clock is six hours on"


def test_from_elsewhere_a_right_password_is_a_wrong_one_and_a_session_stands_still(db: Database) -> None:
    desk, owner, clerk = people(db)
    entered = enter(db, "wang")
    bound(db, owner, clerk, networks="192.0.2.0/24")
    assert find_session(db, entered.token, address=HOME)
    assert look_session(db, entered.token, address=ELSEWHERE).bar == "out_of_place"
    assert find_session(db, entered.token, address=HOME), "back in his place he goes on"
    assert attempt(db, "wang", password=PASSWORD, address=ELSEWHERE) == attempt(db, "wang", address=ELSEWHERE)
    assert out_of_hours(db, desk) == [("place", "right")]
    enter(db, "wang")


def test_enrolled_desks_alone_and_those_of_his_own_shops(db: Database) -> None:
    desk, owner, clerk = people(db)
    first, second = db.read(desk.merchant_id, list_shops)
    here, there = make_seat(db, desk, shop_id=first.id), make_seat(db, desk, name="Berlin", shop_id=second.id)
    bound(db, owner, clerk, shops=[first.id], desks_only=True)
    assert attempt(db, "wang", password=PASSWORD, address=HOME).code == "wrong"  # type: ignore[union-attr]
    assert attempt(db, "wang", password=PASSWORD, address=HOME, desk=there.token).code == "wrong"  # type: ignore[union-attr]
    entered = sit_down(db, "wang", here)
    assert find_session(db, entered.token, address=HOME, desk=here.token)
    bound(db, owner, clerk, shops=[second.id])
    assert look_session(db, entered.token, address=HOME, desk=here.token).bar == "out_of_place"


@pytest.mark.parametrize("role", ["owner", "manager", "clerk", "checker", "auditor"])
def test_who_sets_the_bounds_of_a_clerk(db: Database, role: str) -> None:
    desk = make_desk(db)
    actor, clerk = enter_as(db, desk, role), make_operator(db, desk, "clerk", name="wang")
    if role in ("owner", "manager"):
        bound(db, actor, clerk, networks="192.0.2.7")
        assert "192.0.2.7/32" in db.read(
            desk.merchant_id, lambda tx: read_bounds(tx, actor, operator_id=clerk).places
        )
        return
    with pytest.raises(NotAllowed):
        bound(db, actor, clerk)


def test_nobody_bounds_himself_or_who_is_above_and_what_can_t_be_is_refused(db: Database) -> None:
    desk, other = make_desk(db), make_desk(db, "别家")
    owner, clerk = enter(db, desk.owner).actor, make_operator(db, desk, "clerk", name="wang")
    with pytest.raises(NotAllowed):
        bound(db, owner, owner.id)
    with pytest.raises(NotAllowed):
        bound(db, enter_as(db, desk, "manager"), owner.id)
    with pytest.raises(OperatorMissing):
        bound(db, owner, make_operator(db, other, "clerk"))
    foreign = db.read(other.merchant_id, list_shops)[0]
    with pytest.raises(ShopMissing):
        bound(db, owner, clerk, shops=[foreign.id])
    with pytest.raises(HoursWrong):
        bound(db, owner, clerk, hours={"mon": ("08:00", "")})
    with pytest.raises(NetworkWrong):
        bound(db, owner, clerk, networks="here")
    assert set(DAYS) == {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
    clock.shift_clock(11 * clock.MINUTE_US)
    with pytest.raises(ProofNeeded):
        bound(db, owner, clerk)
