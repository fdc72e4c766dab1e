"""A language that nobody speaks: each text of the desk in brackets, so that what stands outside was never translated."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from msgspec import Struct, structs

from tocsin.core import words
from tocsin.web.page import environment_of

PSEUDO = "ja"
"""A code whose dates, sums and units hold no Latin letter: they are Babel's, and not looked at."""
_BRACKETED = re.compile(r"⟦[^⟦⟧]*⟧")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_CODE = re.compile(r"[a-z][a-z_]*")
_SAID = {"title", "aria-label", "aria-description", "placeholder", "alt", "label"}
_VOID = {"input", "br", "hr", "img", "meta", "link", "col", "wbr", "source"}
_UNREAD = {"script", "style", "code", "kbd", "time"}
_MACHINE = {
    "data-key",
    "data-only",
    "data-shape",
    "data-fill",
    "data-live-of",
    "data-live-offer",
    "data-live-region",
}
"""What a script reads and nobody sees; what others hold counts as a text where it looks like one."""
_TEXT = re.compile(r"⟦| |^[A-Z][a-z]+$|^\{")
_SAME_EVERYWHERE = re.compile(r"\b(Tocsin|CSV|XLSX|PDF|SHA-256|mm|ms|[kK]B|MB|GB|CN¥)(?!\w)")
"""The product, formats of files, units and signs of international standards: written alike in every language."""


@contextmanager
def other_locale(folder: Path, code: str = PSEUDO) -> Iterator[str]:
    """Give the desk one more language, as a folder gives it: the Chinese texts' bracketed English."""
    _write(folder / code / "LC_MESSAGES" / "tocsin.po", code)
    home, known = words.LOCALE_DIR, dict(words.LOCALES)
    (folder / "zh_CN").symlink_to(home / "zh_CN")
    words.LOCALE_DIR = folder
    words.LOCALES.clear()
    words.LOCALES.update(words.find_locales(folder))
    try:
        yield code
    finally:
        words.LOCALE_DIR = home
        words.LOCALES.clear()
        words.LOCALES.update(known)
        words._catalogue.cache_clear()
        environment_of.cache_clear()


def _write(path: Path, code: str) -> None:
    catalogue = Catalog(locale=code)
    for one in read_po((words.LOCALE_DIR / "zh_CN" / "LC_MESSAGES" / "tocsin.po").open("rb")):
        if one.id:
            plural = not isinstance(one.id, str)
            text = f"⟦{one.id[1] if plural else one.id}⟧"
            forms = tuple(text + "′" * form for form in range(catalogue.num_plurals))
            catalogue.add(one.id, forms if plural else text)
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, catalogue)


def left_in_english(html: str, data: Iterable[str] = ()) -> list[str]:
    """Return what a reader is shown or told of a page that is outside of the brackets, has Latin words and is no datum."""
    reader = _Reader()
    reader.feed(html)
    known = sorted({one.strip() for one in data if _LATIN.search(one)}, key=len, reverse=True)
    datum = re.compile("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in known) or r"(?!)")
    left = (_outside(datum.sub(" ", text)) for text in reader.said)
    return [text for text in left if _LATIN.search(text)]


def data_of(context: Any) -> Iterator[str]:
    """Return the strings that a page is given; a lower-case word might be a code, that a page has to put into words."""
    if isinstance(context, str):
        yield from [] if _CODE.fullmatch(context) else [context]
    elif isinstance(context, Struct):
        yield from data_of(structs.asdict(context))
    elif isinstance(context, dict):
        yield from data_of([*context, *context.values()])
    elif isinstance(context, list | tuple | set | frozenset):
        for one in context:
            yield from data_of(one)


def _outside(text: str) -> str:
    while (less := _BRACKETED.sub(" ", text)) != text:
        text = less
    return " ".join(_SAME_EVERYWHERE.sub(" ", text).split())


class _Reader(HTMLParser):
    """Gathers the texts of a page, and the attributes that a browser or a script shows.

    Left out is what names its language, and what is set as code: elements of code and of class `mono`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._skipped = ""
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        button = tag == "input" and given.get("type") in ("submit", "button", "reset")
        for name, value in given.items():
            if name in _SAID or (name == "value" and button):
                self.said.append(value)
            elif name.startswith("data-") and name not in _MACHINE and _TEXT.search(value):
                self.said += _texts_in(value)
        if tag == self._skipped:
            self._depth += 1
        elif not self._skipped and tag != "html" and self._is_skipped(tag, given):
            self._skipped, self._depth = tag, 1

    def _is_skipped(self, tag: str, given: dict[str, str]) -> bool:
        mono = "mono" in given.get("class", "").split()
        return tag not in _VOID and (tag in _UNREAD or "lang" in given or mono)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._skipped:
            self._depth -= 1
            self._skipped = self._skipped if self._depth else ""

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.said.append(data)


def _texts_in(value: str) -> list[str]:
    return (
        [*json.loads(value).values()]
        if value.startswith("{") and "⟦" not in value[:2] and value.endswith("}")
        else [value]
    )
