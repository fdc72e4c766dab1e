"""Whom a request is counted by: the peer, unless a proxy that was named speaks for somebody."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.access.people import PASSWORD, make_desk, signals_of
from tests.api.door import BASE, Door
from tests.apps import app_of
from tocsin.access.session import csrf_token
from tocsin.core.db import Database
from tocsin.desk import Desk
from tocsin.gate import ForwardedWrong, client_address
from tocsin.settings import Settings, SettingsWrong, load_settings

PROXIES = "10.0.0.0/8, 2001:db8:ff::/48,192.0.2.1"
UNPARSABLE = (
    "", " ", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "999.1.1.1", "1.2.3.4\0", "1.2.3.4;5.6.7.8", "203.0.113.7,",
    "::1%eth0", "[::1", "１.2.3.4", "'1.2.3.4'", "x" * 10_000, "-1", "1.2.3.4:99999999",
)  # fmt: skip


def asked(peer: str, *forwarded: str, proxies: str = PROXIES) -> str:
    return client_address(Settings(trusted_proxies=proxies), peer=peer, forwarded=forwarded)


@pytest.mark.parametrize("forwarded", ["203.0.113.7", "10.1.2.3", *UNPARSABLE])
def test_nobody_is_believed_who_was_not_named(forwarded: str) -> None:
    assert asked("198.51.100.9", forwarded) == "198.51.100.9"
    assert asked("10.0.0.1", forwarded, proxies="") == "10.0.0.1"
    assert asked("unix:", forwarded) == "unix:"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.1", ("203.0.113.7",), "203.0.113.7"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("::ffff:10.0.0.1", ("203.0.113.7",), "203.0.113.7"),
        ("10.0.0.1", ("1.1.1.1, 203.0.113.7, 10.9.9.9",), "203.0.113.7"),
        ("10.0.0.1", ("1.1.1.1", "203.0.113.7", "192.0.2.1"), "203.0.113.7"),
        ("10.0.0.1", ("made up, 203.0.113.7",), "203.0.113.7"),
        ("10.0.0.1", ("10.0.0.3, 10.0.0.2",), "10.0.0.3"),
        ("10.0.0.1", ("203.0.113.7:4711",), "203.0.113.7"),
        ("10.0.0.1", ("[2001:db8::7]:4711",), "2001:db8::7"),
        ("2001:db8:ff::1", ("2001:db8::7",), "2001:db8::7"),
    ],
)
def test_the_last_address_that_is_no_proxy_counts(
    peer: str, forwarded: tuple[str, ...], address: str
) -> None:
    assert asked(peer, *forwarded) == address


@pytest.mark.parametrize("forwarded", UNPARSABLE)
def test_what_a_proxy_sends_that_is_no_address_is_refused_and_nothing_is_guessed(forwarded: str) -> None:
    with pytest.raises(ForwardedWrong):
        asked("10.0.0.1", forwarded)
    with pytest.raises(ForwardedWrong):
        asked("10.0.0.1", f"203.0.113.7, {forwarded or ','}, 10.0.0.2")


def test_proxies_that_are_no_networks_stop_the_desk() -> None:
    assert load_settings(None, {"TOCSIN_TRUSTED_PROXIES": "10.0.0.0/8,::1"}).proxies()
    for wrong in ("10.0.0.0/33", "proxy.example", "10.0.0.1/8"):
        with pytest.raises(SettingsWrong, match="trusted_proxies"):
            load_settings(None, {"TOCSIN_TRUSTED_PROXIES": wrong})


def from_peer(desk: Desk, peer: str, path: str, **given: object) -> httpx.Response:
    """Send a request from an address."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app_of(desk), client=(peer, 4711))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return await client.request("POST" if "data" in given else "GET", path, **given)  # type: ignore[arg-type]

    return asyncio.run(ask())


def test_each_door_counts_the_address_that_the_proxy_speaks_for_and_refuses_without_one(
    db: Database, tmp_path: Path
) -> None:
    desk = Desk(Settings(data_dir=str(tmp_path), trusted_proxies="10.0.0.1"), db)
    form = {"username": "nobody", "password": "wrong wrong wrong wrong"}
    wanted = []
    for peer, forwarded, counted in (
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.2", "203.0.113.7", "10.0.0.2"),
    ):
        headers = {"x-forwarded-for": forwarded, "origin": BASE}
        assert from_peer(desk, peer, "/sign-in/password", data=form, headers=headers).status_code == 401
        key = {"x-forwarded-for": forwarded, "authorization": "Bearer wrong"}
        assert from_peer(desk, peer, "/api/v1/me", headers=key).status_code == 401
        wanted += [counted] * 2
    assert [s.address for s in signals_of(db, 0)] == wanted
    for path in ("/sign-in", "/api/v1/me", "/healthz", "/static/css/tokens.css"):
        refused = from_peer(desk, "10.0.0.1", path, headers={"x-forwarded-for": "unknown"})
        assert refused.status_code in (400, 422) and "forwarded_wrong" in refused.text, path
    refused = from_peer(
        desk, "10.0.0.1", "/sign-in/password", data=form, headers={"x-forwarded-for": "x", "origin": BASE}
    )
    assert refused.status_code == 422
    assert len(signals_of(db, 0)) == 4, "nothing was tried"
    desk.close()


@pytest.mark.parametrize(
    ("public_url", "prefix", "secure"),
    [("https://desk.example", "__Host-", "; Secure"), ("http://localhost:8717", "", "")],
)
def test_a_sign_in_sets_cookies_that_no_script_and_no_neighbour_reaches(
    db: Database, tmp_path: Path, public_url: str, prefix: str, secure: str
) -> None:
    owner = make_desk(db).owner
    desk = Desk(Settings(data_dir=str(tmp_path), public_url=public_url), db)
    headers = {"origin": public_url, "host": public_url.partition("//")[2]}
    form = {"username": owner, "password": PASSWORD}
    entered = from_peer(desk, "203.0.113.7", "/sign-in/password", data=form, headers=headers)
    kept = {one.partition("=")[0]: one for one in entered.headers.get_list("set-cookie")}
    for name, same_site in (("tocsin_session", "lax"), ("tocsin_device", "strict")):
        cookie = kept[prefix + name]
        assert "; HttpOnly" in cookie and "; Path=/" in cookie and "domain" not in cookie.lower()
        assert f"; SameSite={same_site}" in cookie
        assert ("; Secure" in cookie) == bool(secure)
    out = from_peer(
        desk, "203.0.113.7", "/sign-out", data={"csrf": csrf_token(session_of(kept, prefix))},
        headers={**headers, "cookie": f"{prefix}tocsin_session={session_of(kept, prefix)}"},
    )  # fmt: skip
    gone = next(one for one in out.headers.get_list("set-cookie") if "tocsin_session" in one)
    assert gone.startswith(f"{prefix}tocsin_session=") and "Max-Age=0" in gone
    desk.close()


def session_of(kept: dict[str, str], prefix: str) -> str:
    return kept[f"{prefix}tocsin_session"].partition("=")[2].partition(";")[0]


def test_over_https_cookies_are_of_this_host_alone(db: Database, tmp_path: Path) -> None:
    door = Door(db, tmp_path, public_url="https://desk.example")
    session = door.headers("owner")["cookie"].partition("=")[2]
    for cookie, status in ((f"__Host-tocsin_session={session}", 200), (f"tocsin_session={session}", 401)):
        headers = {"cookie": cookie, "host": "desk.example"}
        assert from_peer(door.desk, "203.0.113.7", "/api/v1/me", headers=headers).status_code == status, (
            cookie
        )
    door.desk.close()
