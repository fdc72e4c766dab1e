"""Passkeys as pages: added, renamed, revoked; signing in with one; no name tells more than another."""

import json
from typing import Any

import httpx
import pytest

from tests.api.door import BASE
from tests.peers.authenticator import Authenticator
from tests.web.pages import Pages, text_of
from tests.web.test_access import PASSWORD, clerk
from tocsin.access.operator import list_operators
from tocsin.access.passkey import Passkey, list_passkeys
from tocsin.access.session import find_session
from tocsin.access.step_up import FRESH_US
from tocsin.core.actor import Actor
from tocsin.core.clock import shift_clock

HERE = "/settings/passkeys"


def names(pages: Pages) -> dict[str, str]:
    """Sign-in names by role."""
    actor = actor_of(pages)
    return {
        one.role: one.name for one in pages.db.read(actor.merchant_id, lambda tx: list_operators(tx, actor))
    }


def actor_of(pages: Pages, role: str = "owner") -> Actor:
    token = pages.headers(role)["cookie"].partition("=")[2]
    found = find_session(pages.db, token)
    assert found is not None
    return found


def passkeys(pages: Pages, role: str = "owner") -> list[Passkey]:
    actor = actor_of(pages, role)
    return pages.db.read(actor.merchant_id, lambda tx: list_passkeys(tx, actor))


def asked(pages: Pages, path: str, *, role: str = "owner", **fields: str) -> dict[str, Any]:
    answer = pages.post(path, role=role, **fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def add(pages: Pages, *, role: str = "owner", name: str = "till") -> Authenticator:
    finger = Authenticator(origin=BASE)
    answer = finger.create(asked(pages, f"{HERE}/options", role=role))
    added = pages.post(HERE, role=role, name=name, answer=answer)
    assert added.headers["location"] == f"{HERE}?done=passkey_added"
    return finger


def sign_in(pages: Pages, finger: Authenticator, *, name: str = "", back: str = "") -> httpx.Response:
    options = asked(pages, "/sign-in/passkey/options", role="", name=name)
    answer = pages.post("/sign-in/passkey", role="", name=name, back=back, answer=finger.sign(options))
    pages.client.cookies.clear()
    return answer


def test_a_passkey_is_added_renamed_and_revoked_on_its_page(pages: Pages) -> None:
    assert "No passkey yet" in text_of(pages.get(HERE))
    finger = add(pages)
    (one,) = passkeys(pages)
    page = text_of(pages.get(f"{HERE}?done=passkey_added"))
    assert 'value="till"' in page and "in one device" in page and "Passkey added" in page
    assert pages.post(f"{HERE}/{one.id}/name", name="收银台").status_code == 303
    assert 'value="收银台"' in text_of(pages.get(HERE))
    assert pages.post(f"{HERE}/{one.id}/name", name="").status_code == 422
    assert pages.post(f"{HERE}/{one.id}/revocation", role="clerk").headers["location"] == HERE
    assert sign_in(pages, finger).status_code == 303
    assert pages.post(f"{HERE}/{one.id}/revocation", token="another's").status_code == 403
    revoked = pages.post(f"{HERE}/{one.id}/revocation")
    assert revoked.headers["location"] == f"{HERE}?done=passkey_revoked"
    assert pages.post(f"{HERE}/{one.id}/revocation").headers["location"] == HERE
    assert sign_in(pages, finger).status_code == 401


def test_a_passkey_signs_in_before_the_name_and_after_it(pages: Pages) -> None:
    finger, name = add(pages), names(pages)["owner"]
    first = text_of(pages.get("/sign-in?next=/screens", role=""))
    assert "指纹登录" in first and 'autocomplete="username webauthn"' in first
    entered = sign_in(pages, finger, back="/screens")
    assert entered.headers["location"] == "/screens" and "tocsin_session" in entered.headers["set-cookie"]
    second = text_of(pages.post("/sign-in", role="", name=name))
    assert "密码登录" in second and "指纹登录" in second


def test_a_refused_finger_leaves_the_password_and_the_name_where_they_were(pages: Pages) -> None:
    clerk(pages)
    foreign = Authenticator(origin=BASE)
    named = sign_in(pages, foreign, name="wangxiaoer", back="/screens")
    assert named.status_code == 401 and "指纹未通过验证" in named.text and 'value="/screens"' in named.text
    assert 'value="wangxiaoer"' in named.text and "密码登录" in named.text
    alone = sign_in(pages, foreign)
    assert alone.status_code == 401 and "指纹未通过验证" in alone.text and "继续" in alone.text
    for noise in (
        "",
        "{}",
        "[" * 5000,
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        "x" * 70_000,
    ):
        assert pages.post("/sign-in/passkey", role="", answer=noise).status_code == 401
    answers = [pages.post("/sign-in/passkey", role="", answer="{}").status_code for _ in range(15)]
    assert answers[-1] == 429
    assert (
        pages.post("/sign-in/password", role="", username="wangxiaoer", password=PASSWORD).status_code == 303
    )


def test_a_report_is_taken_once_and_answered_alike_whatever_it_says(pages: Pages) -> None:
    path = "/sign-in/passkey/failure"
    options = asked(pages, "/sign-in/passkey/options", role="", name=names(pages)["owner"])
    said = {"challenge": options["challenge"], "error": "NotAllowedError"}
    bodies = {pages.post(path, role="", **said).text for _ in range(2)}
    bodies |= {
        pages.post(path, role="", challenge=odd, error="x" * 500).text
        for odd in ("", "***", "AA", "A" * 5000)
    }
    assert bodies == {"{}"}
    late = sign_in(pages, Authenticator(origin=BASE))
    assert late.status_code == 401


def plain(document: dict[str, Any]) -> str:
    """Options without what is random, and ids without what they are."""
    ids = [{**one, "id": "…"} for one in document["allowCredentials"]]
    return json.dumps({**document, "challenge": "…", "allowCredentials": ids})


def test_no_name_is_answered_otherwise_than_another(pages: Pages) -> None:
    clerk(pages)
    add(pages)
    seen = set()
    for name in ("wangxiaoer", "nobody-here", names(pages)["owner"]):
        page = text_of(pages.post("/sign-in", role="", name=name)).replace(name, "…")
        seen.add((page, plain(asked(pages, "/sign-in/passkey/options", role="", name=name))))
    assert len(seen) == 1


def test_where_browsers_give_no_passkeys_the_pages_say_so_and_none_is_offered(pages: Pages) -> None:
    elsewhere = {"host": "127.0.0.1:8717", "origin": "http://127.0.0.1:8717"}
    assert pages.client.get("/sign-in", headers=elsewhere, follow_redirects=False).status_code == 307
    other = {"host": "localhost:9999", "origin": "http://localhost:9999"}
    assert "data-passkey-wait" not in pages.client.get("/sign-in", headers=other).text
    page = pages.client.get(HERE, headers={**pages.headers("owner"), **other}).text
    assert "Browsers give passkeys" in page and "data-passkey-make" not in page
    headers = {**other, "content-type": "application/x-www-form-urlencoded"}
    refused = pages.client.post("/sign-in/passkey/options", content="name=x", headers=headers)
    assert refused.status_code == 409


@pytest.mark.parametrize("path", [f"{HERE}/options", HERE, "/prove", "/prove/passkey/options"])
def test_other_sites_and_other_sessions_forms_are_refused(pages: Pages, path: str) -> None:
    assert pages.post(path, token="another's").status_code == 403
    headers = {**pages.headers("owner"), "origin": "https://elsewhere.test"}
    assert pages.client.post(path, headers=headers).status_code == 403


def test_what_is_dear_leads_to_the_proof_and_back(pages: Pages) -> None:
    pages.headers("owner")
    shift_clock(FRESH_US + 1)
    came = {"referer": f"{BASE}/settings/keys?x=1"}
    who = {**pages.headers("owner"), **came, "content-type": "application/x-www-form-urlencoded"}
    body = f"name=x&scopes=query&csrf={who['x-csrf']}"
    led = pages.client.post("/settings/keys", content=body, headers=who, follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, "/prove?next=/settings/keys%3Fx%3D1")
    hx = pages.client.post("/settings/keys", content=body, headers={**who, "hx-request": "true"})
    assert hx.headers["hx-redirect"] == "/prove?next=/settings/keys%3Fx%3D1"
    api = pages.ask("POST", "/keys", json={"name": "x", "scopes": ["query"]})
    assert (api.status_code, api.json()["code"]) == (403, "proof_needed")
    assert asked_go(pages) == f"/prove?next={HERE}"
    page = text_of(pages.get(led.headers["location"]))
    assert 'value="/settings/keys?x=1"' in page and "Go on with fingerprint" in page
    wrong = pages.post("/prove", password="not it at all", back="/settings/keys?x=1")
    assert wrong.status_code == 401 and "has been recorded" in wrong.text


def asked_go(pages: Pages) -> str:
    answer = pages.post(f"{HERE}/options")
    assert answer.status_code == 403
    return str(answer.json()["go"])


def test_a_passkey_is_proof_enough_once_and_leads_to_own_addresses_alone(pages: Pages) -> None:
    finger = add(pages)
    for turn, (back, place) in enumerate(
        (("/settings/keys", "/settings/keys"), ("//elsewhere.test", "/settings"), ("x", "/settings")), start=1
    ):
        shift_clock(turn * (FRESH_US + 1))
        assert "This page asks for a fresh proof" in text_of(pages.get("/settings/keys"))
        answer = finger.sign(asked(pages, "/prove/passkey/options"))
        assert pages.post("/prove", passkey=answer, back=back).headers["location"] == place
        assert "This page asks for a fresh proof" not in text_of(pages.get("/settings/keys"))
        again = pages.post("/prove", passkey=answer, back=back)
        assert again.status_code == 401 and "proved nothing" in again.text


def test_a_password_is_proof_enough(pages: Pages) -> None:
    clerk(pages)
    entered = pages.post("/sign-in/password", role="", username="wangxiaoer", password=PASSWORD)
    token = entered.cookies["tocsin_session"]
    pages._headers["wang"] = {"cookie": f"tocsin_session={token}", "origin": BASE}
    pages.client.cookies.clear()
    shift_clock(FRESH_US + 1)
    assert pages.post(f"{HERE}/options", role="wang").status_code == 403
    assert pages.post("/prove", role="wang", password=PASSWORD).headers["location"] == "/settings"
    assert pages.post(f"{HERE}/options", role="wang").status_code == 200
