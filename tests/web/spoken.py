"""A page as a screen reader takes it: its elements with what they say, and what each one is described by."""

from collections.abc import Iterator
from html.parser import HTMLParser

from msgspec import Struct

_VOID = {"input", "br", "hr", "img", "meta", "link", "col", "wbr", "source", "path", "use"}
_REFERS = ("for", "list", "form", "aria-labelledby", "aria-describedby", "aria-controls", "aria-errormessage")
_FIELD = {"input", "select", "textarea", "fieldset"}


class Element(Struct):
    """An element: its tag, attributes, and the text inside it."""

    tag: str
    attrs: dict[str, str]
    text: str = ""

    @property
    def live(self) -> bool:
        """Whether a screen reader says by itself what comes here."""
        return self.attrs.get("role") in ("alert", "status") or "aria-live" in self.attrs


class Spoken(HTMLParser):
    """A page's elements in their order.

    Args:
        html: a whole page or a part of one.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.all: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append(Element(tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(self.all[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for one in self._open:
            one.text += data

    def ids(self) -> list[str]:
        return [one.attrs["id"] for one in self.all if "id" in one.attrs]

    def lost(self) -> Iterator[str]:
        """Give each doubled id, and each reference or link within the page that leads to none."""
        ids = self.ids()
        yield from (f"id {one} twice" for one in sorted({one for one in ids if ids.count(one) > 1}))
        for one in self.all:
            named = [(name, to) for name in _REFERS for to in one.attrs.get(name, "").split()]
            if one.tag == "a" and one.attrs.get("href", "").startswith("#f-"):
                named.append(("href", one.attrs["href"][1:]))
            yield from (f"{one.tag} {name} {to}" for name, to in named if to not in ids)

    def fields(self, name: str) -> list[Element]:
        """Return what a person fills in under that name."""
        at = f"f-{name.replace('.', '-')}"
        return [
            one for one in self.all
            if one.tag in _FIELD and one.attrs.get("type") != "hidden" and at in (one.attrs.get("id"), f"f-{one.attrs.get('name', '').replace('.', '-')}")
        ]  # fmt: skip

    def described(self, one: Element) -> str:
        """Return what an element is described by."""
        to = one.attrs.get("aria-describedby", "").split()
        return " ".join(each.text for each in self.all if each.attrs.get("id") in to)
