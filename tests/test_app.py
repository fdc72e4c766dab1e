"""What holds for every answer: names, origins, headers, and faults as pages or problems."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import httpx
import pytest
from litestar.testing import TestClient
from msgspec.structs import replace

from tests.api.door import BASE, Door, order_in
from tests.api.door import door as door
from tocsin.app import build_app
from tocsin.core.db import Database
from tocsin.core.errors import DatabaseAway, DatabaseBusy, OutcomeUnknown
from tocsin.desk import Desk
from tocsin.settings import Settings
from tocsin.web.assets import address_of


def test_every_answer_carries_the_same_headers(door: Door):
    ids = set()
    for path in (
        "/healthz",
        "/nothing",
        "/api/v1/nothing",
        "/api/v1/me",
        "/static/css/tokens.css",
        "/static/none.css",
    ):
        headers = door.client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"], path
        assert "'unsafe" not in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        ids.add(headers["x-request-id"])
    assert len(ids) == 6


def test_the_page_that_scans_may_compile_its_reader_and_no_other(door: Door):
    allowed = "script-src 'self' 'wasm-unsafe-eval';"
    assert allowed in door.client.get("/scan", follow_redirects=False).headers["content-security-policy"]
    for path in ("/orders", "/t/ABC", "/scan/other"):
        assert "unsafe" not in door.client.get(path).headers["content-security-policy"], path
    wasm = door.client.get("/static/vendor/zxing_reader.wasm")
    assert wasm.headers["content-type"] == "application/wasm" and wasm.content[:4] == b"\0asm"


def test_what_never_changes_is_kept_and_the_rest_is_not(door: Door):
    path = "/static/css/tokens.css"

    def kept(address: str) -> str:
        return str(door.client.get(address).headers["cache-control"])

    assert kept(address_of("css/tokens.css")) == "public, max-age=31536000, immutable"
    assert kept(path) == "public, max-age=300"
    # A page of a server of another version asks so in an upgrade: what this one gives is not what is named.
    assert kept(f"{path}?v=000000000000") == "no-cache"
    assert kept("/static/css/none.css?v=000000000000") == "no-cache"
    assert door.client.get("/nothing").headers["cache-control"] == "no-store"
    assert door.client.get("/static/../../settings.py").status_code == 404
    assert door.client.get("/static/%2e%2e/page.py").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": BASE}, 201), ({"sec-fetch-site": "same-origin", "origin": BASE}, 201), ({"sec-fetch-site": "none"}, 201),
        ({"origin": "http://evil.example"}, 403), ({"origin": "null"}, 403), ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403), ({}, 403), ({"origin": "http://localhost:9999"}, 403),
    ],
)  # fmt: skip
def test_another_site_changes_nothing(door: Door, headers: dict[str, str], status: int):
    given = {name: value for name, value in door.headers("owner").items() if name != "origin"}
    answer = door.client.post("/api/v1/orders", json=order_in(), headers={**given, **headers})
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "origin_foreign"


def test_a_program_with_a_key_has_no_origin(door: Door):
    assert door.client.post("/api/v1/orders", json=order_in(), headers=door.key()).status_code == 201


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8717", "[::1]:8717", "[::1]"])
def test_a_number_leads_to_the_name(door: Door, host: str):
    answer = door.client.get("/a%20b?c=1", headers={"host": host}, follow_redirects=False)
    port = ":8717" if host.endswith("8717") else ""
    assert (answer.status_code, answer.headers["location"]) == (307, f"http://localhost{port}/a%20b?c=1")


@pytest.mark.parametrize("path", ["/healthz", "/orders"])
def test_a_name_that_the_desk_was_not_told_is_refused(door: Door, path: str):
    answer = door.client.get(path, headers={"host": "evil.example"})
    assert answer.status_code == 422
    assert "host_unknown" in answer.text


def test_a_name_that_it_was_told_serves_with_strict_transport(db: Database, tmp_path: Path):
    desk = Desk(Settings(data_dir=str(tmp_path), public_url="https://desk.example"), db)
    with TestClient(build_app(desk), base_url="https://desk.example") as client:
        answer = client.get("/healthz")
        assert answer.status_code == 200
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert client.get("/healthz", headers={"host": "192.0.2.7"}).status_code == 200
        assert client.get("/healthz", headers={"host": "other.example"}).status_code == 422
    desk.close()


def test_a_body_beyond_the_limit_is_refused(db: Database, tmp_path: Path):
    door = Door(db, tmp_path, upload_limit_bytes=1000)
    headers = {"content-type": "application/json", **door.key("import")}
    with door.client:
        answer = door.client.post("/api/v1/orders/import", content=b" " * 2000, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "http_413")
    door.desk.close()


def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(door: Door):
    answer = door.client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/")
    piece = door.client.get("/", headers={"hx-request": "true"}, follow_redirects=False)
    assert piece.status_code == 403
    assert (
        door.client.get("/", headers=door.headers("owner"), follow_redirects=False).headers["location"]
        == "/orders"
    )


@pytest.mark.parametrize(
    ("accepted", "lang"), [("zh-CN,zh", "zh-CN"), ("en-GB", "en"), ("fr", "en"), ("", "zh-CN")]
)
def test_an_error_page_speaks_the_readers_language(door: Door, accepted: str, lang: str):
    answer = door.client.get("/nothing", headers={"accept-language": accepted})
    assert answer.status_code == 404
    assert f'<html lang="{lang}"' in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_a_fault_is_a_page_without_its_text(door: Door):
    door.desk.db.read = None  # type: ignore[assignment,method-assign]
    answer = door.client.get("/", headers=door.headers_of("tocsin_session=1.x" + "y" * 42))
    del door.desk.db.read
    assert answer.status_code == 500
    assert "NoneType" not in answer.text
    assert "http_500" not in answer.text


def test_a_health_that_is_none_is_a_problem(door: Door):
    assert door.client.get("/readyz").json() == {"status": "ok"}
    sound = door.desk.db.state()
    for state, code in (
        (replace(sound, read_only="on"), "database_read_only"), (replace(sound, schema="0001"), "schema_behind"),
    ):  # fmt: skip
        door.desk.db.state = lambda state=state: state  # type: ignore[method-assign]
        answer = door.client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, code)
    door.desk.db.state = None  # type: ignore[assignment,method-assign]
    answer = door.client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (500, "broken")


def test_health_does_not_wait_behind_polls_and_streams(door: Door):
    """Every thread that asyncio gives to those who wait is taken."""
    let_go = Event()

    async def ask() -> httpx.Response:
        loop, pool = asyncio.get_running_loop(), ThreadPoolExecutor(2)
        loop.set_default_executor(pool)
        polls = [loop.run_in_executor(None, let_go.wait, 10) for _ in range(8)]
        try:
            transport = httpx.ASGITransport(door.client.app)
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                return await asyncio.wait_for(client.get("/readyz"), 5)
        finally:
            let_go.set()
            await asyncio.gather(*polls)

    assert asyncio.run(ask()).json() == {"status": "ok"}


def test_a_server_that_is_about_to_end_says_so_and_keeps_nobody(door: Door):
    with door.desk.streams.open("key") as before:
        assert not before.ended
        door.desk.streams.drain()
        assert before.ended
    answer = door.client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "draining")
    assert answer.headers["connection"] == "close"
    lines = door.client.get("/api/v1/events", headers=door.key("query"))
    assert (lines.status_code, lines.text) == (200, ": still here\n\nretry: 1000\n\n")


def test_a_database_that_is_away_is_no_fault_of_the_desk_and_an_unknown_outcome_is_told(door: Door):
    read = door.desk.db.read
    for fault, status, code, after in (
        (DatabaseAway(), 503, "database_away", "1"), (DatabaseBusy(), 503, "database_busy", "1"), (OutcomeUnknown(), 500, "outcome_unknown", ""),
    ):  # fmt: skip

        def lose(*_: object, fault: Exception = fault) -> None:
            raise fault

        asked = {"api": door.key("query"), "page": door.headers("owner")}
        door.desk.db.read = lose  # type: ignore[assignment,method-assign]
        answer = door.client.get("/api/v1/orders", headers=asked["api"])
        page = door.client.get("/orders", headers=asked["page"])
        door.desk.db.read = read  # type: ignore[method-assign]
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers.get("retry-after", "") == after
        assert (page.status_code, code in page.text) == (status, True)
