"""The form of an order: its fields as texts by their paths, and what somebody changed in them."""

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict, replace

from tocsin.core.errors import Refusal
from tocsin.core.money import parse_micro, parse_minor, plain_micro, plain_minor
from tocsin.core.party import Party
from tocsin.orders.amend import Amendment, PartyChanges, TotalsChanges
from tocsin.orders.draft import Line, Order
from tocsin.orders.wire import LINE_LIMIT
from tocsin.web.shell import told
from tocsin.web.words import Words

# As many as an order may have: a form that held fewer would drop the rest.
LINES_MOST = LINE_LIMIT
DELIVERIES = ("express", "pickup", "local", "virtual", "prize")
_TEXTS = ("campaign", "merchant_note", "carrier", "waybill", "pickup_point", "community")
_TEXT_MOST = 2_000


def fields_of(order: Order, *, receiver: Party | None = None) -> dict[str, str]:
    """Return an order's fields as its form shows them, by path; `receiver` stands for the masked one."""
    currency = order.currency
    fields = {f"receiver.{name}": text for name, text in asdict(receiver or order.receiver).items()}
    fields |= {name: getattr(order, name) for name in (*_TEXTS, "delivery")}
    for place, line in enumerate(order.lines):
        fields |= {f"lines.{place}.{name}": text for name, text in _line_fields(line, currency).items()}
    for name, minor in asdict(order.totals).items():
        fields[f"totals.{name.removesuffix('_minor')}"] = (
            "" if minor is None else plain_minor(minor, currency)
        )
    return fields


def line_count_of(form: Mapping[str, str], otherwise: int) -> int:
    """Return how many lines a form has, one more where a line was asked for."""
    sent = form.get("line_count", "")
    count = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 6 else otherwise
    return min(count + ("add_line" in form), max(LINES_MOST, otherwise))


def read_amendment(
    form: Mapping[str, str], order: Order, *, words: Words, shown: Mapping[str, str] | None = None
) -> tuple[Amendment, dict[str, str]]:
    """Return what a form changes of an order, and what of it can't be read, by path.

    What stands as it was `shown` is no change; `recalculate` makes the sums follow.
    """
    errors: dict[str, str] = {}
    shown = shown or fields_of(order)
    reading = _Reading(form, shown, order.currency, words, errors)
    amendment = Amendment(
        receiver=PartyChanges(**reading.texts("receiver.", Party.__struct_fields__)),
        totals=TotalsChanges(**reading.totals()),
        lines=reading.lines(order.lines),
        recalculate=bool(form.get("recalculate")),
        **reading.texts("", _TEXTS),
        **reading.delivery(),
    )
    return amendment, errors


class _Reading:
    """One reading of a form beside what it showed."""

    def __init__(
        self, form: Mapping[str, str], shown: Mapping[str, str], currency: str, words: Words, errors: dict[str, str]
    ) -> None:  # fmt: skip
        self._form, self._shown, self._currency, self._words, self.errors = (
            form,
            shown,
            currency,
            words,
            errors,
        )

    def texts(self, prefix: str, names: tuple[str, ...]) -> dict[str, Any]:
        """Return the texts that differ."""
        found = {}
        for name in names:
            path = prefix + name
            sent = self._form.get(path)
            if sent is None:
                continue
            sent = sent.replace("\r\n", "\n").strip()
            if len(sent) > _TEXT_MOST:
                self.errors[path] = self._words.translate("Too long: 2,000 characters at most")
            elif sent != self._shown.get(path, "").strip():
                found[name] = sent
        return found

    def delivery(self) -> dict[str, Any]:
        """Return the delivery where it differs."""
        sent = self._form.get("delivery")
        if sent is None or sent == self._shown.get("delivery"):
            return {}
        if sent not in DELIVERIES:
            self.errors["delivery"] = self._words.translate("Choose one of the list")
            return {}
        return {"delivery": sent}

    def totals(self) -> dict[str, int]:
        """Return the amounts that differ; one that was emptied is 0."""
        found = {}
        for name in TotalsChanges.__struct_fields__:
            path = f"totals.{name.removesuffix('_minor')}"
            sent = self._form.get(path)
            if sent is None or sent.strip() == self._shown.get(path, ""):
                continue
            if name in ("goods_minor", "payable_minor") and not sent.strip():
                continue
            minor = self._amount(path, sent)
            if minor is not None:
                found[name] = minor
        if self._form.get("recalculate"):
            found.pop("payable_minor", None)
            found.pop("goods_minor", None)
        return found

    def lines(self, before: tuple[Line, ...]) -> Any:
        """Return the whole new list of lines, or unset where none differs; one that was not sent stays as it is."""
        made = []
        for place in range(max(line_count_of(self._form, len(before)), len(before))):
            earlier = before[place] if place < len(before) else None
            line = self._line(place, earlier)
            if line is not None:
                made.append(line)
        return UNSET if tuple(made) == before else tuple(made)

    def _line(self, place: int, earlier: Line | None) -> Line | None:
        path = f"lines.{place}."
        names = ("title", "sku", "spec", "unit_price", "quantity", "discount", "total")
        sent = {name: self._form[path + name].strip() for name in names if path + name in self._form}
        if not sent:
            return earlier
        if not any(sent.get(name) for name in ("title", "sku", "unit_price")):
            return None  # an emptied line is taken out
        shown = {name: self._shown.get(path + name, "") for name in names}
        changed = {name: text for name, text in sent.items() if earlier is None or text != shown[name]}
        base = earlier or Line(title="")
        values: dict[str, Any] = {name: changed[name] for name in ("title", "sku", "spec") if name in changed}
        for name, field in (("unit_price", "unit_price_micro"), ("quantity", "quantity_micro")):
            if name in changed and (read := self._number(path + name, changed[name])) is not None:
                values[field] = read
        if (
            "discount" in changed
            and (minor := self._amount(path + "discount", changed["discount"])) is not None
        ):
            values["discount_minor"] = minor
        if "total" in changed:
            values["total_minor"] = (
                self._amount(path + "total", changed["total"]) if changed["total"] else None
            )
        return replace(base, **values) if values else base

    def _amount(self, path: str, text: str) -> int | None:
        try:
            return parse_minor(text, self._currency) if text.strip() else 0
        except Refusal as wrong:
            self.errors[path] = told(wrong, self._words)
            return None

    def _number(self, path: str, text: str) -> int | None:
        try:
            return parse_micro(text)
        except Refusal as wrong:
            self.errors[path] = told(wrong, self._words)
            return None


def _line_fields(line: Line, currency: str) -> dict[str, str]:
    total = "" if line.total_minor is None else plain_minor(line.total_minor, currency)
    return {
        "title": line.title, "sku": line.sku, "spec": line.spec, "unit_price": plain_micro(line.unit_price_micro),
        "quantity": plain_micro(line.quantity_micro), "total": total,
        "discount": plain_minor(line.discount_minor, currency) if line.discount_minor else "",
    }  # fmt: skip
