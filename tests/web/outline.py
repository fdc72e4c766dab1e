"""The outline of a page: its landmarks, headings, tables, fields and buttons, each by role and name."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import groupby

VOID = {"input", "meta", "link", "img", "br", "hr", "source", "col", "wbr"}
UNSEEN = {"script", "style", "template", "head", "datalist", "option"}
LANDMARKS = {"header", "nav", "main", "aside", "footer", "form", "dialog", "section", "fieldset", "details"}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
SAID = {tag: tag for tag in (*HEADINGS, "button", "summary")} | {"img": "picture"}
FIELDS = {"input", "select", "textarea"}
Lines = list[str]


@dataclass
class Element:
    """One element as it was written."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: "list[Element | str]" = field(default_factory=list)

    def elements(self) -> "Iterator[Element]":
        """Yield it and each element in it, in order."""
        yield self
        for one in self.inside:
            if isinstance(one, Element):
                yield from one.elements()

    def find(self, *tags: str) -> "list[Element]":
        """Return what stands in it with one of these tags."""
        return [one for one in self.elements() if one.tag in tags and one is not self]

    def seen(self) -> bool:
        """Return whether it is offered to a reader."""
        there = {"hidden", "popover"}.isdisjoint(self.attributes) and self.attributes.get("type") != "hidden"
        drawn = self.tag == "svg" and self.attributes.get("role") != "img"
        return there and not drawn and self.tag not in UNSEEN and self.attributes.get("aria-hidden") != "true"

    def text(self) -> str:
        """Return what a reader is told of it, without fields and what is not seen."""
        parts = [
            one if isinstance(one, str) else f" {one.text()} "
            for one in self.inside
            if isinstance(one, str) or (one.seen() and one.tag not in FIELDS)
        ]
        return " ".join("".join(parts).split())


class Reader(HTMLParser):
    """Reads a page into elements."""

    def __init__(self, html: str) -> None:
        """Read all of it."""
        super().__init__()
        self.root = Element("page")
        self._open = [self.root]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element, or set a void one."""
        made = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].inside.append(made)
        if tag not in VOID:
            self._open.append(made)

    def handle_endtag(self, tag: str) -> None:
        """Close an element and what was left open in it."""
        if tag in {one.tag for one in self._open}:
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Keep a text where it stands."""
        self._open[-1].inside.append(data)


def parts(html: str) -> tuple[Element, Element]:
    """Return a page and its main part."""
    root = Reader(html).root
    return root, next((one for one in root.elements() if one.tag == "main"), root)


def words(html: str) -> tuple[str, str]:
    """Return what a reader is told around a page's main part, and in it."""
    root, main = parts(html)
    inside = main.text()
    main.attributes["hidden"] = ""
    return root.text(), inside


def outline(html: str) -> tuple[Lines, Lines]:
    """Return the outline of what stands around a page's main part, and that of the part itself."""
    root, main = parts(html)
    names = {one.attributes["id"]: one.text() for one in root.elements() if "id" in one.attributes}
    names |= {one.attributes["for"]: one.text() for one in root.elements() if "for" in one.attributes}
    return [] if main is root else _lines(root, names, leave=main), _lines(main, names)


def _lines(of: Element, names: dict[str, str], leave: Element | None = None) -> Lines:
    found: Lines = []
    for block, same in groupby(_blocks(of, names, leave)):
        count = len(list(same))
        found += [f"{block[0]} ×{count}" if count > 1 else block[0], *block[1:]]
    return found


def _blocks(of: Element, names: dict[str, str], leave: Element | None = None) -> list[Lines]:
    return [
        block
        for one in of.inside
        if isinstance(one, Element) and one.seen() and one is not leave
        for block in _told(one, names, leave)
    ]


def _told(one: Element, names: dict[str, str], leave: Element | None) -> list[Lines]:
    """Return an element's own blocks: a line and what is indented below it."""
    say, role = one.attributes.get("aria-label", ""), one.attributes.get("role", one.tag)
    say = say or names.get(one.attributes.get("aria-labelledby", ""), "")
    if role in SAID:
        inner = _blocks(one, names, leave) if role in HEADINGS else []
        return [[f"{SAID[role]} {say or one.attributes.get('alt') or one.text()}".strip()], *inner]
    if one.tag == "a":
        is_button = "b" in one.attributes.get("class", "").split()
        return [[f"{'link-button' if is_button else 'link'} {say or one.text()}".strip()]]
    if one.tag in FIELDS:
        return [[_field(one, names)]]
    if one.tag == "table":
        return [_table(one, names)]
    if one.tag == "dl":
        return [[f"facts: {' | '.join(each.text() for each in one.find('dt'))}"], *_blocks(one, names)]
    if one.tag == "label" and "for" not in one.attributes:
        return [[_field(each, {**names, "": one.text()})] for each in one.find(*FIELDS) if each.seen()]
    if one.tag in LANDMARKS and (below := _lines(one, names, leave)):
        where = f"{one.attributes.get('method', 'get')} {one.attributes.get('action', '')}"
        head = " ".join((one.tag, where if one.tag == "form" else "", say)).split()
        return [[" ".join(head), *(f"  {line}" for line in below)]]
    return _blocks(one, names, leave)


def _field(one: Element, names: dict[str, str]) -> str:
    said = one.attributes
    name = (
        said.get("aria-label")
        or names.get(said.get("id", ""), "")
        or names.get("", "")
        or said.get("placeholder", "")
    )
    kind = said.get("type", "text") if one.tag == "input" else one.tag
    return f"{kind} {name} ({said.get('name', '')})"


def _table(one: Element, names: dict[str, str]) -> Lines:
    """Return a table's columns, how many rows it has, and what the row that offers most offers."""
    heads = [each for each in one.find("th") if each.attributes.get("scope") != "row"]
    rows = [row for body in one.find("tbody") for row in body.find("tr")]
    offered = max((_lines(row, names) for row in rows), key=len, default=[])
    caption = " ".join(each.text() for each in one.find("caption"))
    columns = " | ".join(each.text() or "·" for each in heads)
    return [f"table {caption}: {columns} ({len(rows)} rows)", *(f"  {line}" for line in offered)]
