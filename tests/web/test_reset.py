"""A new password in person: the link is made by a superior, shown once, and works once."""

import re

import httpx

from tests.web.pages import Pages, text_of
from tests.web.test_access import PASSWORD, clerk, sign_in
from tocsin.access.operator import list_operators
from tocsin.access.owner_link import create_owner_link
from tocsin.core import clock

NEW = "seven green kettles sing at dawn"


def path_of(pages: Pages, name: str) -> str:
    """Return where a link for an operator is asked for."""
    found = pages.db.read(pages.house.merchant_id, lambda tx: list_operators(tx, pages.house.actor()))
    (one,) = [operator for operator in found if operator.name == name]
    return f"/settings/operators/{one.id}/reset-link"


def make_link(pages: Pages, role: str = "owner") -> str:
    """Return the path of a new link for the clerk, from the page that shows it."""
    answer = pages.post(path_of(pages, "wangxiaoer"), role=role)
    found = re.search(r'value="http://localhost:8717(/reset/[^"]+)"', text_of(answer))
    assert found, answer.text
    return found[1]


def set_password(pages: Pages, link: str, password: str = NEW, again: str = "") -> httpx.Response:
    answer = pages.post(link, role="", password=password, again=again or password)
    pages.client.cookies.clear()
    return answer


def test_a_link_sets_a_password_once_and_ends_the_sessions(pages: Pages) -> None:
    clerk(pages)
    cookie = f"tocsin_session={sign_in(pages).cookies['tocsin_session']}"
    link = make_link(pages)
    pages.client.cookies.clear()
    form = text_of(pages.get(link, role=""))
    assert "wangxiaoer" in form and 'minlength="15"' in form
    entered = set_password(pages, link)
    assert (entered.status_code, entered.headers["location"]) == (303, "/orders")
    assert "tocsin_session=" in entered.headers["set-cookie"]
    assert pages.client.get("/orders", headers={"cookie": cookie}, follow_redirects=False).status_code == 303
    assert sign_in(pages).status_code == 401 and sign_in(pages, NEW).status_code == 303
    assert set_password(pages, link, "another long enough sentence").status_code == 410
    used = pages.get(link, role="")
    assert used.status_code == 410 and "wangxiaoer" not in used.text
    assert link not in text_of(pages.get("/settings/operators"))


def test_what_is_refused_is_said_at_the_form_and_the_link_stays_open(pages: Pages) -> None:
    clerk(pages)
    link = make_link(pages)
    for given, again, place in (
        ("short", "", "password"), ("wangxiaoer at the desk", "", "password"), ("aaaaaaaaaaaaaaaa", "", "password"),
        (NEW, "something else", "again"),
    ):  # fmt: skip
        refused = set_password(pages, link, given, again)
        assert refused.status_code == 422 and f'id="f-{place}-say"' in refused.text, given
        assert f'value="{given}"' not in refused.text
    assert set_password(pages, link).status_code == 303


def test_only_a_superior_makes_one_and_a_newer_one_voids_it(pages: Pages) -> None:
    clerk(pages)
    assert pages.get("/orders", role="owner").status_code == 200
    assert pages.get("/orders", role="manager").status_code == 200
    mine = path_of(pages, "wangxiaoer")
    for role in ("clerk", "checker", "auditor"):
        assert pages.post(mine, role=role).status_code == 403, role
    assert pages.post(mine, role="").status_code == 303
    assert pages.post(mine, token="another session's").status_code == 403
    above = path_of(pages, f"owner-{pages.house.merchant_id}")
    assert pages.post(above, role="manager").status_code == 403
    assert above not in text_of(pages.get("/settings/operators", role="manager"))
    assert pages.post("/settings/operators/7/reset-link").status_code == 404
    first = make_link(pages, "manager")
    second = make_link(pages)
    assert set_password(pages, first).status_code == 410 and set_password(pages, second).status_code == 303


def test_a_link_dies_after_a_day(pages: Pages) -> None:
    clerk(pages)
    link = make_link(pages)
    clock.shift_clock(clock.DAY_US + 1)
    try:
        assert pages.get(link, role="").status_code == 410
        assert set_password(pages, link).status_code == 410
    finally:
        clock.shift_clock(0)
    assert set_password(pages, link).status_code == 303


def test_the_two_kinds_of_links_are_not_each_others(pages: Pages) -> None:
    clerk(pages)
    reset, merchant_id = make_link(pages), pages.house.merchant_id
    owner = pages.db.write(merchant_id, lambda tx: create_owner_link(tx, merchant_id))
    pages.client.cookies.clear()
    assert pages.get(f"/reset/{owner}", role="").status_code == 410
    assert pages.get(reset.replace("/reset/", "/owner/"), role="").status_code == 410


def test_guessing_links_is_slowed_down(pages: Pages) -> None:
    answers = [set_password(pages, f"/reset/guess-{n}") for n in range(25)]
    assert answers[0].status_code == 410 and answers[-1].status_code == 429
    assert PASSWORD not in answers[-1].text
