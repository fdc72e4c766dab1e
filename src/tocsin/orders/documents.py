"""JSON from outside, split into its documents; every number stays text, so that no id loses digits."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from tocsin.core.errors import Refusal
from tocsin.orders.importer import Source, show_name

Doc = Mapping[str, Any]
_BLANKS = re.compile(r"[ \t\n\r]*")


class DocumentUnreadable(Refusal):
    """{filename} is not well-formed JSON (line {line}): {problem}"""

    kind, code = "invalid", "document_unreadable"


def decode_object(data: bytes, name: str = "body") -> Doc:
    """Return one JSON object with its numbers as text.

    Raises:
        DocumentUnreadable: it is none.
    """
    found = [doc for _, _, doc in split_documents(Source(name, "", data))]
    if len(found) != 1 or not isinstance(found[0], Mapping):
        raise DocumentUnreadable(filename=name, line=1, problem="it is not one object")
    return found[0]


def split_documents(source: Source) -> Iterator[tuple[int, str, Any]]:
    """Yield each element of a list, or each object of a row of them, with the line where it begins, and its text."""
    line, seen, at = 1, 0, 0
    try:
        text = source.data.decode("utf-8-sig")
        at = _skip(text, 0)
        listed = text.startswith("[", at)
        at = _skip(text, at + listed)
        while at < len(text) and not (listed and text[at] == "]"):
            line, seen = line + text.count("\n", seen, at), at
            document, end = _decoder.raw_decode(text, at)
            yield line, text[at:end], document
            at = _skip(text, end)
            if listed and text[at : at + 1] not in (",", "]"):
                raise ValueError("a list goes on with a comma or ends")
            at = _skip(text, at + (listed and text[at] == ","))
    except (ValueError, RecursionError) as wrong:
        problem = "it is nested too deeply" if isinstance(wrong, RecursionError) else _plain(wrong)
        raise DocumentUnreadable(filename=show_name(source), line=line, problem=problem) from None


def _plain(wrong: ValueError) -> str:
    # A decoder of bytes quotes what it could not read: it may be personal.
    return "it is not UTF-8" if isinstance(wrong, UnicodeError) else str(wrong).partition(":")[0][:80]


def _skip(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice in one object")
    return found


def _constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON numbers")


_decoder = json.JSONDecoder(
    parse_int=str, parse_float=str, parse_constant=_constant, object_pairs_hook=_pairs
)
