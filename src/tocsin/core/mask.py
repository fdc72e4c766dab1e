"""Masks: what lists and outsiders may see of a person.

Source: practice of Chinese platforms and courier waybills (GB/T 41833-2022: at least one
character of the name, six digits of the phone, unit and room hidden).
"""

import re

from tocsin.core.party import Party
from tocsin.core.text import strip_control

_COMPOUND = frozenset(
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 "
    "慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 令狐".split()
)
_STREET = re.compile(
    r"^.*?(?:大道|路|街|巷|弄|镇|乡|村|道|(?i:street|st\.?|road|rd\.?|avenue|ave\.?|lane))(?=$|[\s,，\d]|.)"
)
_PIECE = 5
_HIDDEN = re.compile("\0+")
_DIGITS = re.compile(r"\d(?:[\d\- ]{4,}\d)")


def mask_name(name: str) -> str:
    """Return the surname and stars: 张三 → 张*, 欧阳娜娜 → 欧阳**, John Smith → J*** S****."""
    if not name:
        return ""
    if name.isascii():
        return " ".join(
            (word[0] if len(word) > 1 else "") + "*" * max(1, len(word) - 1) for word in name.split()
        )
    if len(name) == 1:
        return "*"
    kept = 2 if name[:2] in _COMPOUND and len(name) > 2 else 1
    return name[:kept] + "*" * max(1, len(name) - kept)


def mask_phone(phone: str) -> str:
    """Return the first three and last four digits: 138****5678; of a short one at most the last two."""
    if len(phone) < 9:
        shown = 2 if len(phone) > 4 else 0
        return "*" * (len(phone) - shown) + phone[len(phone) - shown :]
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:]


def mask_address(address: str) -> str:
    """Return an address to its street; unit and room become stars."""
    return address[: _shown_length(address)] + "***" if address else ""


def mask_note(note: str) -> str:
    """Return a note with each run of six digits or more masked like a phone."""
    return _DIGITS.sub(lambda run: mask_phone(run.group(0)), note)


def mask_party(party: Party) -> Party:
    """Return a party as lists show it; province, city, district and country stay.

    A name, phone or address that the buyer wrote again into a note or the address is hidden there too.
    """
    return Party(
        name=mask_name(party.name),
        phone=mask_phone(party.phone),
        country=party.country,
        province=party.province,
        city=party.city,
        district=party.district,
        address=_hide(mask_address(party.address), party),
        postcode=(party.postcode[:3] if len(party.postcode) > 3 else "") + "***" if party.postcode else "",
        buyer_note=_hide(mask_note(_hide(party.buyer_note, party)), party),
    )


def mask_text(text: str, *parties: Party) -> str:
    """Return free text of the desk, such as a reason, without what it repeats of a party; long numbers are masked."""
    text = strip_control(text)
    for party in parties:
        text = _hide(text, party)
    return mask_note(text)


def _shown_length(address: str) -> int:
    street = _STREET.match(address)
    if street and len(street.group(0)) < len(address):
        return len(street.group(0))
    return min(2, len(address) - 1)


def _hide(text: str, party: Party) -> str:
    for secret in filter(None, (party.address, party.phone, party.name)):
        text = text.replace(secret, "***")
    return (
        _hide_pieces(text, party.address[_shown_length(party.address) :]) if text and party.address else text
    )


def _hide_pieces(text: str, secret: str) -> str:
    """Return a text without what it shares with a secret, from five characters on: `13 栋 2604` of a longer address."""
    pieces = {secret[at : at + _PIECE] for at in range(len(secret) - _PIECE + 1)}
    shared = [at for at in range(len(text) - _PIECE + 1) if text[at : at + _PIECE] in pieces]
    if not shared:
        return text
    hidden = {place for at in shared for place in range(at, at + _PIECE)}
    shown = "".join("\0" if place in hidden else character for place, character in enumerate(text))
    return _HIDDEN.sub("***", shown)
