"""A finger at this desk's reader as pages: sign-in, unlock, proof; the page waits, and tells what the reader saw."""

import re
import threading
import time

import httpx
import pytest

from tests.access.counters import Asked, Counter
from tests.web.pages import Pages, text_of
from tests.web.test_lock import Till
from tocsin.access.step_up import FRESH_US
from tocsin.core import clock
from tocsin.core.actor import Actor
from tocsin.core.command import report_progress
from tocsin.web import finger


class Seat:
    """A clerk's browser at an enrolled desk with a reader."""

    def __init__(self, pages: Pages) -> None:
        self.pages, self.counter = pages, Counter(pages.db, house=pages.house)
        self.clerk = self.counter.operator("clerk", name="wang")
        self.counter.with_finger(self.clerk)
        self.till = Till(pages)
        self.till.cookies["tocsin_desk"] = self.counter.desk

    def ask(self, path: str = "/sign-in/finger", *, way: str = "", **fields: str) -> Asked:
        """Press the button; return the attempt as the station has it; the page shows another `way`, also once it has waited."""
        self.counter.machine.actor()
        shown = self.till.post(path, **fields)
        assert shown.status_code == 200, shown.text
        assert 'data-finger="/finger/state"' in shown.text
        token = re.search(r'name="attempt" value="([^"]+)"', shown.text)
        assert token
        (command,) = [one for one in self.counter.commands() if one.kind == "reader.verify"]
        asked = Asked(self.counter, token[1], command)
        for page in (shown, self.go_on(asked, f"{path}/session", **fields)) if way else ():
            assert f'href="{way}"' in page.text and 'name="otherwise"' not in page.text
        return asked

    def go_on(self, asked: Asked, path: str = "/sign-in/finger/session", **fields: str) -> httpx.Response:
        return self.till.post(path, attempt=asked.token, **fields)


@pytest.fixture
def seat(pages: Pages) -> Seat:
    return Seat(pages)


def sign_in(seat: Seat) -> None:
    asked = seat.ask(name="wang")
    asked.answer("match")
    assert seat.go_on(asked, name="wang").status_code == 303


def test_a_finger_signs_in_at_its_desk(seat: Seat) -> None:
    offered = seat.till.post("/sign-in", name="wang", back="/held")
    assert "/sign-in/finger" in offered.text
    asked = seat.ask(name="wang", back="/held")
    late = seat.go_on(asked, name="wang", back="/held")
    assert late.status_code == 200 and 'value="' + asked.token in late.text, "the same attempt is waited for"
    asked.answer("match")
    entered = seat.go_on(asked, name="wang", back="/held")
    assert (entered.status_code, entered.headers["location"]) == (303, "/held")
    assert "tocsin_session" in seat.till.cookies
    assert "前台" in text_of(seat.till.get("/settings/sessions"))
    again = seat.go_on(asked, name="wang")
    assert again.status_code == 401, "it is used once"


@pytest.mark.parametrize(
    ("result", "said"), [("no_match", "未能识别此手指"), ("bad_scan", "没有读清"), ("device_error", "读取器出错"), ("vanished", "读取器已断开"), ("cancelled", "没有按时放上手指")]
)  # fmt: skip
def test_what_the_reader_saw_is_said_and_opens_nothing(seat: Seat, result: str, said: str) -> None:
    asked = seat.ask(way="/sign-in", name="wang")
    asked.answer(result)
    refused = seat.go_on(asked, name="wang")
    assert refused.status_code == 401 and said in refused.text
    assert "tocsin_session" not in seat.till.cookies


def test_away_from_the_desk_there_is_no_such_way(seat: Seat) -> None:
    elsewhere = Till(seat.pages)
    assert "/sign-in/finger" not in elsewhere.post("/sign-in", name="wang").text
    refused = elsewhere.post("/sign-in/finger", name="wang")
    assert refused.status_code == 409 and "没有可用的指纹读取器" in refused.text
    asked = seat.ask(name="wang")
    asked.answer("match")
    stolen = elsewhere.post("/sign-in/finger/session", attempt=asked.token, name="wang")
    assert stolen.status_code == 401 and "tocsin_session" not in elsewhere.cookies
    assert seat.go_on(asked, name="wang").status_code == 303


def test_unknown_names_and_names_without_a_finger_are_answered_as_known_ones(seat: Seat) -> None:
    seat.counter.operator("checker", name="n-222")
    seat.counter.with_finger(seat.counter.operator("clerk", name="n-111"), name="left-thumb")
    pages = {}
    for name in ("n-111", "n-222", "n-333"):
        seat.counter.machine.actor()
        shown = seat.till.post("/sign-in/finger", name=name)
        pages[name] = re.sub(r'value="[^"]*"', "", shown.text.replace(name, "")), shown.status_code
    assert pages["n-111"] == pages["n-222"] == pages["n-333"]


def test_too_many_wrong_fingers_are_told_to_wait(seat: Seat) -> None:
    for _ in range(5):
        seat.ask(name="wang").answer("no_match")
    late = seat.till.post("/sign-in/finger", name="wang")
    assert late.status_code == 429 and "秒" in late.text


def test_the_page_is_told_as_soon_as_the_reader_answers(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = seat.ask(name="wang")
    monkeypatch.setattr(finger, "_WAIT_SECONDS", 0.1)
    assert seat.till.post("/finger/state", attempt=asked.token).text == "open"
    seat.counter.write(lambda tx: report_progress(
        tx, station_id=seat.counter.station_id, command_id=asked.command.id, progress={"asking": True}
    ))  # fmt: skip
    assert seat.till.post("/finger/state", attempt=asked.token).text == "asking"
    monkeypatch.setattr(finger, "_WAIT_SECONDS", 10)
    threading.Timer(0.3, lambda: asked.answer("match")).start()
    began = time.monotonic()
    assert seat.till.post("/finger/state", attempt=asked.token, seen="asking").text == "matched"
    assert time.monotonic() - began < 5
    assert seat.till.post("/finger/state", attempt="x").text == "cancelled"


def test_a_finger_unlocks_the_desk(seat: Seat) -> None:
    asked = seat.ask(name="wang")
    asked.answer("match")
    seat.go_on(asked, name="wang")
    assert seat.till.post("/lock", back="/held").headers["location"] == "/lock?next=/held"
    assert "/lock/finger" in seat.till.get("/lock?next=/held").text
    wrong = seat.ask("/lock/finger", way="/lock", operator=str(seat.clerk), back="/held")
    wrong.answer("no_match")
    refused = seat.go_on(wrong, "/lock/finger/session", operator=str(seat.clerk), back="/held")
    assert refused.status_code == 401 and "未能识别此手指" in refused.text
    right = seat.ask("/lock/finger", operator=str(seat.clerk), back="/held")
    as_sign_in = seat.go_on(right, name="wang")
    assert as_sign_in.status_code in (200, 401), "an attempt to unlock signs nobody in"
    right.answer("match")
    assert seat.go_on(right, name="wang").status_code == 401
    done = seat.go_on(right, "/lock/finger/session", operator=str(seat.clerk), back="/held")
    assert (done.status_code, done.headers["location"]) == (303, "/held")
    assert seat.till.get("/held").status_code == 200


def test_a_finger_is_a_fresh_proof_of_its_own_operator_alone(seat: Seat) -> None:
    asked = seat.ask(name="wang")
    asked.answer("match")
    seat.go_on(asked, name="wang")
    clock.shift_clock(FRESH_US + clock.SECOND_US)
    stale = seat.till.post(
        "/settings/fingers",
        operator=str(seat.clerk),
        station=str(seat.counter.machine.id),
        finger="left-thumb",
    )
    assert (stale.status_code, stale.headers["location"][:7]) == (303, "/prove?")
    seat.counter.machine.actor()
    assert "/prove/finger" in seat.till.get("/prove?next=/settings/fingers").text
    wrong = seat.ask("/prove/finger", way="/settings/fingers", back="/settings/fingers")
    wrong.answer("no_match")
    assert seat.go_on(wrong, "/prove/finger/session", back="/settings/fingers").status_code == 401
    asked = seat.ask("/prove/finger", back="/settings/fingers")
    asked.answer("match")
    done = seat.go_on(asked, "/prove/finger/session", back="/settings/fingers")
    assert (done.status_code, done.headers["location"]) == (303, "/settings/fingers")
    fresh = seat.till.post(
        "/settings/fingers",
        operator=str(seat.clerk),
        station=str(seat.counter.machine.id),
        finger="left-thumb",
    )
    assert fresh.headers["location"].startswith("/settings/fingers?asked=")


@pytest.mark.parametrize("hostile", ["", "x", "-1", "9" * 40, "1.2", "\x7f", "🔥"])
def test_no_form_breaks_the_desk(seat: Seat, hostile: str) -> None:
    for path in (
        "/sign-in/finger",
        "/sign-in/finger/session",
        "/lock/finger",
        "/lock/finger/session",
        "/prove/finger",
        "/shift/7/finger",
        "/shift/7/finger/session",
        "/finger/state",
    ):
        text_of(seat.till.post(path, name=hostile, attempt=hostile, operator=hostile, back=hostile))
    assert isinstance(seat.counter.owner, Actor)


def test_a_finger_signs_a_shift_as_who_leaves_and_as_who_comes(seat: Seat) -> None:
    """Each for himself, once, for this very act: a proof of another kind signs nothing."""
    seat.counter.with_finger(seat.counter.operator("clerk", name="lisi"), name="left-thumb")
    sign_in(seat)
    seat.till.post("/shift", shop=str(seat.pages.house.shop.id))
    seat.counter.machine.actor()
    page = text_of(seat.till.get("/shift"))
    place = re.search(r'formaction="(/shift/\d+/finger)"', page)
    assert place, "the reader is offered beside the password"

    def sign(result: str, at: str = place[1], said: str = "", **fields: str) -> httpx.Response:
        asked = seat.ask(at, **fields)
        asked.answer(result)
        return seat.go_on(asked, f"{place[1]}/session", **{**fields, **({"name": said} if said else {})})

    wrong = sign("no_match", act="offer", note="看一下后厨")
    assert wrong.status_code == 401 and "未能识别此手指" in wrong.text and "看一下后厨" in wrong.text
    fields = {"act": "offer", "note": "看一下后厨"}
    asked = seat.ask(place[1], **fields)
    waits = seat.go_on(asked, f"{place[1]}/session", **fields)
    assert 'name="otherwise" value="1"' in waits.text and "看一下后厨" in waits.text
    other = seat.go_on(asked, f"{place[1]}/session", **fields, otherwise="1")
    assert other.status_code == 200 and "看一下后厨" in other.text and 'name="password"' in other.text
    assert sign("match", "/prove/finger", act="offer").status_code == 401, "it was for another act"
    done = sign("match", act="offer", note="看一下后厨")
    assert done.headers["location"] == "/shift?done=shift_offered", done.text
    assert sign("match", act="signature", name="wang").status_code == 403, "nobody signs twice"
    hers = sign("match", act="signature", name="wang", said="lisi")
    assert hers.status_code == 401 and "手指无误，但没有签字" in hers.text, "his finger, not hers"
    signed = sign("match", act="signature", name="lisi")
    assert signed.status_code == 303 and signed.headers["location"].startswith("/shifts/")
    assert text_of(seat.till.get(signed.headers["location"])).count("读取器指纹") == 2


def test_the_reader_asks_nobody_where_it_is_not_said_who_signs_what(seat: Seat) -> None:
    sign_in(seat)
    seat.till.post("/shift", shop=str(seat.pages.house.shop.id))
    seat.counter.machine.actor()
    place = re.search(r'formaction="(/shift/\d+/finger)"', text_of(seat.till.get("/shift")))
    assert place
    for note, status in (("后\r\n" * 500 + "厨", 422), ("后\r\n" * 499 + "厨。", 303)):
        asked = seat.ask(place[1], act="offer", note=note)
        waits = seat.go_on(asked, f"{place[1]}/session", act="offer", note=note)
        kept = re.search(r'name="note" value="([^"]*)"', waits.text)
        assert kept and kept[1].replace("\r", "") == note.replace("\r", ""), "it is told of, never cut"
        asked.answer("match")
        done = seat.go_on(asked, f"{place[1]}/session", act="offer", note=kept[1])
        assert done.status_code == status and (status == 303 or "1000" in done.text)
    seat.counter.machine.actor()
    nobody = seat.till.post(place[1], act="signature", name=" ")
    assert (
        nobody.status_code == 422
        and 'id="f-name-say"' in text_of(nobody)
        and "data-finger=" not in nobody.text
    )
    for path in (place[1], f"{place[1]}/session"):
        assert seat.till.post(path, act="by-nobody", attempt=asked.token).status_code == 404
    assert not [one for one in seat.counter.commands() if one.kind == "reader.verify"]


def test_a_shift_is_not_signed_from_elsewhere(seat: Seat) -> None:
    sign_in(seat)
    seat.till.post("/shift", shop=str(seat.pages.house.shop.id))
    asked = seat.ask("/shift/7/finger", act="offer")
    asked.answer("match")
    elsewhere = seat.pages.post("/shift/7/finger/session", attempt=asked.token, act="offer")
    assert elsewhere.status_code in (401, 404)
    assert seat.pages.post("/shift/7/finger", role="clerk", act="offer").status_code == 409, "no reader there"
    assert seat.pages.post("/shift/7/finger", role="", act="offer").headers["location"].startswith("/sign-in")
    seat.counter.machine.actor()
    assert "formaction" in text_of(seat.till.get("/shift"))
    assert "/finger" not in text_of(seat.pages.get("/shift"))
