"""That a message really came: by its code, by its link, once, and by nobody else."""

import re
from collections.abc import Iterator

import pytest

from tests.alarm.told import BASE_URL, Posting, hook, make_recipient, notices, recipients, settled, until
from tests.house import House, make_house
from tests.peers.robot_peer import RobotPeer
from tocsin.alarm.receipt import (
    RecipientAsleep,
    confirm_code,
    find_receipt,
    merchant_of,
    start_test,
    take_receipt,
    token_of,
)
from tocsin.alarm.recipient import change_recipient
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.core.db import Database


@pytest.fixture
def house(db: Database) -> House:
    return make_house(db)


@pytest.fixture
def peer() -> Iterator[RobotPeer]:
    made = RobotPeer()
    yield made
    made.close()


def sent_test(house: House, peer: RobotPeer, recipient_id: int) -> str:
    """Send a test and return what came."""
    before = len(peer.taken)
    with Posting(house.db) as posting:
        house.db.write(house.merchant_id, lambda tx: start_test(
            tx, house.actor(), posting.queue, recipient_id=recipient_id, base_url=BASE_URL
        ))  # fmt: skip
        until(lambda: settled(house, recipient_id))
    assert len(peer.taken) == before + 1
    return peer.texts()[-1]


def confirm(house: House, recipient_id: int, code: str, role: str = "owner") -> str:
    return house.db.write(
        house.merchant_id,
        lambda tx: confirm_code(tx, house.actor(role), recipient_id=recipient_id, code=code),
    )


def code_in(text: str) -> str:
    found = re.search(r"\b\d{6}\b", text)
    assert found, text
    return found[0]


def test_the_code_that_came_confirms_and_no_other(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer))
    assert confirm(house, one, "000000") == "late", "nothing was sent yet"
    code = code_in(sent_test(house, peer, one))
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert confirm(house, one, wrong) == "wrong" and recipients(house)[one].confirmed_at_us is None
    assert confirm(house, one, f" {code[:3]} {code[3:]} ") == "confirmed"
    assert (
        recipients(house)[one].confirmed_at_us is not None
        and notices(house, one)[0].received_at_us is not None
    )


def test_after_five_wrong_codes_or_an_hour_another_test_is_due(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer))
    code = code_in(sent_test(house, peer, one))
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert [confirm(house, one, wrong) for _ in range(5)] == ["wrong"] * 5
    assert confirm(house, one, code) == "late"
    again = code_in(sent_test(house, peer, one))
    shift_clock(61 * MINUTE_US)
    assert confirm(house, one, again) == "late"
    shift_clock(59 * MINUTE_US)
    assert confirm(house, one, again) == "confirmed"


def test_the_link_that_came_confirms_and_no_other(house: House, peer: RobotPeer) -> None:
    one = make_recipient(house, hook(peer))
    found = re.search(rf"{BASE_URL}/received/([0-9a-f.]+)", sent_test(house, peer, one))
    assert found
    token, other = found[1], make_house(house.db, code="BB")
    assert merchant_of(token) == house.merchant_id
    merchant, notice_id, digest = token.split(".")
    for wrong in (
        "",
        "x",
        f"{merchant}.{notice_id}.{'0' * 20}",
        f"{merchant}.1.{digest}",
        f"{'f' * 16}.{'f' * 16}.{digest}",
    ):
        assert house.db.write(house.merchant_id, lambda tx: take_receipt(tx, token=wrong)) is None  # noqa: B023
    assert house.db.write(other.merchant_id, lambda tx: take_receipt(tx, token=token)) is None
    assert house.db.read(house.merchant_id, lambda tx: find_receipt(tx, token=token)) is not None
    assert recipients(house)[one].confirmed_at_us is None, (
        "to look is not to confirm: chats open links by themselves"
    )
    house.db.write(house.merchant_id, lambda tx: take_receipt(tx, token=token))
    first = recipients(house)[one].confirmed_at_us
    assert first is not None
    shift_clock(MINUTE_US)
    house.db.write(house.merchant_id, lambda tx: take_receipt(tx, token=token))
    assert recipients(house)[one].confirmed_at_us == first


def test_who_may_not_change_it_may_not_try_it(house: House, peer: RobotPeer) -> None:
    one, posting = make_recipient(house, hook(peer)), Posting(house.db)
    with pytest.raises(NotAllowed):
        house.db.write(house.merchant_id, lambda tx: start_test(
            tx, house.actor("clerk"), posting.queue, recipient_id=one, base_url=BASE_URL
        ))  # fmt: skip
    with pytest.raises(NotAllowed):
        confirm(house, one, "000000", role="clerk")
    house.db.write(house.merchant_id, lambda tx: change_recipient(
        tx, house.actor(), recipient_id=one, name="x", locale="en", wants=(), step=0, active=False
    ))  # fmt: skip
    with pytest.raises(RecipientAsleep):
        house.db.write(house.merchant_id, lambda tx: start_test(
            tx, house.actor(), posting.queue, recipient_id=one, base_url=BASE_URL
        ))  # fmt: skip


def test_tokens_of_merchants_and_messages_differ(house: House) -> None:
    other = make_house(house.db, code="BB")
    tokens = {h.db.read(h.merchant_id, lambda tx: token_of(tx, 7)).rpartition(".")[2] for h in (house, other)}
    assert len(tokens) == 2
