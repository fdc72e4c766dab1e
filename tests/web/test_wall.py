"""The wall: what its link opens and what it does not, whose figures it shows, and that they are right."""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import httpx

from tests.api.door import BASE, Door
from tests.house import make_draft
from tests.web.asked import counted
from tests.web.attacks import attack, victim
from tests.web.busy import make_busy
from tests.web.pages import Pages, text_of
from tests.web.test_terminal import ask, end
from tocsin.access import limiter
from tocsin.alarm.posture import set_posture
from tocsin.core.actor import desk_actor
from tocsin.core.tenant import create_shop
from tocsin.orders.draft import Party
from tocsin.tickets.hold import hold_order
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.radar import count_badge
from tocsin.tickets.wall import read_wall
from tocsin.web import live, wall

MARK = "欧阳甲乙"
MOST_ASKED = 14


def make_link(pages: Pages, *, role: str = "owner", name: str = "后厨", shop: str = "") -> str:
    """Make a link; return its path."""
    pages.prove(role)
    page = text_of(pages.post("/settings/walls", role=role, name=name, shop=shop, once=name))
    found = re.search(r'value="[^"]*(/wall/[A-Za-z0-9_-]{43})"', page)
    assert found, page
    return found[1]


class Screen:
    """A browser on a wall, with the cookie that it was given."""

    def __init__(self, pages: Pages) -> None:
        self._client, self.cookie = pages.client, ""

    def get(self, path: str = "/wall") -> httpx.Response:
        self._client.cookies.clear()
        headers = {"cookie": f"tocsin_wall={self.cookie}"} if self.cookie else {}
        return self._client.get(path, headers=headers, follow_redirects=False)

    def open(self, path: str) -> httpx.Response:
        """Press the button of a link."""
        self._client.cookies.clear()
        answer = self._client.post(path, data={}, headers={"origin": BASE}, follow_redirects=False)
        self._client.cookies.clear()
        found = re.search(r"tocsin_wall=([^;\s]+)", answer.headers.get("set-cookie", ""))
        self.cookie = found[1] if found else self.cookie
        return answer


def tile(page: str, name: str) -> str:
    found = re.search(rf'data-tile="{name}">.*?<b[^>]*>([^<]*)</b>', page, re.S)
    assert found, page
    return found[1]


def test_a_link_opens_the_wall_on_one_screen_until_it_is_revoked(pages: Pages) -> None:
    path, first, second = make_link(pages), Screen(pages), Screen(pages)
    assert first.get().status_code == 401
    look = text_of(first.get(path))
    assert "后厨" in look and "tocsin_wall" not in str(first.get(path).headers), "looking takes no wall"
    opened = first.open(path)
    assert (opened.status_code, opened.headers["location"]) == (303, "/wall")
    assert (
        "httponly" in opened.headers["set-cookie"].lower()
        and "tocsin_session" not in opened.headers["set-cookie"]
    )
    assert 'data-level="calm"' in text_of(first.get()) and first.get(path).headers["location"] == "/wall"
    assert "opened anew" not in text_of(pages.get("/settings/walls?locale=en"))
    assert "It is open on another screen now" in text_of(second.get(f"{path}?locale=en"))
    second.open(path)
    gone = first.get("/wall?locale=en")
    assert gone.status_code == 401 and "another screen now" in gone.text and second.get().status_code == 200
    listed = text_of(pages.get("/settings/walls?locale=en"))
    assert "opened anew: 2 times in all" in listed
    revoke = re.search(r'action="(/settings/walls/\d+/revocation)"', listed)
    assert revoke and pages.post(revoke[1]).status_code == 303 and pages.post(revoke[1]).status_code == 404
    dark = second.get("/wall?locale=en")
    assert dark.status_code == 401 and "revoked" in dark.text
    assert second.get(path).status_code == 401 and second.open(path).status_code == 401
    told = text_of(pages.get("/journal?locale=en"))
    for verb in ("Link of a wall made", "Wall opened on a screen", "Link of a wall revoked"):
        assert verb in told


def test_who_may_make_links_and_who_may_look(pages: Pages) -> None:
    for role in ("clerk", "checker", "auditor"):
        assert pages.get("/settings/walls", role=role).status_code == 403
        assert pages.post("/settings/walls", role=role, name="x").status_code == 403
        assert pages.post("/settings/walls/7/revocation", role=role).status_code == 403
        assert 'data-level="calm"' in text_of(pages.get("/wall", role=role))
    assert pages.get("/wall", role="station").status_code == 401 == pages.get("/wall", role="").status_code
    assert pages.get("/settings/walls", role="").status_code == 303
    make_link(pages, role="manager")
    for wrong, code in (({"name": " "}, 422), ({"name": "x" * 41}, 422), ({"name": "x", "shop": "7"}, 404)):
        assert pages.post("/settings/walls", **wrong).status_code == code
    assert pages.post("/settings/walls", name="x", token="another's").status_code == 403
    other = Door.of_other_merchant(pages)
    other.prove()
    listed = re.search(r"/settings/walls/(\d+)/revocation", text_of(pages.get("/settings/walls")))
    headers = {**other.headers("owner"), "content-type": "application/x-www-form-urlencoded"}
    foreign = other.client.post(
        f"/settings/walls/{listed and listed[1]}/revocation",
        headers=headers,
        content=f"csrf={headers['x-csrf']}",
    )
    assert foreign.status_code == 404
    assert "后厨" not in other.client.get("/settings/walls", headers=headers).text


def test_the_cookie_of_a_wall_opens_no_other_route(pages: Pages) -> None:
    screen = Screen(pages)
    screen.open(make_link(pages))
    anonymous, own = Screen(pages), {"/wall", "/wall/events"}
    routes = [one.path for one in pages.client.app.routes if "GET" in getattr(one, "methods", ())]
    assert len(routes) > 100
    for route in routes:
        path = re.sub(r"\{[^}]+\}", "7", route)
        if path in own or path == "/events":
            continue
        with_it, without = screen.get(path), anonymous.get(path)
        assert (with_it.status_code, with_it.headers.get("location")) == (
            without.status_code,
            without.headers.get("location"),
        ), path
    assert screen.get("/events").status_code == 303
    keyed = {"authorization": f"Bearer {screen.cookie}"}
    assert pages.client.get("/api/v1/orders", headers=keyed).status_code == 401


def test_a_wrong_link_spends_the_budget_of_its_address(pages: Pages) -> None:
    screen, right = Screen(pages), make_link(pages)
    answers = [
        screen.get(f"/wall/{n:043d}").status_code
        for n in range(limiter.budgets_of(limiter.Guess("wall", "", "x"))[0].free + 1)
    ]
    assert answers[0] == 401 and answers[-1] == 429
    assert screen.get(right).status_code == 200, "a right one is let in all the same"
    assert screen.get("/wall/short").status_code == 429


def test_each_figure_is_what_there_is_and_nobody_is_named(pages: Pages) -> None:
    queue = pages.printer("wall")
    buyer = Party(
        name=MARK,
        phone="13812345678",
        province="安徽省",
        city="合肥市",
        district="蜀山区",
        address=f"{MARK}路 12 号 3 栋",
    )
    take = lambda n, **more: pages.take(
        make_draft(external_id=f"{MARK}{n}", receiver=buyer, quantity=n + 1, **more)
    )
    ask(pages, take(0), queue)
    end(pages, queue, PrintOutcome(result="unknown", reason="connection_lost", bytes_left=True))
    for n in (1, 2, 3):
        ask(pages, take(n), queue)
    held = [take(4), take(5, lines=())]
    pages.db.write(
        pages.house.merchant_id,
        lambda tx: hold_order(tx, pages.house.actor(), order_id=held[0].id, reason=MARK),
    )
    account = victim(pages, MARK)
    screen = Screen(pages)
    screen.open(make_link(pages))
    page = text_of(screen.get())
    problems = pages.db.read(pages.house.merchant_id, count_badge)
    shown = {name: tile(page, name) for name in ("waiting", "problems", "held", "unknown", "today", "shift")}
    assert shown == {
        "waiting": "3",
        "problems": str(problems[1]),
        "held": str(problems[0]),
        "unknown": "1",
        "today": "6",
        "shift": "0",
    }
    assert problems[0] >= 2 and "Counter" in page
    attack(pages, account, times=3)
    loud = text_of(screen.get())
    assert 'data-level="sound"' in loud
    pages.db.write(
        pages.house.merchant_id,
        lambda tx: set_posture(tx, desk_actor(tx.merchant_id), state="lockdown", why=MARK),
    )
    locked = text_of(screen.get())
    for text in (page, loud, locked, text_of(pages.get("/wall"))):
        named = [
            one for one in (MARK, "欧阳", "12345678", "5678", "203.0.113", "HF-20", "安徽") if one in text
        ]
        assert named == []
        assert not re.search(r"<(form|button|a|input|select)\b", text), "no control"


def test_a_link_of_a_shop_shows_that_shop(pages: Pages) -> None:
    merchant_id = pages.house.merchant_id
    pages.take(make_draft())
    bad = pages.take(make_draft(lines=()))
    other = pages.db.write(
        merchant_id, lambda tx: create_shop(tx, code="BJ", name="北京店", zone="Asia/Shanghai")
    )
    here, there = (
        pages.db.read(merchant_id, lambda tx, n=n: read_wall(tx, shop_id=n))
        for n in (pages.house.shop.id, other.id)
    )
    assert (here.orders_today, here.counts.held, there.orders_today, there.counts.held) == (
        2,
        1,
        0,
        0,
    ) and bad
    screen = Screen(pages)
    screen.open(make_link(pages, shop=str(other.id)))
    page = text_of(screen.get())
    assert "北京店" in page and tile(page, "today") == "0"


def test_a_wall_asks_as_often_however_much_there_is(pages: Pages) -> None:
    screen = Screen(pages)
    screen.open(make_link(pages))
    with counted() as taken:
        asked = []
        for n in (0, 1, 3):
            if n:
                make_busy(pages, n, first=n)
            taken()
            assert screen.get().status_code == 200
            asked.append(taken())
    assert max(asked) <= MOST_ASKED, asked
    assert asked[2] <= asked[1] and asked[1] <= asked[0] + 2, asked


@contextmanager
def _soon() -> Iterator[None]:
    kept = live.ASK_SECONDS, live.LOOK_SECONDS
    live.ASK_SECONDS, live.LOOK_SECONDS = 0.2, 0.1
    try:
        yield
    finally:
        live.ASK_SECONDS, live.LOOK_SECONDS = kept


def test_a_stream_tells_areas_alone_and_ends_with_its_link(pages: Pages) -> None:
    screen = Screen(pages)
    screen.open(make_link(pages))
    request = SimpleNamespace(
        app=pages.client.app, cookies={"tocsin_wall": screen.cookie}, client=SimpleNamespace(host="192.0.2.1"),
        headers={}, query_params={}, url=SimpleNamespace(path="/wall/events"),
    )  # fmt: skip

    def revoke() -> None:
        pages.take(make_draft(external_id=MARK))
        time.sleep(0.5)
        found = re.search(r"/settings/walls/(\d+)/revocation", text_of(pages.get("/settings/walls")))
        assert found and pages.post(f"/settings/walls/{found[1]}/revocation").status_code == 303

    async def listen() -> list[bytes]:
        viewer, heard = await asyncio.to_thread(wall._look, request), list[bytes]()  # type: ignore[arg-type]
        assert viewer.state == "open"
        doing = asyncio.create_task(asyncio.to_thread(revoke))
        async with asyncio.timeout(20):
            async for piece in wall._frames(request, viewer):  # type: ignore[arg-type]
                heard.append(piece)
        await doing
        return heard

    with _soon():
        heard = b"".join(asyncio.run(listen())).decode()
    assert "event: changed\ndata: orders" in heard
    assert set(re.findall(r"data: (.*)", heard)) <= {"1", *_areas(heard)}
    assert screen.get("/wall/events").status_code == 303


def _areas(heard: str) -> set[str]:
    told = re.findall(r"event: changed\ndata: (.*)", heard)
    assert {one for each in told for one in each.split()} <= {
        "orders",
        "jobs",
        "downloads",
        "imports",
        "desk",
        "alarm",
    }
    return set(told)
