"""A fresh proof renews the session's token: the one of before opens nothing."""

from tests.access.people import PASSWORD, right_hash
from tests.web.pages import Pages
from tocsin.access.operator import set_password
from tocsin.access.session import find_session, read_session
from tocsin.core.db import Database


def test_after_a_proof_the_token_of_before_opens_nothing(db: Database, pages: Pages) -> None:
    pages.get("/orders")
    before = pages.headers("owner")["cookie"].partition("=")[2]
    merchant_id = pages.house.merchant_id
    owner = db.read(merchant_id, lambda tx: read_session(tx, token=before)).open()
    assert owner is not None
    db.write(merchant_id, lambda tx: set_password(tx, operator_id=owner.id, password_hash=right_hash()))
    wrong = pages.post("/prove", password="not it, surely not", back="/settings/sessions")
    assert wrong.status_code == 401 and find_session(db, before), "a wrong one changes nothing"
    done = pages.post("/prove", password=PASSWORD, back="/settings/sessions")
    assert (done.status_code, done.headers["location"]) == (303, "/settings/sessions")
    after = done.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert find_session(db, before) is None
    again = find_session(db, after)
    assert (
        again is not None and again.session_id == owner.session_id and again.proved_at_us > owner.proved_at_us
    )
