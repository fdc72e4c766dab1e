"""The query language: one way to say which orders, for the search box, screens, bulk work, downloads and own rules.

`状态:挂起 金额:>100 -渠道:taobao (placed:today OR placed:-7d)`: terms beside each other must all hold. A text becomes
a tree that says where in the text each part stands; what it means is said by `syntax_meaning`.

Source: docs/query.md has the grammar in words, each example there is run.
"""

from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError
from msgspec import Struct

from tocsin.core.errors import Refusal

QUERY_CHARACTERS = 500
_DEPTH_MOST, _TERMS_MOST = 8, 40

_GRAMMAR = r"""
start: either?
either: both (OR both)*
both: _part+
_part: negated | group | field | words
negated: MINUS _part
group: _OPEN either _CLOSE
field: FIELD item (_COMMA item)*
item: BARE | QUOTED
words: WORD | QUOTED

OR.4: /(OR|或|\|)(?=[\s(（])/
FIELD.3: /[^\W\d]\w*[:：]/
MINUS.3: /-(?=\S)/
QUOTED.2: /"[^"]*"|“[^”]*”/
WORD: /[^\s()（）"“”,，、-][^\s()（）"“”]*/
BARE: /[^\s,，、()（）"“”]+/
_COMMA: /[,，、]/
_OPEN: /[(（]/
_CLOSE: /[)）]/
%ignore /\s+/
"""


class QueryUnreadable(Refusal):
    """The query can't be read from character {place} on (“{rest}”): close the quotation or bracket, or give the field a value"""

    kind, code = "invalid", "query_unreadable"


class QueryTooLong(Refusal):
    """The query is longer than {limit} characters, or has too many terms or brackets: ask for less at once"""

    kind, code = "invalid", "query_too_long"


class Item(Struct, frozen=True):
    """A value as it was written; `place` is its first character, counted from 1."""

    text: str
    place: int


class Words(Struct, frozen=True, tag=True):
    """A text to be found wherever it may stand."""

    text: str
    place: int


class Field(Struct, frozen=True, tag=True):
    """A field with one value or several, of which one must hold."""

    name: str
    items: tuple[Item, ...]
    place: int


class Negated(Struct, frozen=True, tag=True):
    """What must not hold."""

    part: "Node"


class Both(Struct, frozen=True, tag=True):
    """Parts that must all hold; none is everything."""

    parts: tuple["Node", ...]


class Either(Struct, frozen=True, tag=True):
    """Parts of which one must hold."""

    parts: tuple["Node", ...]


Node = Words | Field | Negated | Both | Either


@v_args(inline=True)
class _Build(Transformer[Token, Any]):
    """Makes the tree, from the leaves up."""

    def start(self, node: Node | None = None) -> Node:
        return node if node is not None else Both(())

    def either(self, *parts: Node | Token) -> Node:
        kept = tuple(part for part in parts if not isinstance(part, Token))
        return kept[0] if len(kept) == 1 else Either(kept)

    def both(self, *parts: Node) -> Node:
        return parts[0] if len(parts) == 1 else Both(parts)

    def negated(self, _minus: Token, part: Node) -> Node:
        return Negated(part)

    def group(self, part: Node) -> Node:
        return part

    def field(self, name: Token, *items: Item) -> Node:
        return Field(name[:-1].lower(), items, _place(name))

    def item(self, token: Token) -> Item:
        return Item(_text(token), _place(token))

    def words(self, token: Token) -> Node:
        return Words(_text(token), _place(token))


@lru_cache(maxsize=256)  # a page asks for rows, a count and each screen's count: the same few texts
def parse_query(text: str) -> Node:
    """Return the tree of a query; an empty text is everything.

    Raises:
        QueryTooLong: more than 500 characters, 40 terms, or 8 brackets within each other.
        QueryUnreadable: it breaks the grammar; `place` is the character where.
    """
    if len(text) > QUERY_CHARACTERS or _depth(text) > _DEPTH_MOST or len(text.split()) > _TERMS_MOST:
        raise QueryTooLong(limit=QUERY_CHARACTERS)
    try:
        return _Build().transform(_parser().parse(text))  # type: ignore[no-any-return]
    except UnexpectedInput as fault:
        ended = getattr(getattr(fault, "token", None), "type", "") == "$END"
        place = len(text) if ended else max(0, fault.pos_in_stream or 0)
        raise QueryUnreadable(place=place + 1, rest=text[place : place + 20]) from None
    except VisitError as fault:  # pragma: no cover - the builders take whatever the grammar gives
        raise QueryUnreadable(place=1, rest=text[:20]) from fault


def plain_words(node: Node) -> str:
    """Return the text of a query that has words only, which the search finds by itself; else nothing."""
    parts = node.parts if isinstance(node, Both) else (node,)
    words = [part.text for part in parts if isinstance(part, Words)]
    return " ".join(words) if len(words) == len(parts) else ""


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual")


def _place(token: Token) -> int:
    return (token.start_pos or 0) + 1


def _text(token: Token) -> str:
    return str(token)[1:-1] if token.type == "QUOTED" else str(token)


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += (character in "(（") - (character in ")）")
        deepest = max(deepest, depth)
    # each minus before a minus nests too
    return deepest + text.count("--")
