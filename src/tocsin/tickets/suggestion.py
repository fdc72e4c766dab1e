"""Suggestions for what a finding is about: numbers that can be dialled in what was typed, places that lie in one another."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping

from tocsin.tickets.division import chains_of, divisions
from tocsin.tickets.rule import is_masked

MOST = 4
_MOBILE = re.compile(r"(?=(1[3-9]\d{9}))")
_PLACES = ("province", "city", "district")
Suggestions = dict[str, tuple[dict[str, str], ...]]
"""Field → what may be chosen there, each with all fields that it fills."""


def suggest(typed: Mapping[str, str], codes: Collection[str]) -> Suggestions:
    """Return what may stand in the fields that findings are about, from what is shown there; nothing of a mask.

    Args:
        typed: the texts of a form by the paths of fields.
        codes: the codes of the findings.
    """
    found: Suggestions = {}
    if "phone_shape" in codes:
        found["receiver.phone"] = tuple(
            {"receiver.phone": number} for number in _numbers(typed.get("receiver.phone", ""))
        )
    if "address_division" in codes:
        found["receiver.province"] = tuple(_chains(*(typed.get(f"receiver.{name}", "") for name in _PLACES)))
    return {field: given for field, given in found.items() if given}


def _numbers(phone: str) -> list[str]:
    if is_masked(phone):
        return []
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", phone))
    return [number for number in dict.fromkeys(_MOBILE.findall(digits)) if number != phone][:MOST]


def _chains(province: str, city: str, district: str) -> list[dict[str, str]]:
    """Return chains of real places that hold as much of what was typed as can be."""
    chains = chains_of(city=city, district=district) or chains_of(city=city) or chains_of(district=district)
    if not chains:
        near = difflib.get_close_matches(province, list(divisions()), n=MOST, cutoff=0.5)
        return [{"receiver.province": name} for name in near]
    return [
        {f"receiver.{name}": text for name, text in zip(_PLACES, chain, strict=True) if text} for chain in chains[:MOST]
    ]  # fmt: skip
