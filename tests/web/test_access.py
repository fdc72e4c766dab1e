"""Sign-in, sign-out and the owner's link as pages."""

import re

import httpx

from tests.api.door import BASE
from tests.web.pages import Pages, text_of
from tocsin.access.lapsed import GREETED_US
from tocsin.access.operator import add_operator
from tocsin.access.owner_link import create_owner_link
from tocsin.access.password import hash_password
from tocsin.access.session import csrf_token, end_by_token
from tocsin.core.clock import MINUTE_US, shift_clock

PASSWORD = "hippo piano stamp desert kite"


def clerk(pages: Pages, name: str = "wangxiaoer") -> None:
    hashed = hash_password(PASSWORD)
    pages.db.write(pages.house.merchant_id, lambda tx: add_operator(
        tx, name=name, display_name=name, role="clerk", password_hash=hashed, locale="zh_CN", zone="UTC", created_by=0
    ))  # fmt: skip


def sign_in(
    pages: Pages, password: str = PASSWORD, *, name: str = "wangxiaoer", back: str = ""
) -> httpx.Response:
    answer = pages.post("/sign-in/password", role="", username=name, password=password, back=back)
    pages.client.cookies.clear()
    return answer


def test_nobody_is_led_to_the_sign_in_and_back(pages: Pages) -> None:
    asked = pages.get("/orders?q=1849", role="")
    assert asked.status_code == 303
    assert asked.headers["location"] == "/sign-in?next=/orders%3Fq%3D1849"
    assert 'value="/orders?q=1849"' in text_of(pages.get(asked.headers["location"], role=""))


def test_who_sent_a_form_signed_out_comes_back_to_its_page(pages: Pages) -> None:
    host = {"content-type": "application/x-www-form-urlencoded", "origin": BASE}
    for referer, place in (
        (f"{BASE}/screens/to-print?after=7", "/sign-in?next=/screens/to-print%3Fafter%3D7"), ("", "/sign-in?next=/"),
        ("https://elsewhere.test/orders", "/sign-in?next=/"), (f"{BASE}//elsewhere.test", "/sign-in?next=/"),
        ("http://[", "/sign-in?next=/"),
    ):  # fmt: skip
        answer = pages.client.post(
            "/orders/X/holds",
            content="reason=x",
            headers={**host, "referer": referer},
            follow_redirects=False,
        )
        assert (answer.status_code, answer.headers["location"]) == (303, place), referer
    for act in ("cancellation", "holds", "acknowledgements", "marks", "retrieval"):
        assert pages.get(f"/orders/X/{act}").headers["location"] == "/orders/X"


def test_name_then_password_then_the_orders(pages: Pages) -> None:
    clerk(pages)
    named = pages.post("/sign-in", role="", name=" wangxiaoer ", back="/screens")
    assert (
        named.status_code == 200 and 'value="wangxiaoer"' in named.text and "/sign-in/password" in named.text
    )
    entered = sign_in(pages, back="/screens")
    assert (entered.status_code, entered.headers["location"]) == (303, "/screens")
    assert "httponly" in entered.headers["set-cookie"].lower()
    cookie = f"tocsin_session={entered.cookies['tocsin_session']}"
    assert "wangxiaoer" in text_of(pages.client.get("/orders", headers={"cookie": cookie}))


def test_a_wrong_password_and_an_unknown_name_read_the_same(pages: Pages) -> None:
    clerk(pages)
    wrong, unknown = sign_in(pages, "not it"), sign_in(pages, name="nobody")
    assert wrong.status_code == unknown.status_code == 401
    said = [re.sub(r'data-once value="[^"]*"', "", one.text) for one in (wrong, unknown)]
    assert said[0].replace("wangxiaoer", "nobody") == said[1]
    assert "aria-invalid" in wrong.text and "not it" not in wrong.text


def test_after_too_many_tries_it_says_how_long_to_wait(pages: Pages) -> None:
    clerk(pages)
    answers = [sign_in(pages, f"wrong {n}") for n in range(7)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


def test_it_never_leads_to_another_site(pages: Pages) -> None:
    clerk(pages)
    for back in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\r\nx: y",
    ):
        assert sign_in(pages, back=back).headers["location"] == "/orders"


def test_sign_out_ends_the_session_and_twice_is_no_fault(pages: Pages) -> None:
    assert pages.post("/sign-out", token="wrong").status_code == 403
    for _ in range(2):
        left = pages.post("/sign-out")
        assert (left.status_code, left.headers["location"]) == (303, "/sign-in?out")
    assert pages.get("/orders").status_code == 303


def test_an_empty_name_stays_on_the_page(pages: Pages) -> None:
    answer = pages.post("/sign-in", role="", name="  ")
    assert answer.status_code == 422 and "aria-invalid" in answer.text


def test_the_owner_is_created_once(pages: Pages) -> None:
    merchant_id = pages.house.merchant_id
    token = pages.db.write(merchant_id, lambda tx: create_owner_link(tx, merchant_id))
    assert "徽州好物" in text_of(pages.get(f"/owner/{token}", role=""))
    other = pages.post(f"/owner/{token}", role="", name="wang", password=PASSWORD, again="another")
    assert other.status_code == 422 and 'value="wang"' in other.text
    short = pages.post(f"/owner/{token}", role="", name="wang", password="short", again="short")
    assert short.status_code == 422 and 'value="wang"' in short.text and "15" in short.text
    made = pages.post(f"/owner/{token}", role="", name="wang", password=PASSWORD, again=PASSWORD)
    codes = re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", text_of(made))
    assert made.status_code == 200 and len(set(codes)) == 10 and 'href="/start"' in made.text
    assert "tocsin_session=" in made.headers["set-cookie"]
    pages.client.cookies.clear()
    assert (
        pages.post(f"/owner/{token}", role="", name="li", password=PASSWORD, again=PASSWORD).status_code
        == 410
    )
    assert pages.get(f"/owner/{token}", role="").status_code == 410
    assert sign_in(pages, name="wang").status_code == 303


def test_a_language_that_was_asked_for_is_kept(pages: Pages) -> None:
    answer = pages.get("/sign-in?locale=zh_CN", role="")
    assert "登录" in answer.text and "tocsin_locale=zh_CN" in answer.headers["set-cookie"]
    assert 'lang="en"' in pages.get("/sign-in?locale=xx", role="", **{"accept-language": "en"}).text


def test_forms_that_are_no_text_are_refused(pages: Pages) -> None:
    for body in (b"name=%ff", b"name=a%00b", "name=é".encode(), b"&".join([b"a=b"] * 20_001)):
        headers = {"origin": BASE, "content-type": "application/x-www-form-urlencoded"}
        assert pages.client.post("/sign-in", content=body, headers=headers).status_code == 422


def test_a_change_of_language_keeps_the_page_and_where_it_leads(pages: Pages) -> None:
    door = text_of(pages.get("/sign-in?next=/held", role=""))
    assert '<input type="hidden" name="next" value="/held">' in door
    asked = pages.post("/sign-in?locale=zh_CN", role="", name="nobody", back="/held")
    assert "tocsin_locale=zh_CN" in asked.headers["set-cookie"]
    page = text_of(asked)
    assert 'name="password"' in page and "密码登录" in page
    foot = page[page.index('class="foot"') :]
    assert (
        '<form method="post" action="/sign-in" data-elsewhere>' in foot
        and 'formaction="/sign-in?locale=en"' in foot
    )
    assert 'name="name" value="nobody"' in foot and 'name="back" value="/held"' in foot


def test_who_has_not_signed_out_need_not_type_his_name(pages: Pages) -> None:
    """A session that lapsed tells whose it was, to the browser that still has it; one that somebody ended tells nobody."""
    clerk(pages)

    def opened() -> str:
        return str(
            re.search(r"tocsin_session=([^;]+)", sign_in(pages).headers.get_list("set-cookie")[0]).group(1)
        )  # type: ignore[union-attr]

    def asked(token: str, query: str = "") -> httpx.Response:
        answer = pages.client.get(f"/sign-in?next=/screens{query}", headers={"cookie": f"tocsin_session={token}"}, follow_redirects=False)  # fmt: skip
        pages.client.cookies.clear()
        return answer

    token, out = opened(), opened()
    assert asked(token).headers["location"] == "/screens", "it lives"
    left = {
        "cookie": f"tocsin_session={out}",
        "content-type": "application/x-www-form-urlencoded",
        "origin": BASE,
    }
    gone = pages.client.post(
        "/sign-out", content=f"csrf={csrf_token(out)}", headers=left, follow_redirects=False
    )
    assert "tocsin_session=" in gone.headers["set-cookie"] and "wangxiaoer" not in asked(out).text
    shift_clock(13 * 60 * MINUTE_US)
    greeted = asked(token)
    assert "<b>wangxiaoer</b>" in greeted.text and 'action="/sign-in/password"' in greeted.text
    assert 'name="back" value="/screens"' in greeted.text
    assert "wangxiaoer" not in asked(out).text + asked(token[:-1] + "x").text + asked("7.x").text
    assert "wangxiaoer" not in asked(token, "&set").text, "a notice comes first"
    assert 'action="/sign-in/other"' in greeted.text
    other = asked(token, "&other")
    assert 'name="name"' in other.text and "wangxiaoer" not in other.text
    assert not {"set-cookie", "clear-site-data"} & set(other.headers), "a link changes nothing"
    pages.db.write(pages.house.merchant_id, lambda tx: end_by_token(tx, token=token, reason="ended"))
    assert "wangxiaoer" not in asked(token).text
    old = opened()
    shift_clock(2 * GREETED_US)
    assert "wangxiaoer" not in asked(old).text
