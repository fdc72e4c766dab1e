"""A session that lapsed, as its browser's pages show it: who is greeted, and who takes that away."""

import pytest

from tests.api.door import BASE
from tests.web.pages import Pages, text_of
from tests.web.test_access import PASSWORD, clerk
from tests.web.test_lock import Till, begin_shift, enrol
from tocsin.access.desk import enrol_desk
from tocsin.access.session import csrf_token
from tocsin.core.clock import MINUTE_US, shift_clock


def test_not_you_is_asked_of_who_was_greeted_and_keeps_the_worker_and_the_notes(pages: Pages) -> None:
    """It takes the session and the kept pages away, by a form of this session alone; a typed name leaves all as it is."""
    clerk(pages)
    till = Till(pages)
    assert till.post("/sign-in/password", username="wangxiaoer", password=PASSWORD).status_code == 303
    shift_clock(13 * 60 * MINUTE_US)
    typed = text_of(till.post("/sign-in", name="somebody", back="/held"))
    assert '"/sign-in?other&next=/held"' in typed and "/sign-in/other" not in typed
    assert "/sign-in/other" in text_of(till.post("/sign-in", name="WangXiaoEr"))
    there = till.cookies["tocsin_session"]
    for origin, csrf in (("https://elsewhere.test", csrf_token(there)), (BASE, "x")):
        headers = {"cookie": f"tocsin_session={there}", "origin": origin}
        refused = pages.client.post("/sign-in/other", data={"csrf": csrf}, headers=headers, follow_redirects=False)  # fmt: skip
        assert refused.status_code == 403 and "clear-site-data" not in refused.headers
    gone = till.post("/sign-in/other", back="/held")
    assert (gone.status_code, gone.headers["location"]) == (303, "/sign-in?next=/held")
    assert gone.headers["clear-site-data"] == '"cache"' and "tocsin_session=" in gone.headers["set-cookie"]
    assert till.post("/sign-in/other").status_code == 303, "twice is no fault"


def test_a_session_of_an_enrolled_desk_names_its_operator_there_alone(pages: Pages) -> None:
    """A cookie that was carried off tells nothing elsewhere: with no desk's cookie, or with another one's."""
    owner, till = pages.house.actor(), enrol(pages)
    begin_shift(till)
    other = pages.db.write(owner.merchant_id, lambda tx: enrol_desk(tx, owner, name="2", place="", shop_id=0))
    there = {"tocsin_session": till.cookies["tocsin_session"]}
    for waited in (0, 13 * 60 * MINUTE_US):
        shift_clock(waited)
        for desk in ({}, {"tocsin_desk": "x"}, {"tocsin_desk": other.token}):
            elsewhere = Till(pages)
            elsewhere.cookies = {**there, **desk}
            assert "wangxiaoer" not in text_of(elsewhere.get("/sign-in")), desk
    assert "wangxiaoer" in text_of(till.get("/sign-in"))


@pytest.mark.parametrize("way", ["/sign-in/other", "/sign-out"])
def test_who_leaves_a_session_that_lapsed_ends_it(pages: Pages, way: str) -> None:
    """Nobody goes on with it when sessions are given longer lives afterwards; a token of nothing is no fault."""
    clerk(pages)
    till = Till(pages)
    assert till.post("/sign-in/password", username="wangxiaoer", password=PASSWORD).status_code == 303
    kept = dict(till.cookies)
    shift_clock(13 * 60 * MINUTE_US)
    assert till.get("/orders").status_code == 303
    assert till.post(way).status_code == 303
    till.cookies = kept
    assert "wangxiaoer" not in text_of(till.get("/sign-in"))
    shift_clock(0)
    assert till.get("/orders").status_code == 303, "it does not come to life again"
    for token in ("7.x", kept["tocsin_session"][:-1] + "x", kept["tocsin_session"]):
        till.cookies = {"tocsin_session": token}
        assert till.post(way).status_code == 303
