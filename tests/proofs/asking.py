"""A client of the API that counts what it was shown: every look-up whose data reached it."""

import re
import secrets
import threading
from collections import Counter
from typing import Any

import httpx

from tests.proofs.running import RunningDesk

# A key that could make operators or act as a station is refused.
_NEVER = {"operators", "operators_below", "device"}
Look = tuple[str, tuple[tuple[int, int], ...]]


class Unexpected(RuntimeError):
    """The desk answered what the proof did not expect."""


class Client:
    """Asks a desk's API with a key; safe for several threads."""

    def __init__(self, base: str, key: str) -> None:
        self.http = httpx.Client(
            base_url=f"{base}/api/v1", headers={"authorization": f"Bearer {key}"}, timeout=60, trust_env=False
        )  # fmt: skip
        self.looked: Counter[Look] = Counter()
        self._lock = threading.Lock()

    def get(self, path: str, **params: Any) -> Any:
        """Return what a path holds; nothing that the look-up ledger is for."""
        return read(self.http.get(path, params=params))

    def post(self, path: str, body: Any, *, once: str = "") -> Any:
        """Change something; `once` is the Idempotency-Key."""
        return read(self.http.post(path, json=body, headers={"idempotency-key": once} if once else {}))

    def send_sheet(self, data: bytes) -> Any:
        """Import a CSV."""
        return read(self.http.post("/orders/import", content=data, headers={"content-type": "text/csv"}))

    def look_up(self, number: str, *, revision: int = 0) -> Any:
        """Return an order; counted as a look-up of kind `detail`."""
        order = self.get(f"/orders/{number}", revision=revision)
        self.count("detail", [order])
        return order

    def search(self, text: str) -> list[Any]:
        """Return what a search shows; counted."""
        rows: list[Any] = self.get("/orders", q=text, limit=100)["orders"]
        self.count("search", rows)
        return rows

    def screen(self, **wanted: Any) -> list[Any]:
        """Return all pages of a screen; each is counted."""
        rows: list[Any] = []
        after = ""
        while True:
            page = self.get("/orders", **wanted, after=after, limit=100)
            self.count("screen", page["orders"])
            rows += page["orders"]
            after = page["next"]
            if not after:
                return rows

    def reveal(self, order: Any, *, purpose: str = "deliver") -> Any:
        """Return the receiver's real text; counted."""
        shown = self.post(
            f"/orders/{order['number']}/reveal",
            {"purpose": purpose, "fields": ["name", "phone", "address", "note"]},
        )
        self.count("reveal", [order])
        return shown["receiver"]

    def count(self, kind: str, orders: list[Any]) -> None:
        """Note that a look-up's data arrived."""
        pairs = tuple((int(order["id"]), int(order["revision"])) for order in orders)
        with self._lock:
            self.looked[kind, pairs] += 1


def read(answer: httpx.Response) -> Any:
    """Return an answer's JSON.

    Raises:
        Unexpected: it is a refusal or a fault.
    """
    if not answer.is_success:
        raise Unexpected(
            f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:600]}"
        )
    return answer.json()


def become_owner(desk: RunningDesk) -> Client:
    """Create the owner by the printed one-time link, as a browser would, and return a client with a key of his."""
    with httpx.Client(
        headers={"origin": desk.base}, follow_redirects=True, timeout=60, trust_env=False
    ) as browser:
        return become_owner_in(browser, desk)


def become_owner_in(
    browser: httpx.Client, desk: RunningDesk, *, password: str = "", name: str = "owner"
) -> Client:
    """Create the owner, who stays signed in in that browser."""
    assert desk.owner_link, f"no owner link was printed: {desk.log_end()}"
    form = browser.get(desk.owner_link)
    password = password or secrets.token_urlsafe(18)
    fields = {"name": name, "password": password, "again": password, **hidden_fields(form.text)}
    page = browser.post(desk.owner_link, data=fields)
    if not page.is_success or "tocsin_session" not in browser.cookies:
        raise Unexpected(f"the owner link answered {page.status_code} {page.text[:400]}")
    token = form_token(browser.get(f"{desk.base}/orders").text)
    rights = set(read(browser.get(f"{desk.base}/api/v1/me"))["rights"])
    made = read(browser.post(
        f"{desk.base}/api/v1/keys", json={"name": "proof", "scopes": sorted(rights - _NEVER)},
        headers={"x-csrf": token},
    ))  # fmt: skip
    return Client(desk.base, made["secret"])


def form_token(page: str) -> str:
    """Return the token that a signed-in page's forms carry."""
    found = re.search(r"x-csrf-token\W+([0-9a-f]{32,})", page)
    assert found, "no form token in the page"
    return found[1]


def hidden_fields(page: str) -> dict[str, str]:
    """Return a form's hidden fields."""
    tags = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page)
    pairs = [(re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in tags]
    return {name[1]: value[1] for name, value in pairs if name and value}


def add_printer(
    client: Client, port: int, *, answer_seconds: int = 10, station: str = "", name: str = "前台"
) -> str:
    """Set up the printer peer as a terminal, here or at a station; return its id."""
    options = {"host": "127.0.0.1", "port": port, "answer_timeout_seconds": answer_seconds}
    made = client.post(
        "/terminals", {"name": name, "kind": "escpos_network", "options": options, "station": station}
    )
    return str(made["id"])
