"""Operators as pages: invited, bounded, given a code, let go; each as the right role, the wrong one, and twice."""

import re

from tests.web.pages import Pages, text_of
from tests.web.test_access import PASSWORD, clerk, sign_in
from tocsin.access.operator import list_operators

NEW = "seven green kettles sing at dawn"


def page_of(pages: Pages, name: str = "wangxiaoer") -> str:
    """Return the path of an operator's page."""
    found = pages.db.read(pages.house.merchant_id, lambda tx: list_operators(tx, pages.house.actor()))
    (one,) = [operator for operator in found if operator.name == name]
    return f"/settings/operators/{one.id}"


def invite(pages: Pages, role: str = "owner", **changes: str) -> str:
    """Return the path of an invitation, from the page that shows it this once."""
    form = {"name": "xiaoli", "display_name": "小丽", "role": "clerk", **changes}
    answer = pages.post("/settings/operators", role=role, form=form.items())
    found = re.search(r'value="http://localhost:8717(/join/[^"]+)"', text_of(answer))
    assert "--lan" in text_of(answer), "a link to localhost says where it opens"
    assert found, answer.text
    return found[1]


def test_who_is_invited_joins_with_a_password_of_his_own(pages: Pages) -> None:
    form = [("name", "xiaoli"), ("role", "clerk")]
    assert pages.get("/settings/operators", role="clerk").status_code == 403
    assert pages.post("/settings/operators", role="clerk", form=form).status_code == 403
    assert pages.post("/settings/operators", role="manager", form=[("name", "king"), ("role", "owner")]).status_code == 403  # fmt: skip
    link = invite(pages)
    assert pages.post("/settings/operators", form=form).status_code == 409, "twice"
    assert "小丽" in text_of(pages.get("/settings/operators")) and link not in text_of(
        pages.get("/settings/operators")
    )
    assert "xiaoli" in text_of(pages.get(link, role=""))
    for given, again, place in (("short", "short", "password"), (NEW, "another", "again")):
        refused = pages.post(link, role="", password=given, again=again)
        assert refused.status_code == 422 and f'id="f-{place}-say"' in refused.text
    assert text_of(pages.get("/settings/operators?locale=en")).count(">Invited<") == 1
    joined = pages.post(f"{link}?locale=zh_CN", role="", password=NEW, again=NEW)
    assert (joined.status_code, joined.headers["location"]) == (303, "/orders")
    assert "tocsin_locale=zh_CN" in joined.headers["set-cookie"], "as he read the invitation"
    pages.client.cookies.clear()
    assert ">Invited<" not in text_of(pages.get("/settings/operators?locale=en"))
    assert pages.get(link, role="").status_code == 410
    assert pages.post(link, role="", password=NEW, again=NEW).status_code == 410
    assert sign_in(pages, NEW, name="xiaoli").status_code == 303


def test_or_is_led_to_make_a_passkey(pages: Pages) -> None:
    link = invite(pages)
    joined = pages.post(f"{link}/passkey", role="")
    assert (joined.status_code, joined.headers["location"]) == (303, "/settings/passkeys")
    assert "tocsin_session=" in joined.headers["set-cookie"]
    pages.client.cookies.clear()
    assert pages.post(f"{link}/passkey", role="").status_code == 410


def test_a_short_password_is_set_and_leads_to_the_sign_in(pages: Pages) -> None:
    link = invite(pages)
    joined = pages.post(link, role="", password="mk7-pear", again="mk7-pear")
    assert (joined.status_code, joined.headers["location"]) == (303, "/sign-in?set")
    assert "enrolled desks" in text_of(pages.get("/sign-in?set&locale=en", role=""))
    assert sign_in(pages, "mk7-pear", name="xiaoli").status_code == 401


def test_one_is_changed_switched_off_and_let_go_by_who_is_above(pages: Pages) -> None:
    clerk(pages)
    path = page_of(pages)
    assert "wangxiaoer" in text_of(pages.get(path))
    for role in ("clerk", "checker", "auditor"):
        for act in ("role", "bounds", "code", "deactivation", "lost-phone", "departure", "invitation"):
            assert pages.post(f"{path}/{act}", role=role, form=[("role", "checker")]).status_code == 403, act
        assert pages.get(path, role=role).status_code == 403
    assert pages.post(f"{path}/role", role="").status_code == 303
    assert pages.post(f"{path}/role", token="another session's").status_code == 403
    assert pages.post(f"{path}/role", form=[("role", "checker")]).status_code == 303
    assert pages.post(f"{path}/role", form=[("role", "god")]).status_code == 422
    assert pages.post(f"{path}/nonsense").status_code == 404
    assert pages.post("/settings/operators/7/deactivation").status_code == 404
    for act in ("deactivation", "deactivation", "activation", "lost-phone", "departure"):
        assert pages.post(f"{path}/{act}", role="manager").status_code == 303, act
    assert pages.post(f"{path}/departure").status_code == 409, "twice"
    assert pages.post(f"{path}/activation").status_code == 409
    left = text_of(pages.get(f"{path}?locale=en"))
    assert "The password is deleted" in left and "/invitation" in left and "/bounds" not in left
    assert "/join/" in text_of(pages.post(f"{path}/invitation"))


def test_bounds_are_kept_as_typed_and_what_is_wrong_is_said_with_it(pages: Pages) -> None:
    clerk(pages)
    path, shop = page_of(pages), str(pages.house.shop.id)
    form = [
        ("mon_from", "08:00"),
        ("mon_to", "17:30"),
        ("networks", "192.0.2.0/24"),
        ("desks_only", "1"),
        ("shop", shop),
    ]
    assert pages.post(f"{path}/bounds", form=form).status_code == 303
    page = text_of(pages.get(path))
    assert 'value="17:30"' in page and 'value="192.0.2.0/24"' in page and page.count(" checked") == 2
    wrong = pages.post(f"{path}/bounds", form=[("tue_from", "9"), ("tue_to", "17:00"), ("networks", "x")])
    assert wrong.status_code == 422 and 'value="9"' in wrong.text and 'value="x"' in wrong.text
    assert sign_in(pages).status_code == 401, "from elsewhere"
    assert pages.post(f"{path}/bounds", form=[("networks", "")]).status_code == 303
    assert sign_in(pages, PASSWORD).status_code == 303
