"""Enrolled desks and the lock as pages: what is locked shows nothing, through no door."""

import httpx

from tests.api.door import BASE
from tests.web.pages import Pages, text_of
from tests.web.test_access import clerk, sign_in
from tocsin.access.session import csrf_token
from tocsin.core import clock
from tocsin.web.page import TEMPLATE_DIR

PIN = "290417"
SCRIPTS = TEMPLATE_DIR.parent / "static/js"


class Till:
    """A browser that was enrolled: it keeps its cookies."""

    def __init__(self, pages: Pages) -> None:
        self.pages, self.cookies = pages, dict[str, str]()

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._keep(
            self.pages.client.get(path, headers={**self._cookie(), **headers}, follow_redirects=False)
        )

    def post(self, path: str, **fields: str) -> httpx.Response:
        token = self.cookies.get("tocsin_session", "")
        form = {**fields, "csrf": csrf_token(token) if token else ""}
        headers = {**self._cookie(), "origin": BASE}
        return self._keep(self.pages.client.post(path, data=form, headers=headers, follow_redirects=False))

    def _cookie(self) -> dict[str, str]:
        return {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def _keep(self, answer: httpx.Response) -> httpx.Response:
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        self.pages.client.cookies.clear()
        return answer


def enrol(pages: Pages) -> Till:
    """Return a till that the owner has enrolled and left."""
    till = Till(pages)
    till.cookies["tocsin_session"] = pages.headers("owner")["cookie"].partition("=")[2]
    made = till.post("/settings/desks", name="Till 2", place="left", shop="")
    assert made.status_code == 303 and "tocsin_desk" in till.cookies
    assert (
        "samesite=lax" in made.headers["set-cookie"].lower()
        and "httponly" in made.headers["set-cookie"].lower()
    )
    assert "Till 2" in text_of(till.get("/settings/desks"))
    assert till.post("/sign-out").headers["clear-site-data"] == '"cache", "storage"'
    del till.cookies["tocsin_session"]
    return till


def begin_shift(till: Till, name: str = "wangxiaoer") -> None:
    clerk(till.pages, name)
    entered = till.post("/sign-in/password", username=name, password="hippo piano stamp desert kite")
    assert entered.status_code == 303, entered.text
    assert till.post("/settings/pin", pin="123456", pin_again="123456").status_code == 422
    assert till.post("/settings/pin", pin=PIN, pin_again="290418").status_code == 422
    assert till.post("/settings/pin", pin=PIN, pin_again=PIN).status_code == 303


def test_a_locked_desk_shows_nothing_through_any_door_until_its_pin(pages: Pages) -> None:
    till = enrol(pages)
    begin_shift(till)
    assert "data-idle-lock" in text_of(till.get("/orders"))
    before = dict(till.cookies)
    locked = till.post("/lock", back="/held")
    assert (locked.status_code, locked.headers["location"]) == (303, "/lock?next=/held")
    assert (
        locked.headers["clear-site-data"] == '"cache", "storage"'
        and locked.headers["cache-control"] == "no-store"
    )
    for path in ("/orders", "/held", "/settings/sessions", "/downloads", "/journal", "/alarm"):
        asked = till.get(path)
        assert asked.status_code == 303 and asked.headers["location"].startswith("/lock?next="), path
    for path in ("/api/v1/me", "/api/v1/orders"):
        asked = till.get(path)
        assert (asked.status_code, asked.json()["code"]) == (401, "session_locked"), path
    assert till.get("/orders", **{"hx-request": "true"}).headers["hx-redirect"].startswith("/lock")
    assert till.post("/settings/pin", drop="1").headers["location"].startswith("/lock")
    page = text_of(till.get("/lock?next=/held"))
    assert "wangxiaoer" in page and "Till 2" in page
    who = page.partition('name="operator" value="')[2].partition('"')[0]
    wrong = till.post("/lock/pin", operator=who, pin="730529", back="/held")
    assert wrong.status_code == 401 and "tocsin_session" not in wrong.headers.get("set-cookie", "")
    right = till.post("/lock/pin", operator=who, pin=PIN, back="/held")
    assert (right.status_code, right.headers["location"]) == (303, "/held")
    assert till.get("/orders").status_code == 200 and till.get("/lock").headers["location"] == "/orders"
    till.cookies = before
    assert till.get("/orders").headers["location"].startswith("/sign-in"), "the cookie of before the lock"


def test_somebody_else_is_asked_for_his_own_name_on_a_locked_desk(pages: Pages) -> None:
    """His proof is never asked for in the name of whoever locked it, not even when the lock page stood too long."""
    till = enrol(pages)
    begin_shift(till)
    till.post("/lock")
    asked = text_of(till.get("/sign-in"))
    assert 'name="name"' in asked and "wangxiaoer" not in asked
    leads = text_of(till.get("/lock?locale=en"))
    way = leads.partition(">Somebody else<")[0].rpartition('href="')[2].partition('"')[0]
    clock.shift_clock(13 * 60 * clock.MINUTE_US)
    late = text_of(till.get(way))
    assert 'name="name"' in late and "wangxiaoer" not in late
    assert "wangxiaoer" in text_of(till.get("/sign-in")), "he has not signed out"


def test_after_five_wrong_pins_the_page_asks_for_a_full_sign_in(pages: Pages) -> None:
    till = enrol(pages)
    begin_shift(till)
    till.post("/lock")
    who = text_of(till.get("/lock")).partition('name="operator" value="')[2].partition('"')[0]
    codes = [till.post("/lock/pin", operator=who, pin=f"73052{n}").status_code for n in range(6)]
    assert codes == [401] * 5 + [429]
    page = text_of(till.get("/lock?locale=en"))
    assert "wrong five times" in page and 'action="/lock/pin"' not in page
    assert till.post("/sign-in", name="wangxiaoer").status_code == 200
    entered = till.post("/sign-in/password", username="wangxiaoer", password="hippo piano stamp desert kite")
    assert entered.status_code == 303
    till.post("/lock")
    assert till.post("/lock/pin", operator=who, pin=PIN).status_code == 303


def test_elsewhere_there_is_no_lock_page_and_the_lock_signs_out(pages: Pages) -> None:
    assert pages.get("/lock", role="").headers["location"] == "/sign-in"
    assert pages.post("/lock/pin", role="", operator="7", pin=PIN).headers["location"] == "/sign-in"
    left = pages.post("/lock")
    assert (left.status_code, left.headers["location"]) == (303, "/sign-in?out")
    assert pages.get("/orders").status_code == 303


def test_who_enrols_and_revokes(pages: Pages) -> None:
    for role in ("clerk", "checker", "auditor"):
        assert pages.get("/settings/desks", role=role).status_code == 403
        assert pages.post("/settings/desks", role=role, form=[("name", "x")]).status_code == 403
        assert pages.post("/settings/desks/rules", role=role).status_code == 403
    assert pages.post("/settings/desks", form=[("name", " ")]).status_code == 422
    assert pages.post("/settings/desks", token="another's", form=[("name", "x")]).status_code == 403
    till = enrol(pages)
    begin_shift(till)
    page = text_of(pages.get("/settings/desks", role="manager"))
    path = (
        page.partition('action="')[2]
        and "/settings/desks/" + page.partition('action="/settings/desks/')[2].partition('"')[0]
    )
    assert pages.post(path, role="clerk").status_code == 403
    assert pages.post(path, role="manager").status_code == 303
    assert pages.post(path, role="manager").status_code == 404, "twice"
    assert till.get("/orders").headers["location"].startswith("/sign-in")
    assert till.get("/lock").headers["location"] == "/sign-in"


def test_when_sessions_end_is_changed_within_bounds_and_against_what_was_seen(pages: Pages) -> None:
    rules = {
        "idle_minutes": "15",
        "longest_minutes": "60",
        "lock_minutes": "5",
        "lockdown_idle_minutes": "5",
        "lockdown_longest_minutes": "30",
    }
    save = lambda **changes: pages.post(
        "/settings/desks/rules", form={**rules, "revision": "0", **changes}.items()
    )
    for wrong in ({"idle_minutes": "4"}, {"lock_minutes": "x"}, {"longest_minutes": ""}):
        refused = save(**wrong)
        assert refused.status_code == 422 and f'id="f-{next(iter(wrong))}-say"' in refused.text
    assert save().status_code == 303
    assert save().status_code == 409, "somebody was faster"
    assert 'value="15"' in text_of(pages.get("/settings/desks"))


def test_everything_is_locked_by_the_owner_and_taken_back(pages: Pages) -> None:
    clerk(pages)
    cookie = f"tocsin_session={sign_in(pages).cookies['tocsin_session']}"
    open_ = lambda: (
        pages.client.get("/orders", headers={"cookie": cookie}, follow_redirects=False).status_code
    )
    key = pages.key("query")
    ask = lambda: pages.client.get("/api/v1/me", headers=key).status_code
    for role in ("manager", "clerk", "checker", "auditor"):
        assert pages.get("/lock-all", role=role).status_code == 403
        assert pages.post("/lock-all", role=role, reason="x").status_code == 403
    assert (open_(), ask()) == (200, 200)
    assert pages.post("/lock-all", reason=" ").status_code == 422
    assert pages.post("/lock-all", reason="somebody is in").status_code == 303
    assert (open_(), ask()) == (303, 401)
    page = text_of(pages.get("/lock-all?locale=en"))
    assert "A session of wangxiaoer has ended" in page and "The API key “test” is suspended" in page
    for part in page.split('action="/lock-all/')[1:]:
        path = f"/lock-all/{part.partition('/')[0]}/undo"
        assert pages.post(path).status_code == 303
        assert pages.post(path).status_code == 404, "twice"
    assert (open_(), ask()) == (200, 200)


def test_ones_account_is_locked_from_a_message(pages: Pages) -> None:
    clerk(pages)
    asked = pages.get("/lock-account", role="")
    assert asked.headers["location"] == "/sign-in?next=/lock-account"
    till = Till(pages)
    till.post(
        "/sign-in/password",
        username="wangxiaoer",
        password="hippo piano stamp desert kite",
        back="/lock-account",
    )
    assert till.get("/lock-account").status_code == 200
    done = till.post("/lock-account")
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in?locked")
    assert done.headers["clear-site-data"] == '"cache", "storage"'
    assert till.get("/orders").status_code == 303 and sign_in(pages).status_code == 401


def test_what_a_page_asks_by_itself_keeps_no_desk_open(pages: Pages) -> None:
    """A page that draws itself anew and a stream that is open are no hand: after ten minutes the desk locks."""
    till = enrol(pages)
    begin_shift(till)
    quiet = {"x-tocsin-quiet": "1"}
    for minute in (3, 6, 9):
        clock.shift_clock(minute * clock.MINUTE_US)
        assert till.get("/orders", **quiet).status_code == 200
    clock.shift_clock(11 * clock.MINUTE_US)
    for headers in (quiet, {}):
        assert till.get("/orders", **headers).headers["location"].startswith("/lock")


def test_each_script_that_fetches_its_own_page_says_that_no_hand_did() -> None:
    asking = [one for one in SCRIPTS.glob("*.js") if "fetch(location.href" in one.read_text()]
    assert {one.name for one in asking} >= {"line.js", "wall.js"}
    assert [one.name for one in asking if '"x-tocsin-quiet": "1"' not in one.read_text()] == []


def test_what_a_hand_asks_keeps_it_open(pages: Pages) -> None:
    till = enrol(pages)
    begin_shift(till)
    for minute in (3, 6, 9, 12):
        clock.shift_clock(minute * clock.MINUTE_US)
        assert till.get("/orders").status_code == 200
