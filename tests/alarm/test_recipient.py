"""Recipients: sealed, shown without secrets, changed by those who may."""

import pytest
import sqlalchemy as sa

from tests.alarm.told import make_recipient, recipients, wecom
from tests.house import House, make_house
from tests.peers.robot_peer import KEY
from tocsin.alarm.channel import Address, read_address
from tocsin.alarm.recipient import (
    RecipientMissing,
    RecipientTwice,
    RecipientWrong,
    add_recipient,
    all_recipients,
    change_recipient,
    list_recipients,
    open_address,
    recipient,
    remove_pushes_of,
    remove_recipient,
)
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.core.statement import Statement, own
from tocsin.core.vault import SealBroken

_ALL = Statement[tuple[object, ...]](sa.select(recipient).where(own(recipient)))
PUSH = Address("push", '{"endpoint":"https://push.example/secret-1"}', "push.example")


@pytest.fixture
def house(db: Database) -> House:
    return make_house(db)


def change(house: House, recipient_id: int, role: str = "owner", **more: object) -> None:
    given = {"name": "店长群", "locale": "en", "wants": ("sound",), "step": 2, "active": True, **more}
    house.db.write(
        house.merchant_id,
        lambda tx: change_recipient(tx, house.actor(role), recipient_id=recipient_id, **given),  # type: ignore[arg-type]
    )


def test_an_address_is_sealed_and_opens_for_who_sends_alone(house: House) -> None:
    made = make_recipient(house, wecom())
    row = house.db.read(house.merchant_id, lambda tx: tx.rows(_ALL))
    assert KEY not in repr(row) and KEY.encode() not in b"".join(v for v in row[0] if isinstance(v, bytes))
    assert house.db.read(house.merchant_id, lambda tx: open_address(tx, recipient_id=made)) == wecom().url
    assert recipients(house)[made].shown == "…7ee4" and recipients(house)[made].confirmed_at_us is None
    journal = house.db.read(house.merchant_id, read_journal)
    assert [(one.verb, KEY in one.data) for one in journal] == [("recipient.add", False)]


def test_a_sealed_address_belongs_to_its_row(house: House) -> None:
    first, second = make_recipient(house, wecom()), make_recipient(house, read_address("json://127.0.0.1/x"))
    swap = Statement[None](
        sa.update(recipient).where(
            own(recipient), recipient.c.id == sa.bindparam("b_id", type_=sa.BigInteger)
        ),
        sets=("sealed",),
    )
    stolen = house.db.read(house.merchant_id, lambda tx: tx.rows(_ALL))
    sealed = next(v for row in stolen if first in row for v in row if isinstance(v, bytes))
    house.db.write(house.merchant_id, lambda tx: tx.run(swap, b_id=second, sealed=sealed))
    with pytest.raises(SealBroken):
        house.db.read(house.merchant_id, lambda tx: open_address(tx, recipient_id=second))


@pytest.mark.parametrize("role", ["clerk", "checker", "auditor", "station"])
def test_only_who_looks_after_the_shop_sets_addresses(house: House, role: str) -> None:
    made = make_recipient(house, wecom())
    actor, db = house.actor(role), house.db
    for verb in (
        lambda tx: add_recipient(tx, actor, read_address("json://127.0.0.1/y"), name="x", locale="en"),
        lambda tx: remove_recipient(tx, actor, recipient_id=made),
    ):
        with pytest.raises(NotAllowed):
            db.write(house.merchant_id, verb)
    with pytest.raises(NotAllowed):
        change(house, made, role)
    assert recipients(house)[made].name == "群"


def test_each_who_hears_of_the_alarm_adds_his_own_browser_and_sees_it_alone(house: House) -> None:
    db, clerk = house.db, house.actor("clerk", actor_id=7)
    robot = make_recipient(house, wecom())
    mine = db.write(house.merchant_id, lambda tx: add_recipient(
        tx, clerk, PUSH, kind="push", name="手机", locale="zh_CN", operator_id=7
    ))  # fmt: skip
    assert [one.id for one in db.read(house.merchant_id, lambda tx: list_recipients(tx, clerk))] == [mine]
    assert len(db.read(house.merchant_id, lambda tx: list_recipients(tx, house.actor("manager")))) == 2
    db.write(house.merchant_id, lambda tx: change_recipient(
        tx, clerk, recipient_id=mine, name="新手机", locale="en", wants=("account",), step=0, active=False
    ))  # fmt: skip
    assert recipients(house)[mine].active == 0 and recipients(house)[mine].wanted() == ("account",)
    with pytest.raises(NotAllowed):  # another's
        db.write(
            house.merchant_id,
            lambda tx: add_recipient(tx, clerk, PUSH, kind="push", name="x", locale="en", operator_id=8),
        )
    with pytest.raises(NotAllowed):
        db.write(house.merchant_id, lambda tx: remove_recipient(tx, clerk, recipient_id=robot))


def test_a_lost_phone_is_told_nothing_any_more(house: House) -> None:
    db, clerk = house.db, house.actor("clerk", actor_id=7)
    kept = make_recipient(house, wecom(), operator_id=7)
    db.write(
        house.merchant_id,
        lambda tx: add_recipient(tx, clerk, PUSH, kind="push", name="手机", locale="en", operator_id=7),
    )
    assert db.write(house.merchant_id, lambda tx: remove_pushes_of(tx, house.actor(), operator_id=7)) == 1
    assert set(recipients(house)) == {kept}


def test_an_address_stands_once_on_the_list_and_may_come_back(house: House) -> None:
    made = make_recipient(house, wecom())
    with pytest.raises(RecipientTwice):
        make_recipient(house, wecom(), name="again")
    make_recipient(house, wecom(), operator_id=7)  # a person's own is another one
    house.db.write(house.merchant_id, lambda tx: remove_recipient(tx, house.actor(), recipient_id=made))
    again = make_recipient(house, wecom())
    row = house.db.read(house.merchant_id, lambda tx: tx.rows(_ALL))
    assert [v for one in row if made in one for v in one if isinstance(v, bytes)] == [b""], (
        "the secret is gone"
    )
    assert again in recipients(house) and made not in recipients(house)
    with pytest.raises(RecipientMissing):
        change(house, made)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 61},
        {"name": "a\nb"},
        {"wants": ("everything",)},
        {"step": 6},
        {"step": -1},
    ],
)
def test_what_can_not_be_is_refused(house: House, wrong: dict[str, object]) -> None:
    made = make_recipient(house, wecom())
    with pytest.raises(RecipientWrong):
        change(house, made, **wrong)
    with pytest.raises(RecipientWrong):
        make_recipient(house, read_address("json://127.0.0.1/z"), **wrong)


def test_nothing_crosses_merchants(db: Database, house: House) -> None:
    other = make_house(db, code="BB")
    made = make_recipient(house, wecom())
    assert db.read(other.merchant_id, all_recipients) == []
    with pytest.raises(RecipientMissing):
        db.write(other.merchant_id, lambda tx: remove_recipient(tx, other.actor(), recipient_id=made))


def test_there_are_so_many_and_no_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.alarm.recipient.RECIPIENTS_MOST", 1)
    make_recipient(house, wecom())
    with pytest.raises(RecipientWrong):
        make_recipient(house, read_address("json://127.0.0.1/z"))
