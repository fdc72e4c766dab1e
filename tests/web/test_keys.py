"""API keys on their page: made once shown, within one's own rights, revoked at once."""

import re

from tests.web.pages import Pages, text_of
from tocsin.access.api_key import ApiKey, list_api_keys, scopes_to_give
from tocsin.core.actor import ROLES, Right
from tocsin.web.rights import RIGHTS


def keys(pages: Pages) -> list[ApiKey]:
    return pages.db.read(pages.house.merchant_id, lambda tx: list_api_keys(tx, pages.house.actor()))


def make(pages: Pages, *scopes: str, name: str = "warehouse") -> str:
    answer = pages.post("/settings/keys", form=[("name", name), *(("scopes", one) for one in scopes)])
    found = re.search(r'value="(tocsin_[^"]+)"', text_of(answer))
    assert found, answer.text
    return found[1]


def works(pages: Pages, secret: str, path: str = "/api/v1/orders") -> int:
    pages.client.cookies.clear()
    return pages.client.get(path, headers={"authorization": f"Bearer {secret}"}).status_code


def test_a_key_is_shown_once_and_works_within_its_rights(pages: Pages) -> None:
    secret = make(pages, "query", "import")
    assert works(pages, secret) == 200
    assert works(pages, secret, "/api/v1/keys") == 403
    page = text_of(pages.get("/settings/keys"))
    assert secret not in page and f"tocsin_{keys(pages)[0].prefix}_…" in page and "warehouse" in page
    assert "Import orders, Look up orders" in page and "owner-" in page and "Active" in page
    other = pages.post("/settings/keys", form=[("name", "x"), ("scopes", "import")])
    assert (
        "curl -H" in other.text
        and "/api/v1/me" in other.text
        and other.headers["cache-control"] == "no-store"
    )


def test_a_key_is_revoked_once_and_refused_from_then_on(pages: Pages) -> None:
    secret = make(pages, "query")
    path = f"/settings/keys/{keys(pages)[0].id}/revocation"
    assert path in text_of(pages.get("/settings/keys"))
    assert pages.post(path, role="clerk").status_code == 403
    assert pages.post(path, token="another session's").status_code == 403
    assert works(pages, secret) == 200
    assert pages.post(path).headers["location"] == "/settings/keys?done=revoked"
    assert works(pages, secret) == 401
    assert pages.post(path).status_code == 404
    page = text_of(pages.get("/settings/keys?done=revoked"))
    assert "Revoked" in page and "Key revoked" in page and path not in page


def test_what_is_wanting_is_said_at_the_form(pages: Pages) -> None:
    answer = pages.post("/settings/keys", form=[("name", " ")])
    assert answer.status_code == 422 and "f-name-say" in answer.text and "f-scopes-say" in answer.text
    for right in ("operators", "device", "god"):
        refused = pages.post("/settings/keys", form=[("name", "x"), ("scopes", "query"), ("scopes", right)])
        assert refused.status_code == 403 and right in refused.text and 'value="x"' in refused.text
        assert re.search(r'value="query" checked', refused.text), "what was chosen stays chosen"
    assert keys(pages) == []


def test_the_page_is_the_owners(pages: Pages) -> None:
    for role in ("manager", "clerk", "checker", "auditor", "station"):
        assert pages.get("/settings/keys", role=role).status_code == 403, role
        form = [("name", "x"), ("scopes", "query")]
        assert pages.post("/settings/keys", role=role, form=form).status_code == 403, role
    assert pages.get("/settings/keys", role="").status_code == 303
    assert pages.post("/settings/keys/7/revocation", role="").status_code == 303
    tabs = text_of(pages.get("/settings/operators", role="manager"))
    assert "/settings/keys" not in tabs and "/settings/operators" in tabs
    assert 'href="/settings/keys"' in text_of(pages.get("/settings"))


def test_the_page_reads_chinese(pages: Pages) -> None:
    make(pages, "query", "download", name="仓库")
    page = text_of(pages.get("/settings/keys?locale=zh_CN"))
    assert "下载脱敏数据、查询订单" in page and "吊销" in page and "仓库" in page


def test_each_right_has_its_words() -> None:
    assert set(RIGHTS) == set(Right.__args__)  # type: ignore[attr-defined]
    assert all(rights <= set(RIGHTS) for rights in ROLES.values())


def test_an_owner_offers_his_rights_but_those_over_people_and_devices(pages: Pages) -> None:
    given = scopes_to_give(pages.house.actor())
    assert given == ROLES["owner"] - {"operators"}
    assert not scopes_to_give(pages.house.actor("station"))


def test_a_long_name_is_refused_at_its_field(pages: Pages) -> None:
    refused = pages.post("/settings/keys", name="k" * 61, scopes="query")
    assert refused.status_code == 422 and "at most 60 characters" in refused.text
    assert pages.post("/settings/keys", name="k" * 60, scopes="query").status_code == 200
