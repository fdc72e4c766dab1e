"""What is no sign-in is refused clearly at the doors that read secrets, and is never the desk's fault."""

import time
from urllib.parse import quote

import httpx
import pytest

from tests.access.people import signals_of
from tests.api.door import BASE
from tests.web.pages import Pages
from tocsin.access import password
from tocsin.core.journal import read_journal

FORM = "application/x-www-form-urlencoded"
SECRET = "four unrelated pears tomorrow"
DOORS = ("/sign-in", "/sign-in/password", "/owner/made-up")


def send(pages: Pages, path: str, body: bytes, **headers: str) -> httpx.Response:
    given = {"origin": BASE, "content-type": FORM, **headers}
    answer = pages.client.post(path, content=body, headers=given, follow_redirects=False)
    assert answer.status_code < 500, (path, body[:60], answer.text[:500])
    return answer


def hashes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the lengths of the passwords that are hashed from now on."""
    seen: list[int] = []
    hasher = password._HASHER

    class Counting:
        def verify(self, hashed: str, given: bytes) -> bool:
            seen.append(len(given))
            return hasher.verify(hashed, given)

    monkeypatch.setattr(password, "_HASHER", Counting())
    return seen


def test_a_password_of_10_mb_is_refused_unread_and_one_of_3_mb_costs_what_any_costs(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = hashes(monkeypatch)
    for path in DOORS:
        assert send(pages, path, b"username=x&password=" + b"p" * 10_000_000).status_code == 413, path
    assert seen == [] and signals_of(pages.db, 0) == []
    accents = quote("a" + "\u0327\u0301" * 150_000).encode()
    for far in (b"p" * 3_000_000, accents):
        began = time.process_time()
        answer = send(pages, "/sign-in/password", b"username=nobody&password=" + far)
        assert answer.status_code == 401 and time.process_time() - began < 5
    assert len(seen) == 2 and max(seen) < 3 * 1025
    assert [s.outcome for s in signals_of(pages.db, 0)] == ["wrong"] * 2, "it was a try, and is told as one"
    entries = pages.db.read(0, lambda tx: read_journal(tx))
    assert [e.verb for e in entries] == ["access.sign_in_failed"] * 2 and "pppp" not in str(entries)


@pytest.mark.parametrize(
    "name",
    ["%00", "admin%00", "%ED%A0%80", "%FF", "%C3%28", "a%ED%BF%BFb", "%F4%90%80%80"],
)  # fmt: skip
@pytest.mark.parametrize("field", ["username", "password", "name", "csrf"])
def test_what_is_no_text_is_refused_at_each_door(pages: Pages, name: str, field: str) -> None:
    for path in DOORS:
        answer = send(pages, path, f"{field}={name}&username=x&password=y".encode())
        assert answer.status_code == 422 and "form_unsound" in answer.text, path
    assert signals_of(pages.db, 0) == []


@pytest.mark.parametrize(
    "name",
    [
        "x" * 100_000, "梨" * 30_000, "a" + "\u0301" * 100_000, "\u202e" * 70, "\u200b", " ", "\U000e0001" * 9, "𠮷" * 70,
        "../../etc/passwd", "'; DROP TABLE operator; --", "{{7*7}}", "<script>alert(1)</script>", "%s%s%n", "\r\nSet-Cookie: x=1",
    ],
)  # fmt: skip
def test_a_name_of_any_kind_is_answered_as_an_unknown_one(pages: Pages, name: str) -> None:
    typed = quote(name).encode()
    asked = send(pages, "/sign-in", b"name=" + typed)
    assert asked.status_code in (200, 422)
    assert "<script>alert" not in asked.text and "49" not in asked.text.partition("<main")[2][:400]
    tried = send(pages, "/sign-in/password", b"username=" + typed + b"&password=" + quote(SECRET).encode())
    assert tried.status_code in (401, 422) and SECRET not in tried.text
    assert "set-cookie: x" not in str(tried.headers).lower()
    told = signals_of(pages.db, 0)
    assert len(told) == 1 and "script" not in str(told) and "passwd" not in str(told)


@pytest.mark.parametrize("field", ["username", "password", "csrf"])
def test_a_secret_that_is_there_twice_is_refused(pages: Pages, field: str) -> None:
    body = f"username=a&password=b&csrf=&{field}=other".encode()
    answer = send(pages, "/sign-in/password", body)
    assert answer.status_code == 422 and "form_doubled" in answer.text
    assert signals_of(pages.db, 0) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"&&&&", b"=", b"username", b"username=&password=", b"{}", b"\xff\xfe", b"username=x", b"password=x", b"%", b"a=%zz"],
)  # fmt: skip
def test_a_form_with_too_little_in_it_is_no_fault(pages: Pages, body: bytes) -> None:
    for path in DOORS:
        assert send(pages, path, body).status_code in (401, 410, 422), path


def test_a_body_of_another_kind_is_no_fault(pages: Pages) -> None:
    for kind in (
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain; charset=utf-32",
        "",
        "x" * 5000,
    ):
        for path in DOORS:
            answer = send(pages, path, b'{"username":"x","password":"y"}', **{"content-type": kind})
            assert answer.status_code in (400, 401, 410, 422), (path, kind)


@pytest.mark.parametrize(
    "cookie", ["x", "1.x", "\x7f", "f" * 16 + "." + "a" * 43, "0." + "a" * 43, "7" * 5000, "é"]
)
def test_a_cookie_that_is_none_is_nobody(pages: Pages, cookie: str) -> None:
    for name in ("tocsin_session", "tocsin_device", "tocsin_desk", "tocsin_locale", "tocsin_theme"):
        headers = {"cookie": f"{name}={cookie}".encode()}
        answer = pages.client.get("/orders", headers=headers, follow_redirects=False)  # type: ignore[arg-type]
        assert answer.status_code in (303, 400), (name, answer.text[:300])
        tried = pages.client.post(
            "/sign-in/password", content=b"username=x&password=y", follow_redirects=False,
            headers={**headers, "origin": BASE, "content-type": FORM},  # type: ignore[dict-item]
        )  # fmt: skip
        assert tried.status_code in (400, 401, 403, 429), (name, tried.text[:300])


def test_a_user_agent_and_a_referer_of_any_kind_are_no_fault(pages: Pages) -> None:
    for odd in (b"x" * 20_000, "é".encode(), b"\xff\xfe", b"a\tb"):
        headers = {b"user-agent": odd, b"referer": odd, b"accept-language": odd, b"x-request-id": odd}
        answer = pages.client.get("/sign-in", headers=headers)
        assert answer.status_code == 200
