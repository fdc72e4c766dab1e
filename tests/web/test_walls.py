"""Each of these pages as nobody, as a role without the right, without its form's token, and with hostile input."""

import pytest

from tests.api.door import BASE
from tests.house import make_draft
from tests.web.pages import Pages, text_of

# (method, path, a role that lacks the right)
DOORS = [
    ("GET", "/imports", "checker"), ("POST", "/imports/7/commit", "checker"), ("GET", "/imports/7", "auditor"),
    ("GET", "/quarantine", "station"), ("POST", "/quarantine/7/dismissal", "checker"),
    ("GET", "/quarantine/7", "checker"), ("POST", "/quarantine/7/retry", "checker"), ("GET", "/imports/7/errors.csv", "checker"),
    ("GET", "/profiles", "checker"), ("POST", "/profiles/sheets/7", "checker"), ("POST", "/profiles/7/removal", "checker"),
    ("GET", "/pictures", "station"), ("GET", "/pictures/orders.csv", "station"), ("GET", "/pictures/attempts.csv", "clerk"), ("GET", "/campaigns", "station"), ("GET", "/campaigns/7", "station"), ("POST", "/campaigns/7", "clerk"), ("POST", "/campaigns/7/closure", "clerk"),
    ("POST", "/campaigns/7/undo", "clerk"), ("GET", "/campaigns/7/packing", "station"), ("GET", "/campaigns/7/packing.csv", "station"),
    ("GET", "/profiles/sheets/7", "checker"), ("POST", "/profiles/sheets/7/preview", "checker"),
    ("GET", "/downloads", "checker"), ("POST", "/downloads", "checker"), ("GET", "/downloads/7/file", "checker"),
    ("GET", "/lookups", "station"), ("GET", "/lookups?of=all", "clerk"), ("GET", "/lookups/7", "station"),
    ("GET", "/settings/watch-list", "clerk"), ("POST", "/settings/watch-list", "checker"), ("POST", "/settings/watch-list/7/removal", "clerk"),
    ("GET", "/second-person", "station"), ("POST", "/second-person", "station"), ("POST", "/second-person/7/answer", "clerk"), ("GET", "/orders/{number}/lookups", "clerk"),
    ("GET", "/terminals", "station"), ("GET", "/terminals/7", "station"), ("POST", "/terminals/7/prints", "auditor"),
    ("POST", "/terminals/7/pause", "auditor"), ("POST", "/jobs/7/settlement", "auditor"),
    ("POST", "/jobs/7/reprint", "auditor"), ("GET", "/orders/{number}/ticket.png", "station"),
    ("GET", "/orders/{number}/ticket", "station"), ("POST", "/orders/{number}/ticket", "station"), ("GET", "/jobs/7/ticket", "station"),
    ("GET", "/jobs/7/ticket.png", "station"), ("GET", "/held", "station"),
    ("POST", "/held/acknowledgements", "auditor"), ("GET", "/orders/{number}/revise", "checker"),
    ("POST", "/orders/{number}/revise", "auditor"), ("GET", "/settings/printers", "station"),
    ("GET", "/settings/templates", "clerk"), ("POST", "/settings/templates", "clerk"), ("GET", "/settings/templates/logo.png", "clerk"),
    ("GET", "/settings/templates/sample.png", "clerk"),
    ("POST", "/settings/printers", "clerk"), ("POST", "/settings/printers/7/test", "clerk"),
    ("POST", "/settings/printers/7/probe", "auditor"), ("POST", "/settings/printers/7/removal", "clerk"),
    ("GET", "/settings/printers/7", "station"), ("POST", "/settings/printers/7/acceptance", "clerk"), ("POST", "/settings/printers/7/rest", "clerk"),
    ("POST", "/settings/printers/7/search", "clerk"), ("POST", "/settings/printers/7/place", "clerk"),
    ("GET", "/settings/printers/7/replacement", "clerk"), ("POST", "/settings/printers/7/replacement", "clerk"),
    ("POST", "/settings/printers/7/replacement/test", "clerk"), ("POST", "/settings/printers/7/replacement/undo", "clerk"),
    ("GET", "/scan", "station"), ("GET", "/events", "station"), ("GET", "/alarm", "station"), ("POST", "/posture", "clerk"),
    ("GET", "/incidents/7", "station"), ("POST", "/incidents/7/silence", "station"), ("POST", "/incidents/7/clearance", "clerk"),
    ("POST", "/incidents/7/acknowledgement", "station"), ("GET", "/settings/alarm", "station"), ("POST", "/settings/alarm", "clerk"),
]  # fmt: skip
HOSTILE = ("-1", "0", "9" * 40, "x", "١٢", "1e3", "%F0%9F%92%A9", "..", "1;drop", "' or 1=1--")


def test_each_page_asks_who_and_whether_he_may(pages: Pages) -> None:
    number = pages.take(make_draft()).number
    for method, path, lacks in DOORS:
        where = path.format(number=number)
        ask = pages.get if method == "GET" else pages.post
        nobody, wrong = ask(where, role=""), ask(where, role=lacks)
        assert nobody.status_code == 303, where
        assert nobody.headers["location"].startswith("/sign-in?next=/"), where
        assert wrong.status_code == 403, (where, wrong.status_code)
        if method == "POST":
            foreign = pages.post(where, token="another session's")
            assert foreign.status_code == 403, where
            assert "form_foreign" in foreign.text or "made in an earlier session" in foreign.text, where


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_address_breaks_the_desk(pages: Pages, hostile: str) -> None:
    number = pages.take(make_draft()).number
    for method, path, _ in DOORS:
        if path == "/events":
            continue
        where = path.format(number=hostile).replace("/7", f"/{hostile}")
        ask = pages.get if method == "GET" else pages.post
        assert ask(where).status_code < 500, where
    for path in (
        f"/held?kind={hostile}&code={hostile}&after={hostile}&trail={hostile}", f"/lookups?before={hostile}&of={hostile}",
        f"/terminals?before={hostile}&queued={hostile}&held={hostile}", f"/quarantine?before={hostile}",
        f"/scan?code={hostile}", f"/t/{hostile}", f"/settings/printers?said={hostile}&locale={hostile}",
        f"/downloads?new={hostile}&state={hostile}",
    ):  # fmt: skip
        assert pages.get(path).status_code < 500, path
    for path in (
        "/downloads", f"/orders/{number}/revise", "/settings/printers", "/terminals/0/prints", "/held/acknowledgements",
    ):  # fmt: skip
        names = ("order", "orders", "revision", "amount_from", "date_from", "hold", "format", "line_count", "terminal",
                 "totals.payable", "lines.0.quantity", "lines.0.total", "delivery", "driver", "address", "name", "paper_mm",
                 "reason", "receiver.phone")  # fmt: skip
        text_of(pages.post(path, form=[(name, hostile) for name in names]))


def test_what_was_typed_in_an_earlier_session_is_shown_again_and_not_done(pages: Pages) -> None:
    order = pages.take(make_draft())
    path = f"/orders/{order.number}"
    typed = {"revision": "1", "reason": "because 77", "merchant_note": "a note of 88", "until": ""}
    for at in (f"{path}/amendments", f"{path}/revise", f"{path}/holds"):
        answer = pages.post(at, token="another session's", form=typed.items())
        assert answer.status_code == 403 and "because 77" in answer.text, at
        assert ("a note of 88" in answer.text) is not at.endswith("holds"), at
        assert "made in an earlier session" in answer.text and 'name="csrf" value="another' not in answer.text
    new = pages.post(
        "/orders", token="x", form={"receiver.name": "王小明", "lines.0.title": "酥梨 99"}.items()
    )
    assert new.status_code == 403 and "酥梨 99" in new.text and "made in an earlier session" in new.text
    pasted = pages.post("/orders/new", token="x", pasted="some chat 66")
    assert pasted.status_code == 403 and "some chat 66" in pasted.text
    assert pages.again(order) == order
    host = {n: v for n, v in pages.headers("owner").items() if n != "x-csrf"}
    lost = pages.client.post(
        "/screens", content="title=x&csrf=x",
        headers={**host, "content-type": "application/x-www-form-urlencoded", "referer": f"{BASE}/screens?state=new"},
    )  # fmt: skip
    assert (
        lost.status_code == 403 and 'href="/screens?state=new"' in lost.text and "复制已填内容" in lost.text
    )
