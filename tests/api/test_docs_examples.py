"""The examples of docs/api.md, taken from the page and sent to a desk in their order."""

import re
import shlex
from pathlib import Path

import httpx

from tests.api.door import BASE, Door

ROOT = Path(__file__).parent.parent.parent
TAKES_A_VALUE = {"-X": "method", "-d": "body", "--data-binary": "body"}


def examples() -> list[list[str]]:
    """Return the words of each command of the page."""
    told = (ROOT / "docs" / "api.md").read_text("utf-8")
    return [
        shlex.split(block.replace("\\\n", " ")) for block in re.findall(r"```sh\n(.*?)```", told, re.DOTALL)
    ]


def send(door: Door, words: list[str], key: dict[str, str], number: str) -> httpx.Response:
    """Send a command's request as curl would."""
    assert words[0] == "curl"
    given, headers, url = {"method": "GET"}, {}, ""
    rest = iter(word.replace("$NUMBER", number) for word in words[1:])
    for word in rest:
        if word in TAKES_A_VALUE:
            given[TAKES_A_VALUE[word]] = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name.lower()] = value
        elif word != "-N":
            url = word
    assert url.startswith(f"{BASE}/api/v1/")
    assert headers.pop("authorization") == "Bearer $KEY"
    body = given.get("body", "").encode() or None
    return door.client.request(given["method"], url, content=body, headers={**headers, **key})


def test_the_examples_do_what_the_page_says(door: Door):
    door.terminal()
    key, number = door.key(), "$NUMBER"
    create, many, search, amend, to_print, reveal, events = examples()
    made = send(door, create, key, number)
    assert (made.status_code, made.json()["result"]) == (201, "new"), made.text
    number = made.json()["number"]
    taken = send(door, many, key, number).json()
    assert (taken["counts"]["new"], taken["bad_rows"]) == (2, []), taken
    assert [one["number"] for one in send(door, search, key, number).json()["orders"]] == [number]
    amended = send(door, amend, key, number)
    assert amended.status_code in (200, 201), amended.text
    printed = send(door, to_print, key, number)
    (result,) = printed.json()["results"]
    assert (result["number"], result["revision"], result["result"]) == (number, 2, "queued"), printed.text
    shown = send(door, reveal, key, number).json()
    assert shown["receiver"]["address"] == "黄山路 14 号 1 栋 101 室", shown
    door.desk.closing = True  # a stream has no end otherwise
    stream = send(door, events, key, number)
    assert stream.status_code == 200, stream.text
    assert stream.headers["content-type"].startswith("text/event-stream")


def test_the_codes_of_plain_http_are_documented(door: Door):
    told = (ROOT / "docs" / "errors.md").read_text("utf-8")
    door.order()
    answers = [
        door.ask("POST", "/orders", json={"payment": 7}),
        door.ask("GET", "/nothing"),
        door.ask("PUT", "/orders"),
        door.ask("POST", "/orders", content=b"[" + b" " * (2 << 20) + b"]"),
    ]
    codes = [answer.json()["code"] for answer in answers]
    assert codes == ["http_400", "http_404", "http_405", "http_413"]
    assert [code for code in codes if f"`{code}`" not in told] == []
