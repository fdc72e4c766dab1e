"""Webhooks on their pages and over the API: made with a secret shown once, tested, switched off and on, removed."""

import re

from tests.web.pages import Pages, text_of
from tocsin.orders.outbound import KINDS

AT = "/settings/webhooks"
FORM = [("name", "仓库"), ("url", "https://wms.example.com/in"), *(("kinds", kind) for kind in KINDS)]


def test_a_webhook_is_made_with_a_secret_that_is_shown_once_and_lives(pages: Pages) -> None:
    assert "No program is told yet" in text_of(pages.get(AT))
    keyed = [*FORM, ("form_key", "a-key-of-the-form")]
    made = text_of(pages.post(AT, form=keyed))
    (secret,) = re.findall(r"whsec_[\w+/=]+", made)
    again = pages.post(AT, form=keyed)
    assert (again.status_code, again.headers["location"]) == (303, AT)
    (page,) = set(re.findall(rf'"({AT}/\d+)"', text_of(pages.get(AT))))
    shown = text_of(pages.get(page))
    assert secret not in shown
    assert "https://wms.example.com/in" in shown
    assert pages.post(f"{page}/test").headers["location"] == f"{page}?done=webhook_sent#deliveries"
    shown = text_of(pages.get(page))
    (delivery,) = set(re.findall(r"/settings/webhook-deliveries/\d+/repeat", shown))
    assert pages.post(delivery).headers["location"].startswith(page)
    renewed = text_of(pages.post(f"{page}/secret"))
    assert re.findall(r"whsec_[\w+/=]+", renewed) not in ([], [secret])
    pages.post(f"{page}/state", active="0")
    assert "Paused" in text_of(pages.get(AT))
    pages.post(f"{page}/state", active="1")
    assert pages.post(page, form=[("name", "WMS"), ("kinds", "order.held")]).status_code == 303
    assert "WMS" in text_of(pages.get(AT))
    assert pages.post(f"{page}/replay", since="2026-11-01", until="2026-11-02").status_code == 303
    assert pages.post(f"{page}/replay", since="soon", until="").status_code == 422
    assert pages.post(f"{page}/removal").headers["location"] == f"{AT}?done=dropped"
    assert pages.get(page).status_code == 404


def test_what_is_wrong_is_said_at_its_field_and_only_who_sets_the_shop_up_may(pages: Pages) -> None:
    wrong = pages.post(AT, form=[("name", "x"), ("url", "ftp://a/")])
    assert wrong.status_code == 422
    assert "f-url-say" in text_of(wrong)
    for role in ("clerk", "checker", "auditor"):
        assert pages.get(AT, role=role).status_code == 403
        assert pages.post(AT, role=role, form=FORM).status_code == 403
    assert pages.get(AT, role="").status_code == 303


def test_the_same_over_the_api(pages: Pages) -> None:
    given = {"name": "WMS", "url": "https://wms.example.com/in", "kinds": ["order.held"]}
    made = pages.ask("POST", "/webhooks", json=given)
    assert made.status_code == 201, made.text
    at = f"/webhooks/{made.json()['id']}"
    assert made.json()["secret"].startswith("whsec_")
    (listed,) = pages.ask("GET", "/webhooks").json()
    assert (listed["host"], listed["state"], listed["kinds"]) == ("wms.example.com", "active", ["order.held"])
    assert pages.ask("POST", f"{at}/test").status_code == 202
    (told,) = pages.ask("GET", f"{at}/messages").json()
    assert (told["kind"], told["state"], told["message_id"][:4]) == ("test", "waiting", "evt_")
    assert pages.ask("POST", f"/webhook-messages/{told['id']}/repeat").status_code == 202
    assert pages.ask("POST", f"{at}/state", json={"active": False}).status_code == 200
    span = {"since": "2026-11-01T00:00:00Z", "until": "2026-11-02T00:00:00Z"}
    assert pages.ask("POST", f"{at}/replay", json=span).json()["messages"] == 0
    assert pages.ask("POST", f"{at}/replay", json={**span, "until": ""}).status_code == 422
    assert (
        pages.ask("POST", "/webhooks", json={**given, "url": "http://u:p@a/"}).json()["code"]
        == "place_refused"
    )
    assert pages.ask("POST", "/webhooks", json=given, role="clerk").status_code == 403
    assert pages.ask("DELETE", at).status_code == 200
    assert pages.ask("DELETE", at).status_code == 404
