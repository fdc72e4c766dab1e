"""“It was me, or lock my account”: asks for a credential, is the owner's of the account alone, and leads to the lock."""

from tests.alarm.scene import watch
from tests.web.pages import Pages, text_of
from tocsin.access.session import find_session
from tocsin.alarm.incident import Incident, list_incidents
from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.core.db import Tx


def operator_of(pages: Pages, role: str) -> int:
    actor = find_session(pages.db, pages.headers(role)["cookie"].partition("=")[2])
    assert actor is not None
    return actor.id


def attack(pages: Pages, role: str = "clerk", *, times: int = 1) -> Incident:
    operator_id = operator_of(pages, role)

    def send(tx: Tx) -> None:
        for _ in range(times):
            send_signal(
                tx,
                Signal(
                    kind="credential_wrong", operator_id=operator_id, name_digest=role, address="198.51.100.9"
                ),
            )

    pages.db.write(pages.house.merchant_id, send)
    watch(pages.db)
    return pages.db.read(pages.house.merchant_id, lambda tx: list_incidents(tx, pages.house.actor()))[0]


def now(pages: Pages) -> Incident:
    return pages.db.read(pages.house.merchant_id, lambda tx: list_incidents(tx, pages.house.actor()))[0]


def prove(pages: Pages, role: str = "clerk") -> None:
    """Let the session have proved itself just now, as a password or a passkey would."""
    from tocsin.access.step_up import mark_proved

    actor = find_session(pages.db, pages.headers(role)["cookie"].partition("=")[2])
    assert actor is not None
    pages.db.write(pages.house.merchant_id, lambda tx: mark_proved(tx, actor, method="password"))


def test_it_asks_for_a_credential_first_and_comes_back(pages: Pages) -> None:
    where = f"/incidents/{attack(pages).id}/mine"
    shift_clock(11 * MINUTE_US)
    for ask in (pages.get, pages.post):
        answer = ask(where, role="clerk")
        assert answer.status_code == 303 and answer.headers["location"].startswith("/prove?next=")
    assert pages.get(where, role="").headers["location"].startswith("/sign-in?next=")
    assert now(pages).is_open


def test_it_was_me_ends_what_was_a_light_about_oneself(pages: Pages) -> None:
    where = f"/incidents/{attack(pages).id}/mine"
    prove(pages)
    page = text_of(pages.get(where, role="clerk"))
    assert "198.51.100.9" in page and 'href="/lock-account"' in page and "the incident ends" in page
    answer = pages.post(where, role="clerk")
    assert answer.headers["location"] == f"{where}?said=ended" and not now(pages).is_open
    assert "the incident is over" in text_of(pages.get(f"{where}?said=ended", role="clerk"))
    assert pages.post(where, role="clerk").status_code == 409


def test_what_sounded_stays_open_and_says_so(pages: Pages) -> None:
    where = f"/incidents/{attack(pages, times=3).id}/mine"
    prove(pages)
    assert "stays open" in text_of(pages.get(where, role="clerk"))
    assert pages.post(where, role="clerk").headers["location"] == f"{where}?said=noted" and now(pages).is_open
    assert "has to look" in text_of(pages.get(f"{where}?said=noted", role="clerk"))


def test_it_is_nobody_elses(pages: Pages) -> None:
    where = f"/incidents/{attack(pages).id}/mine"
    for role in ("checker", "owner"):
        prove(pages, role)
        assert (
            pages.get(where, role=role).status_code == 403 and pages.post(where, role=role).status_code == 403
        )
    prove(pages)
    assert pages.get("/incidents/7/mine", role="clerk").status_code == 404
    assert pages.post(where, role="clerk", token="another's").status_code == 403
    assert now(pages).is_open
