"""A paper as marked-up text, for clouds that take no dots: every word of an order is text there, never a command."""

import re
from functools import cache
from pathlib import Path

from msgspec import Struct

from tocsin.tickets.content import LineContent, TicketContent

_CHANNEL = "channel_"
_WORDS = re.compile(r'(\w+): \("([^"]*)", "([^"]*)"\)')
# What any of these clouds might take for a command, an entity or an escape, as a character of the same look.
_DEFUSED = str.maketrans({char: chr(ord(char) + 0xFEE0) for char in "<>&%@\\"})


class Tags(Struct, frozen=True):
    """The commands of one cloud; each pair goes around a text."""

    line: str
    rule: str
    big: tuple[str, str]
    bold: tuple[str, str]
    qr: tuple[str, str]


def write_markup(content: TicketContent, tags: Tags) -> str:
    """Return a paper as marked-up text; it says what a roll says, its bar code aside."""
    say = _Say(content)
    parts = [
        *_head(content, tags, say), *_receiver(content, tags, say), tags.rule, *_lines(content, tags, say), tags.rule,
        *_sums(content, tags, say), *_foot(content, tags, say),
    ]  # fmt: skip
    return "".join(part + tags.line for part in parts if part)


def as_text(text: str) -> str:
    """Return a text of which no character is a command."""
    plain = text.translate(_DEFUSED)
    return "".join(char if char.isprintable() else " " * char.isspace() for char in plain)


class _Say:
    """The words of a paper's language, as the templates have them."""

    def __init__(self, content: TicketContent) -> None:
        self._place = 0 if content.locale.startswith("zh") else 1

    def __call__(self, code: str, number: object = "") -> str:
        plain = code.removeprefix(_CHANNEL)
        return as_text(_words().get(code, (plain, plain))[self._place].replace("{}", str(number)))


@cache
def _words() -> dict[str, tuple[str, str]]:
    text = (Path(__file__).parent / "templates" / "common.typ").read_text("utf-8")
    return {found[1]: (found[2], found[3]) for found in _WORDS.finditer(text)}


def _head(content: TicketContent, tags: Tags, say: _Say) -> list[str]:
    facts = [
        say(_CHANNEL + content.channel),
        as_text(content.campaign),
        say(content.delivery),
        say("revision", content.revision) if content.revision else "",
    ]
    times = [("placed", content.placed_at), ("paid_at", content.paid_at), ("printed", content.printed_at)]
    places = [("pickup_point", content.pickup_point), ("community", content.community)]
    return [
        _in(tags.bold, as_text(content.shop) + (f" [{say(content.copy)}]" if content.revision else "")),
        *_marks(content, tags, say),
        _in(tags.big, as_text(content.number)),
        " · ".join(fact for fact in facts if fact),
        *(f"{say(code)} {_in(tags.bold, as_text(place))}" for code, place in places if place),
        *(f"{say(code)} {as_text(at)}" for code, at in times if at),
        _money(content, tags, say),
    ]  # fmt: skip


def _marks(content: TicketContent, tags: Tags, say: _Say) -> list[str]:
    """Return what makes a paper another one than it seems."""
    found = []
    if content.void:
        found += [_in(tags.big, say("void")), _in(tags.bold, say("intercept"))]
    if content.reprint_no:
        found.append(_in(tags.big, say("reprint", content.reprint_no)))
    if content.replaces:
        found.append(_in(tags.big, say("replacement", content.replaces)))
    if content.amended_from:
        found += [
            _in(tags.big, say("amended", content.revision)),
            _in(tags.bold, say("superseded", content.amended_from)),
        ]
    if content.part:
        shown = f"{len(content.lines)} / {content.lines_of}"
        found += [_in(tags.big, as_text(content.part)), _in(tags.bold, say("part", shown))]
    return found


def _is_priced(content: TicketContent) -> bool:
    """Tell whether a paper shows what things cost: as its template does, an intercept slip never."""
    return not content.void and "prices" not in content.hidden


def _money(content: TicketContent, tags: Tags, say: _Say) -> str:
    if content.void or not content.payment_mark:
        return ""
    collect = f"{tags.line}{say('collect')} {as_text(content.collect)}" if content.collect else ""
    return _in(tags.big, say(content.payment_mark) + collect)


def _receiver(content: TicketContent, tags: Tags, say: _Say) -> list[str]:
    name = " ".join(as_text(text) for text in (content.receiver_name, content.receiver_phone) if text)
    note = f"{say('note')} {_in(tags.bold, as_text(content.buyer_note))}" if content.buyer_note else ""
    return [_in(tags.bold, name) if name else "", as_text(content.receiver_address), note]


def _lines(content: TicketContent, tags: Tags, say: _Say) -> list[str]:
    if not content.lines:
        return [say("no_lines")]
    bare = not _is_priced(content)
    return [part for line in content.lines for part in _line(line, tags, say, bare=bare)]


def _line(line: LineContent, tags: Tags, say: _Say, *, bare: bool) -> list[str]:
    gift = f"[{say('gift')}] " if line.gift else ""
    title, quantity = as_text(line.title), as_text(line.quantity)
    if bare:
        return [_in(tags.bold, f"{gift}{title}" + (f" × {quantity}" if quantity else "")), as_text(line.spec)]
    sums = f"{quantity} × {as_text(line.unit_price)} = {as_text(line.total)}"
    less = f"{say('discount')} {as_text(line.discount)}" if line.discount else ""
    return [_in(tags.bold, gift + title), as_text(line.spec), sums, less]


def _sums(content: TicketContent, tags: Tags, say: _Say) -> list[str]:
    if not _is_priced(content):
        return []
    charges = [f"{say(code)} {as_text(amount)}" for code, amount in content.charges]
    return [*charges, _in(tags.big, f"{say('payable')} {as_text(content.payable)}")]


def _foot(content: TicketContent, tags: Tags, say: _Say) -> list[str]:
    # A link that would read otherwise as text is left out: its code would lead nowhere.
    code = _in(tags.qr, content.scan_url) if as_text(content.scan_url) == content.scan_url else ""
    return [
        code,
        say("scan"),
        f"{say('serial')} {content.serial}",
        content.code128,
        _in(tags.bold, say("not_invoice")),
    ]


def _in(pair: tuple[str, str], text: str) -> str:
    return f"{pair[0]}{text}{pair[1]}"
