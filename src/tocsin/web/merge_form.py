"""A form that met another's revision: what each changed, merged where it does not collide, lines by their id.

What was typed stays in the form, what was left is as it now is; where both changed a field, a person
picks: his own, as it stands in the form, or theirs.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from tocsin.orders.draft import Order
from tocsin.web.form import Form
from tocsin.web.order_form import fields_of, line_count_of

PARTS = ("title", "sku", "spec", "unit_price", "quantity", "discount", "total")
_KEPT = ("reason", "recalculate")


class Row(Struct, frozen=True, kw_only=True):
    """One field in three versions; `side` is mine or theirs, "" where a person must pick."""

    field: str
    before: str
    mine: str
    theirs: str
    side: str


class MergedForm(Struct, frozen=True, kw_only=True):
    """A form for the present revision, and what differs in it from what was seen."""

    form: dict[str, str]
    rows: tuple[Row, ...]


def merge_form(form: Form, *, seen: Order, head: Order, moved: Iterable[str] = ()) -> MergedForm:
    """Return a form for the present revision.

    Args:
        moved: personal fields that really differ between the two, whose masks may be the same.
    """
    merging = _Merging(form, seen, head, frozenset(moved))
    merging.merge_fields()
    merging.merge_lines()
    kept = {name: form[name] for name in _KEPT if name in form}
    return MergedForm(form={**kept, **merging.form}, rows=tuple(merging.rows))


def apply_picks(form: Form, head: Order) -> tuple[dict[str, str], list[Row]]:
    """Return a form with what was picked of it, and the rows that still ask for a pick."""
    made, present, asked = dict(form), fields_of(head), []
    for path in form.get("collisions", "").split():
        pick = form.get(f"pick.{path}", "")
        whole = path.startswith("lines.") and path.count(".") == 1
        if pick not in ("mine", "theirs"):
            asked.append(Row(
                field=path, before=form.get(f"was.{path}", ""), mine=form.get(f"mine.{path}", form.get(path, "")),
                theirs=form.get(f"theirs.{path}", ""), side="",
            ))  # fmt: skip
        elif whole:
            # The line stands in the form: it goes where the one who took it out is right.
            there = f"{path}.title" in present
            if there == (pick == "mine"):
                made |= {f"{path}.{part}": "" for part in PARTS}
        elif pick == "theirs":
            made[path] = present.get(path, "")
    return made, asked


class _Merging:
    def __init__(self, form: Form, seen: Order, head: Order, moved: frozenset[str]) -> None:
        self._typed, self._seen, self._head, self._moved = form, seen, head, moved
        self._was, self._now = fields_of(seen), fields_of(head)
        self.form: dict[str, str] = {}
        self.rows: list[Row] = []

    def merge_fields(self) -> None:
        """Merge what is not of a line."""
        for path, now in self._now.items():
            if not path.startswith("lines."):
                was = self._was.get(path, "")
                self._merge(
                    path, was=was, mine=self._typed.get(path, was), now=now, moved=path in self._moved
                )

    def merge_lines(self) -> None:
        """Merge lines by their id: those of the present revision in their places, then what I have beside them."""
        places = {line.line_id: place for place, line in enumerate(self._seen.lines)}
        present = {line.line_id for line in self._head.lines}
        for place, line in enumerate(self._head.lines):
            earlier = places.get(line.line_id)
            self._merge_line(place, earlier)
        free = len(self._head.lines)
        for place in range(max(line_count_of(self._typed, 0), len(self._seen.lines))):
            mine = self._mine(place)
            known = place < len(self._seen.lines)
            if known and self._seen.lines[place].line_id in present:
                continue
            if not _is_there(mine) or (known and mine == self._base(place)):
                continue  # taken out by both, or by them and left by me
            self.form |= {f"lines.{free}.{part}": mine[part] for part in PARTS}
            self._tell(
                f"lines.{free}", was=self._base(place)["title"] if known else "", mine=mine["title"], now="",
                side="" if known else "mine",
            )  # fmt: skip
            free += 1
        self.form["line_count"] = str(free)

    def _merge_line(self, place: int, earlier: int | None) -> None:
        now = {part: self._now.get(f"lines.{place}.{part}", "") for part in PARTS}
        if earlier is None:
            self.form |= {f"lines.{place}.{part}": now[part] for part in PARTS}
            self._tell(f"lines.{place}", was="", mine="", now=now["title"], side="theirs")
            return
        was, mine = self._base(earlier), self._mine(earlier)
        if not _is_there(mine):
            gone = was == now
            self.form |= {f"lines.{place}.{part}": "" if gone else now[part] for part in PARTS}
            self._tell(
                f"lines.{place}", was=was["title"], mine="", now=now["title"], side="mine" if gone else ""
            )
            return
        for part in PARTS:
            self._merge(f"lines.{place}.{part}", was=was[part], mine=mine[part], now=now[part])

    def _merge(self, path: str, *, was: str, mine: str, now: str, moved: bool = False) -> None:
        left, changed = mine.strip() == was.strip(), moved or now != was
        self.form[path] = now if left else mine
        if changed or not left:
            side = "theirs" if left or mine.strip() == now.strip() else "" if changed else "mine"
            self._tell(path, was=was, mine=mine, now=now, side=side)

    def _tell(self, path: str, *, was: str, mine: str, now: str, side: str) -> None:
        self.rows.append(Row(field=path, before=was, mine=mine, theirs=now, side=side))

    def _base(self, place: int) -> dict[str, str]:
        return {part: self._was.get(f"lines.{place}.{part}", "") for part in PARTS}

    def _mine(self, place: int) -> dict[str, str]:
        base = self._base(place)
        return {part: self._typed.get(f"lines.{place}.{part}", base[part]).strip() for part in PARTS}


def _is_there(line: Mapping[str, str]) -> bool:
    return any(line[part] for part in ("title", "sku", "unit_price"))
