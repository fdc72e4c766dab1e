"""The pages of a fresh desk, asked as anybody: builders of requests, forms and uploads."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.api.door import BASE, Door
from tests.counter import check_all
from tocsin.access.session import csrf_token
from tocsin.core.db import Database
from tocsin.orders.draft import Draft, Order
from tocsin.orders.intake import take_in
from tocsin.orders.store import load_order
from tocsin.tickets.device import add_printer
from tocsin.tickets.job import Job, jobs_of_order


class Pages(Door):
    """A desk with one merchant and a browser of each role."""

    def get(self, path: str, *, role: str = "owner", **headers: str) -> httpx.Response:
        """Open a page as an operator of a role; nobody is "" ."""
        return self.client.get(path, headers={**self._who(role), **headers}, follow_redirects=False)

    def post(
        self, path: str, *, role: str = "owner", token: str | None = None, form: Any = (), **fields: str
    ) -> httpx.Response:
        """Send a form as its page would; `form` is pairs, for names that come twice."""
        who = self._who(role)
        own = csrf_token(who["cookie"].partition("=")[2]) if role else ""
        pairs = [*form, *fields.items(), ("csrf", own if token is None else token)]
        headers = {**who, "content-type": "application/x-www-form-urlencoded"}
        answer = self.client.post(path, content=urlencode(pairs), headers=headers, follow_redirects=False)
        renewed = re.search(r"tocsin_session=([^;\s]+)", answer.headers.get("set-cookie", ""))
        if role and renewed and path.startswith("/prove"):  # as a browser does
            kept = {"cookie": f"tocsin_session={renewed[1]}", "x-csrf": csrf_token(renewed[1])}
            self._headers[role] = {**self._headers[role], **kept}
        return answer

    def upload(
        self, data: bytes, *, name: str = "orders.csv", role: str = "owner", **fields: str
    ) -> httpx.Response:
        """Send a sheet as the import page would."""
        who = self._who(role)
        own = csrf_token(who["cookie"].partition("=")[2]) if role else ""
        return self.client.post(
            "/imports", files={"sheet": (name, data, "text/csv")}, data={**fields, "csrf": own}, headers=who,
            follow_redirects=False,
        )  # fmt: skip

    def take(self, draft: Draft) -> Order:
        """Take an order in and check it; return it."""
        merchant_id = self.house.merchant_id
        taken = self.db.write(merchant_id, lambda tx: take_in(tx, self.house.actor(), draft))
        check_all(self.db)
        return self.db.read(merchant_id, lambda tx: load_order(tx, order_id=taken.order_id))

    def again(self, order: Order) -> Order:
        """Return an order as it is now."""
        return self.db.read(self.house.merchant_id, lambda tx: load_order(tx, order_id=order.id))

    def printer(self, tray: str = "pages", **more: Any) -> int:
        """Set a printer up that keeps its papers in memory."""
        owner = self.house.actor()
        return self.db.write(self.house.merchant_id, lambda tx: add_printer(
            tx, owner, name="Counter", kind="memory", options={"tray": tray}, **more
        ))  # fmt: skip

    def jobs(self, order: Order) -> list[Job]:
        """Return an order's print jobs, the newest first."""
        return self.db.read(self.house.merchant_id, lambda tx: jobs_of_order(tx, order_id=order.id))

    def _who(self, role: str) -> dict[str, str]:
        headers = self.headers(role)
        return (
            {name: value for name, value in headers.items() if name != "x-csrf"} if role else {"origin": BASE}
        )


@contextmanager
def open_pages(db: Database, folder: Path) -> Iterator[Pages]:
    """Yield the pages of a fresh desk, which is closed behind them."""
    pages = Pages(db, folder)
    with pages.client:
        yield pages
    pages.desk.close()


def text_of(answer: httpx.Response) -> str:
    """Return a page's HTML; it must not be the desk's own fault."""
    assert answer.status_code < 500, answer.text[:2000]
    return answer.text
