"""Connections on their pages: connected with an address to paste, secrets masked, paused, removed."""

import re

from tests.orders.senders import GIVEN, call_of, order_of
from tests.web.pages import Pages, text_of
from tocsin.orders.connection import list_connections

AT = "/settings/connections"


def connect(pages: Pages, kind: str = "woocommerce", **given: str) -> str:
    answer = pages.post(AT, form=list({"kind": kind, "connection": "网店", **GIVEN[kind], **given}.items()))
    assert answer.status_code == 303, text_of(answer)
    return answer.headers["location"].partition("?")[0]


def test_a_connection_is_made_and_its_address_works(pages: Pages) -> None:
    assert "No shop calls this desk yet" in text_of(pages.get(AT))
    page = connect(pages)
    shown = text_of(pages.get(page))
    (token,) = re.findall(r'/hooks/([\w-]{43})"', shown)
    assert 'value="whist"' in shown and "Nothing has come yet" in shown
    call = call_of("woocommerce", order_of("woocommerce", "7"), delivery="1")
    assert pages.client.post(call.path(token), content=call.body, headers=call.headers).status_code == 200
    shown = text_of(pages.get(page))
    assert "whist" not in shown and "order.updated" in shown and "</svg>new<" in shown
    forged = call_of("woocommerce", order_of("woocommerce", "7"), delivery="2", secret="guess")
    pages.client.post(call.path(token), content=forged.body, headers=forged.headers)
    assert "1 call had a wrong signature" in text_of(pages.get(page)) and "Fault" in text_of(pages.get(AT))
    assert pages.post(f"{page}/keys", form=list({"secret": "new"}.items())).status_code == 303
    assert "wrong signature" not in text_of(pages.get(page))
    assert pages.post(f"{page}/test").headers["location"].endswith("done=tested")
    pages.post(f"{page}/pause", form=list({"paused": "1"}.items()))
    assert "Paused" in text_of(pages.get(AT))
    assert pages.post(f"{page}/removal").headers["location"] == f"{AT}?done=dropped"
    assert pages.get(page).status_code == 404 and "网店" not in text_of(pages.get(AT))
    assert pages.client.post(call.path(token), content=call.body, headers=call.headers).status_code == 404


def test_what_is_wanting_is_said_at_its_field_and_a_form_counts_once(pages: Pages) -> None:
    wrong = pages.post(
        AT, form=list({"kind": "wechat", "connection": "小店", **GIVEN["wechat"], "aes_key": "short"}.items())
    )
    assert (
        wrong.status_code == 422
        and "f-aes_key-say" in text_of(wrong)
        and "wx49f0ab532d5d035a" in text_of(wrong)
    )
    assert "hush" not in text_of(wrong) and "short" not in text_of(wrong)
    form = {"kind": "shopify", "connection": "pears", **GIVEN["shopify"], "form_key": "a-key-of-the-form"}
    assert (
        pages.post(AT, form=list(form.items())).headers["location"]
        == pages.post(AT, form=list(form.items())).headers["location"]
    )
    assert len(pages.db.read(pages.house.merchant_id, list_connections)) == 1
    assert all(f'kind={kind}#new"' in text_of(pages.get(AT)) for kind in GIVEN)


def test_only_who_sets_the_shop_up_may_look_or_touch(pages: Pages) -> None:
    page = connect(pages)
    for path in (AT, page):
        assert pages.get(path, role="clerk").status_code == 403
    for path in (AT, f"{page}/keys", f"{page}/pause", f"{page}/test", f"{page}/removal"):
        assert (
            pages.post(
                path, role="clerk", form=list({"kind": "shopify", "connection": "x", "secret": "x"}.items())
            ).status_code
            == 403
        )
        assert pages.post(path, token="another session's").status_code == 403
