"""Figures are of one moment, on each page and over the API: what is counted while they are read is not in them twice."""

import re
from collections.abc import Callable

import pytest

from tests.house import make_draft
from tests.tickets.tallied import count_all
from tests.web.pages import Pages, text_of
from tests.web.test_campaigns import AT, made_of
from tests.web.test_pictures import table_of
from tocsin.core.db import Tx
from tocsin.orders.draft import Party
from tocsin.tickets import tallying


def take(pages: Pages, n: int) -> None:
    to = Party(name="王小明", phone=f"1381234567{n}", address="黄山路 12 号")
    pages.take(make_draft(external_id=f"E-{n}", campaign="PT 1", receiver=to))


def number_in(pattern: str, text: str) -> int:
    (found,) = re.findall(pattern, text)
    return int(found)


def test_what_is_counted_meanwhile_is_counted_once(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    page, true = made_of(pages), tallying.read_tallies
    count_all(pages.house)

    def read(tx: Tx) -> object:
        found = true(tx)
        count_all(pages.house)  # by the desk's own loop, or another server's
        return found

    monkeypatch.setattr(tallying, "read_tallies", read)
    api, seen = {"headers": pages.headers("clerk")}, list[int]()
    doors: list[Callable[[], int]] = [
        lambda: int(pages.client.get(f"/api/v1{page}", **api).json()["orders"]),
        lambda: number_in(r'<td class="num"><a [^>]*>(\d+)\b', text_of(pages.get(AT))),
        lambda: number_in(r"<b>(\d+)</b><span>Orders</span>", text_of(pages.get(f"{page}?locale=en"))),
        lambda: sum(int(cells[0]) for cells in table_of(text_of(pages.get("/pictures")), "orders").values()),
        lambda: sum(
            int(row.split('"')[3]) for row in pages.get("/pictures/orders.csv").text.splitlines()[1:]
        ),
    ]
    for n, ask in enumerate(doors):
        take(pages, n)
        seen.append(ask())
    assert seen == [1, 2, 3, 4, 5]
