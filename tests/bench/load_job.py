"""What is asked of a system under load, in nobody's own words: each target says it in its own."""

from collections.abc import Iterator
from itertools import count, cycle

from msgspec import Struct

from tests.bench.data import make_orders
from tocsin.orders.draft import Draft


class Get(Struct, frozen=True):
    """Open one order, lines and all, by its number."""

    number: str


class Search(Struct, frozen=True):
    """Find the newest fifty orders that a text stands in; there is one at least."""

    text: str


class ListPage(Struct, frozen=True):
    """Show a page of what is paid and shipped, newest first; the first page is 1."""

    page: int


class Create(Struct, frozen=True):
    """Take one order of five lines in, so that a power cut can't lose it."""

    draft: Draft


class Amend(Struct, frozen=True):
    """Change the note of an order that stands at the revision `seen`, kept as a new revision."""

    number: str
    seen: int


class WrongPassword(Struct, frozen=True):
    """Try a password that is not right."""

    password: str


class ExportAll(Struct, frozen=True):
    """Write every line of every order into one CSV."""


Job = Get | Search | ListPage | Create | Amend | WrongPassword | ExportAll


class Jobs:
    """Endless jobs of each work; none is the same order twice in a row.

    Args:
        numbers: of the orders that were taken in, as `make_orders` made them; copies of them are not asked for.
    """

    def __init__(self, numbers: list[str]) -> None:
        spread = [numbers[place * 7919 % len(numbers)] for place in range(len(numbers))]
        drafts = dict(zip(numbers, make_orders(len(numbers)), strict=True))
        self._of: dict[str, Iterator[Job]] = {
            "get": (Get(number) for number in cycle(spread)),
            "search name": (Search(drafts[n].receiver.name[:2]) for n in cycle(spread)),
            "search code": (Search(n) for n in cycle(spread)),
            "search phone": (Search(drafts[n].receiver.phone) for n in cycle(spread)),
            "list page 1": cycle([ListPage(1)]),
            "list page 100": cycle([ListPage(100)]),
            "create": (Create(draft) for seed in count(1000) for draft in make_orders(10_000, seed=seed)),
            "amend": (Amend(number, seen) for seen in count(1) for number in spread),
            "wrong password": (WrongPassword(f"not-it-{n}") for n in count()),
            "export": cycle([ExportAll()]),
        }

    def of(self, work: str) -> Iterator[Job]:
        """Return the jobs of a work; asked again, they go on where they stopped."""
        return self._of[work]
