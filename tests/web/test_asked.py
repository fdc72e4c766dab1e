"""How often each page asks the database: a bounded number of times, and no more often the more there is to show."""

from collections.abc import Callable

from tests.web.asked import counted
from tests.web.busy import make_busy
from tests.web.crawl import crawl
from tests.web.pages import Pages

USUAL = 20
"""Statements of a page: the session, what stands around each page (ten), and its own."""
MORE = {
    "/orders": 26, "/screens": 22, "/held": 28, "/orders/{number:str}": 40, "/orders/{number:str}/revise": 42,
    "/orders/{number:str}/amendments": 24, "/orders/{number:str}/revisions/{revision:str}": 40,
    "/orders/{number:str}/ticket": 32, "/jobs/{job_id:str}/ticket": 26, "/pictures": 26,
}  # fmt: skip
FIRST = 1
"""What was not there at all before may take a statement of its own; what asks for each row takes as many as there are more."""
COUNTED = {"/orders", "/screens"}
"""They count each saved screen, twelve at most."""


def ask_all(pages: Pages, found: dict[str, list[str]], taken: Callable[[], int]) -> dict[str, int]:
    """Return how often each address asks."""
    asked = {}
    for address in (one for some in found.values() for one in some):
        taken()
        pages.get(address)
        asked[address] = taken()
    return asked


def test_each_page_asks_so_often_and_no_more_often_the_more_there_is(pages: Pages) -> None:
    few, many = 1, 2
    pages.post("/start", hidden="1")  # how far the first hour is, is asked by one page in a while
    make_busy(pages, few)
    found = crawl(pages)
    assert len(found) >= 60, "links lead to the pages"
    with counted() as taken:
        first = ask_all(pages, found, taken)
        assert min(first.values()) > 5, "what is counted is what is run"
        make_busy(pages, many, first=few)
        then = ask_all(pages, found, taken)
    over = {
        route: most
        for route, some in found.items()
        if (most := max(first[one] for one in some)) > MORE.get(route, USUAL)
    }
    assert over == {}
    grown = {
        route: (first[one], then[one])
        for route, some in found.items()
        for one in some
        if then[one] > first[one] + FIRST + (many if route in COUNTED else 0)
    }
    assert grown == {}
