"""After a restore, as a page: an owner lets keys and stations go on one by one; nobody else sees or does it."""

import re

from tests.web.pages import Pages, text_of
from tocsin.access.api_key import suspend_api_keys
from tocsin.access.restored import ACT, note_restored
from tocsin.access.undo import Act
from tocsin.core.actor import desk_actor
from tocsin.core.db import Tx


def test_an_owner_lets_a_key_go_on(pages: Pages) -> None:
    key = pages.key("query")
    ask = lambda: pages.client.get("/api/v1/me", headers=key).status_code
    assert ask() == 200

    def settle(tx: Tx) -> None:
        act = Act(tx, desk_actor(tx.merchant_id), name=ACT)
        for key_id in suspend_api_keys(tx):
            act.note("api_key", subject_id=key_id)
        note_restored(tx, made_at_us=tx.now_us)

    pages.db.write(pages.house.merchant_id, settle)
    assert ask() == 401
    for role in ("manager", "clerk", "checker", "auditor"):
        assert pages.get("/restored", role=role).status_code == 403
    page = text_of(pages.get("/restored?locale=en"))
    assert "The API key “test” opens nothing" in page
    path = page.split('action="')[1:]
    (approval,) = {one.split('"')[0] for one in path if one.startswith("/restored/")}
    assert pages.post(approval, role="manager").status_code == 403
    assert pages.post(approval).status_code == 303
    assert ask() == 200
    assert pages.post(approval).status_code == 404
    incident = re.search(r"/incidents/\d+", text_of(pages.get("/alarm")))
    assert incident is not None
    assert 'href="/restored"' in text_of(pages.get(incident[0])), "every page leads there until it is cleared"
