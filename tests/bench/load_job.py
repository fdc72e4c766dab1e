"""What is asked of a system under load, in nobody's own words: each target says it in its own."""

from collections.abc import Iterator
from itertools import count as from_
from itertools import cycle

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


class Load(Struct, frozen=True):
    """Take many orders in at once, so that a power cut can't lose them."""

    drafts: tuple[Draft, ...]


class Amend(Struct, frozen=True):
    """Change the note of an order that stands at the revision `seen`, kept as a new revision."""

    number: str
    seen: int


class Screens(Struct, frozen=True):
    """Tell how many orders each screen shows that a desk begins with: to print, held, unpaid, to ship; past ten thousand "more"."""


class Ticket(Struct, frozen=True):
    """Draw the paper of one order: 80 mm wide, as a printer's dots."""

    number: str


class WrongPassword(Struct, frozen=True):
    """Try a password that is not right."""

    password: str


class ExportAll(Struct, frozen=True):
    """Write every line of every order into one CSV."""


Job = Get | Search | ListPage | Create | Load | Amend | Screens | Ticket | WrongPassword | ExportAll
WORKS = {
    "get": "W1", "search name": "W1", "search code": "W1", "search phone": "W1", "list page 1": "W1", "list page 100": "W1",
    "export": "W4", "screens": "W5", "ticket": "W7", "create": "W1", "bulk load": "W2", "amend": "W3", "wrong password": "W6",
}  # fmt: skip
"""Each work by its name, and the workload that it is of. What is read comes first, while both have as many orders; wrong passwords
come last: they raise the alarm."""
LOADED_AT_ONCE = 500


class Jobs:
    """Endless jobs of each work; none is the same order twice in a row.

    Args:
        numbers: of the orders that were taken in, as `make_orders` made them; copies of them are not asked for.
        count: of all orders, copies too.
    """

    def __init__(self, numbers: list[str], *, count: int = 0) -> None:
        at_once = min(LOADED_AT_ONCE, len(numbers))
        self._units = {"bulk load": at_once, "export": 5 * count or 1}
        spread = [numbers[place * 7919 % len(numbers)] for place in range(len(numbers))]
        drafts = dict(zip(numbers, make_orders(len(numbers)), strict=True))
        self._of: dict[str, Iterator[Job]] = {
            "get": (Get(number) for number in cycle(spread)),
            "search name": (Search(drafts[n].receiver.name[:2]) for n in cycle(spread)),
            "search code": (Search(n) for n in cycle(spread)),
            "search phone": (Search(drafts[n].receiver.phone) for n in cycle(spread)),
            "list page 1": cycle([ListPage(1)]),
            "list page 100": cycle([ListPage(100)]),
            "create": (Create(draft) for seed in from_(1000) for draft in make_orders(10_000, seed=seed)),
            "amend": (Amend(number, seen) for seen in from_(1) for number in spread),
            "bulk load": (Load(tuple(make_orders(at_once, seed=seed))) for seed in from_(5000)),
            "screens": cycle([Screens()]),
            "ticket": (Ticket(number) for number in cycle(spread)),
            "wrong password": (WrongPassword(f"not-it-{n}") for n in from_()),
            "export": cycle([ExportAll()]),
        }

    def of(self, work: str) -> Iterator[Job]:
        """Return the jobs of a work; asked again, they go on where they stopped."""
        return self._of[work]

    def units(self, work: str) -> int:
        """Return how many orders one job loads, or how many rows it exports; else 1. Orders that came later are not counted."""
        return self._units.get(work, 1)
