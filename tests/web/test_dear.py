"""What would make the desk deaf asks for a fresh proof: nobody who sits down at an open desk can do it."""

import pytest

from tests.alarm.told import hook, make_recipient
from tests.peers.robot_peer import RobotPeer
from tests.web.pages import Pages
from tests.web.test_people import HERE, people
from tests.web.test_rules import GIVEN, chosen
from tocsin.access.account import unseen_notices
from tocsin.access.decoy import list_decoys
from tocsin.access.session import find_session, list_sessions
from tocsin.alarm.siren_row import list_sirens
from tocsin.core.clock import MINUTE_US, shift_clock

CLERK = 4711
DEAR = [
    ("/settings/alarm", GIVEN),
    ("/settings/sirens", {"driver": "memory", "name": "x"}),
    ("/settings/sirens/7", {"name": "x"}),
    ("/settings/sirens/7/removal", {}),
    ("/settings/siren-hours", {"revision": "0"}),
    ("/settings/decoys", {"name": "admin"}),
    ("/settings/decoys/7/removal", {}),
    ("/settings/sessions/others/end", {}),
    ("/settings/sessions/7/end", {}),
]


@pytest.mark.parametrize(("path", "form"), DEAR, ids=[path for path, _ in DEAR])
def test_it_leads_to_the_proof_and_does_nothing(pages: Pages, path: str, form: dict[str, str]) -> None:
    pages.get("/settings")
    shift_clock(11 * MINUTE_US)
    led = pages.post(path, form=form.items())
    assert led.status_code == 303 and led.headers["location"].startswith("/prove?next="), led.text
    owner = find_session(pages.db, pages.headers("owner")["cookie"].partition("=")[2])
    assert owner is not None
    found = pages.db.read(pages.house.merchant_id, lambda tx: (
        list_sirens(tx), list_decoys(tx, owner), len(list_sessions(tx, owner))
    ))  # fmt: skip
    assert found == ([], [], 1) and chosen(pages).sound_seconds == 180
    pages.prove()
    again = pages.post(path, form=form.items())
    assert not again.headers.get("location", "").startswith("/prove"), "after a proof it is looked at"


def test_whose_address_is_taken_away_or_made_quieter_is_told(pages: Pages) -> None:
    peer = RobotPeer()
    one, own = (
        make_recipient(pages.house, hook(peer, name), operator_id=operator_id, wants=("sound",))
        for name, operator_id in (("a", CLERK), ("b", 0))
    )
    less = [("wants", "drill"), ("active", "1")]
    more = [("wants", "sound"), ("wants", "drill"), ("active", "1")]

    def told() -> list[str]:
        found = pages.db.read(pages.house.merchant_id, lambda tx: unseen_notices(tx, operator_id=CLERK))
        return [notice.what for notice in found][::-1]

    def change(wants: list[tuple[str, str]], recipient_id: int = one) -> str:
        answer = pages.post(
            f"{HERE}/{recipient_id}", form=[*wants, ("name", "x"), ("locale", "en"), ("step", "0")]
        )
        return answer.headers["location"]

    pages.get("/settings")
    shift_clock(11 * MINUTE_US)
    assert not change(more).startswith("/prove"), "to be told more is nobody's loss"
    for ask in (lambda: change(less), lambda: pages.post(f"{HERE}/{one}/removal").headers["location"]):
        assert ask().startswith("/prove?next=")
    assert told() == [] and set(people(pages)[0].wanted()) == {"sound", "drill"}
    pages.prove()
    change(less)
    change(less, own)
    assert told() == ["recipient_less"]
    assert pages.post(f"{HERE}/{one}/removal").status_code == 303
    assert pages.post(f"{HERE}/{own}/removal").status_code == 303
    assert told() == ["recipient_less", "recipient_removed"] and people(pages) == []
    peer.close()
