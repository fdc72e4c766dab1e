"""What copies show, over the API."""

from tests.api.door import Door


def test_a_choice_is_made_against_the_revision_that_was_seen(door: Door):
    shown = door.ask("GET", "/templates").json()
    assert shown["revision"] == 0 and shown["copies"]["kitchen"]["hidden"] == [
        "logo",
        "payment",
        "prices",
        "full_phone",
        "address",
    ]
    assert shown["copies"]["customer"]["always"] == ["full_phone"] and "qr" in shown["blocks"]
    chosen = {"hidden": {"merchant": ["note", "channel"]}, "revision": 0}
    for refused, status, code in (
        ({**chosen, "hidden": {"customer": []}}, 422, "copy_wrong"),
        ({**chosen, "hidden": {"boss": []}}, 422, "copy_wrong"),
        ({**chosen, "revision": 7}, 409, "preference_moved"),
        ({**chosen, "more": 1}, 400, "http_400"),
    ):
        answer = door.ask("POST", "/templates", json=refused)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert door.ask("POST", "/templates", role="clerk", json=chosen).status_code == 403
    now = door.ask("POST", "/templates", json=chosen).json()
    assert now["revision"] == 1 and now["copies"]["merchant"]["hidden"] == ["channel", "note"]
    more = door.ask("POST", "/templates", json={"hidden": {"delivery": ["prices"]}, "revision": 1}).json()
    assert more["copies"]["merchant"]["hidden"] == ["channel", "note"], "copies left out stay"
    assert more["copies"]["delivery"]["hidden"] == ["prices"]
