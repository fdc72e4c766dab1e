"""Reasons of a revision as one-key chips, filled from what was found."""

from collections.abc import Collection

from tocsin.web.words import Words

_REASONS = {
    "phone": "Phone corrected", "address": "Address corrected", "sum": "Amounts corrected", "paid": "Amounts corrected",
    "price": "Price corrected", "quantity": "Quantity corrected", "required": "What was missing filled in", "sku": "Code of goods corrected",
    "date": "Date corrected", "text": "Text cleaned", "glyph": "Text cleaned", "masked": "Real text fetched from the platform",
}  # fmt: skip
_ALWAYS = ("As the buyer asked", "As agreed by phone", "Typing error here")


def reasons_for(codes: Collection[str], words: Words) -> list[str]:
    """Return reasons that fit findings, the likeliest first, at most nine."""
    fitting = [_REASONS[head] for code in codes if (head := code.split("_")[0]) in _REASONS]
    return [words.translate(text) for text in dict.fromkeys([*fitting, *_ALWAYS])][:9]
