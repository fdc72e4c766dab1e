"""A new password by a code: shown once by a superior, typed with the name, and told to the account's owner."""

import re

import httpx

from tests.web.pages import Pages, text_of
from tests.web.test_access import PASSWORD, clerk, sign_in
from tests.web.test_operators import page_of
from tocsin.core import clock

NEW = "seven green kettles sing at dawn"


def make_code(pages: Pages, role: str = "owner") -> str:
    """Return a new code for the clerk, from the page that shows it."""
    answer = pages.post(f"{page_of(pages)}/code", role=role)
    found = re.search(r'class="mono secret">([0-9A-Z-]{9})<', text_of(answer))
    assert found, answer.text
    return found[1]


def reset(
    pages: Pages, code: str, password: str = NEW, *, again: str = "", name: str = "wangxiaoer"
) -> httpx.Response:
    form = {"name": name, "code": code, "password": password, "again": again or password}
    answer = pages.post("/reset", role="", form=form.items())
    pages.client.cookies.clear()
    return answer


def test_a_code_sets_a_password_once_and_signs_in(pages: Pages) -> None:
    clerk(pages)
    cookie = f"tocsin_session={sign_in(pages).cookies['tocsin_session']}"
    code = make_code(pages)
    assert 'autocomplete="one-time-code"' in text_of(pages.get("/reset", role=""))
    entered = reset(pages, code)
    assert (entered.status_code, entered.headers["location"]) == (303, "/orders")
    assert pages.client.get("/orders", headers={"cookie": cookie}, follow_redirects=False).status_code == 303
    assert sign_in(pages).status_code == 401
    new = sign_in(pages, NEW)
    assert new.status_code == 303
    told = pages.client.get(
        "/orders?locale=en", headers={"cookie": f"tocsin_session={new.cookies['tocsin_session']}"}
    )
    assert "Your password was set anew with a code" in told.text and "/lock-account" in told.text
    used = reset(pages, code, "another long enough sentence")
    assert used.status_code == 401 and code not in text_of(pages.get(page_of(pages)))


def test_what_is_refused_is_said_at_the_form_and_the_code_stays_open(pages: Pages) -> None:
    clerk(pages)
    code = make_code(pages)
    for given, again, place in (
        ("short", "", "password"), ("wangxiaoer at the desk", "", "password"), ("aaaaaaaaaaaaaaaa", "", "password"),
        (NEW, "something else", "again"),
    ):  # fmt: skip
        refused = reset(pages, code, given, again=again)
        assert refused.status_code == 422 and f'id="f-{place}-say"' in refused.text, given
        assert f'value="{given}"' not in refused.text
    assert reset(pages, code, name="").status_code == 422
    assert reset(pages, code).status_code == 303


def test_a_wrong_code_an_old_one_and_an_unknown_name_read_the_same(pages: Pages) -> None:
    clerk(pages)
    code = make_code(pages)
    wrong, unknown = reset(pages, "0000-0000"), reset(pages, "0000-0000", name="nobody")
    clock.shift_clock(16 * clock.MINUTE_US)
    old = reset(pages, code)
    clock.shift_clock(0)
    said = [
        re.sub(r'data-once value="[^"]*"', "", one.text).replace("wangxiaoer", "nobody").replace(code, "0000-0000")
        for one in (wrong, unknown, old)
    ]  # fmt: skip
    assert wrong.status_code == unknown.status_code == old.status_code == 401
    assert said[0] == said[1] == said[2]


def test_only_a_superior_makes_one_and_the_owners_own_codes_are_his(pages: Pages) -> None:
    clerk(pages)
    for role in ("owner", "manager"):
        assert make_code(pages, role)
    for role in ("clerk", "checker", "auditor"):
        assert pages.post(f"{page_of(pages)}/code", role=role).status_code == 403, role
        assert pages.post("/settings/recovery-codes", role=role).status_code == 403, role
    shown = text_of(pages.post("/settings/recovery-codes"))
    codes = re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", shown)
    assert len(set(codes)) == 10
    page = text_of(pages.get("/settings/sessions?locale=en"))
    assert "10 recovery codes are unused" in page and codes[0] not in page
    owner = f"owner-{pages.house.merchant_id}"
    assert reset(pages, codes[0], name=owner).status_code == 303
    assert reset(pages, codes[0], name=owner).status_code == 401


def test_guessing_codes_is_slowed_down(pages: Pages) -> None:
    clerk(pages)
    answers = [reset(pages, f"{n:04}-0000") for n in range(8)]
    assert answers[0].status_code == 401 and answers[-1].status_code == 429
    assert sign_in(pages, PASSWORD).status_code == 303, "codes lock no password"
