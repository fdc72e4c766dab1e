"""Money: int64 minor units with a currency; quantities and unit prices int64 × 10⁻⁶.

Never a float. Formatted here and nowhere else.
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache, lru_cache

from babel.core import Locale
from babel.numbers import format_currency, get_currency_precision, list_currencies
from msgspec import Struct

from tocsin.core.errors import Refusal

MICRO = 1_000_000
MAX_INT64 = 2**63 - 1


class AmountUnreadable(Refusal):
    """This is not an amount: write digits with at most one decimal point, as in 1,234.50"""

    kind, code = "invalid", "amount_unreadable"


class NumberUnreadable(AmountUnreadable):
    """This is not a number: write digits with at most one decimal point, as in 2.5"""

    code = "number_unreadable"


class AmountTooFine(AmountUnreadable):
    """Amounts in {currency} have at most {digits} decimals: round it yourself"""

    code = "amount_too_fine"


class NumberTooFine(AmountUnreadable):
    """Quantities and unit prices have at most 6 decimals: round it yourself"""

    code = "number_too_fine"


class AmountTooLarge(Refusal):
    """Quantity × unit price is more than any order comes to: correct the quantity or the price"""

    kind, code = "invalid", "amount_too_large"


class CurrencyUnknown(Refusal):
    """“{currency}” is no currency: write its ISO 4217 code, as CNY or USD"""

    kind, code = "invalid", "currency_unknown"


class Money(Struct, frozen=True, order=True):
    """An amount in minor units (cents, 分; yen have none) of one currency."""

    minor: int
    currency: str


_known = frozenset(list_currencies())
_digits: dict[str, int] = {}


def minor_digits(currency: str) -> int:
    """Return how many decimal places a currency has: CNY 2, JPY 0, KWD 3.

    Raises:
        CurrencyUnknown: the code is not in ISO 4217.
    Source: Unicode CLDR, as carried by Babel.
    """
    if currency not in _digits:
        if currency not in _known:
            raise CurrencyUnknown(currency=currency[:12])
        _digits[currency] = get_currency_precision(currency)
    return _digits[currency]


_noise = re.compile(r"^[¥￥$€£]|元$|\s")
_shape = re.compile(r"^[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?$", re.ASCII)
# More digits than a text of 40 characters has: rounding happens once, where we say.
_exact = Context(prec=60, rounding=ROUND_HALF_UP)


def _decimal(text: str) -> Decimal:
    clean = _noise.sub("", text.strip())
    if not _shape.match(clean) or not any("0" <= c <= "9" for c in clean):
        raise AmountUnreadable
    return Decimal(clean.replace(",", ""))


def _scaled(text: str, digits: int) -> int:
    value = _exact.quantize(_exact.scaleb(_decimal(text), digits), Decimal(1)) if len(text) < 40 else None
    if value is None or abs(value) > MAX_INT64:
        raise AmountUnreadable
    return int(value)


@lru_cache(maxsize=4096)  # prices come again
def parse_minor(text: str, currency: str) -> int:
    """Return a written amount in minor units; takes `¥`, `元`, thousands commas, zeros beyond the decimals.

    Raises:
        AmountUnreadable: it is not an amount, or beyond 64 bits.
        AmountTooFine: it has more decimals than the currency.
    """
    digits = minor_digits(currency)
    minor = _scaled(text, digits)
    if "." in text and _decimal(text) != _exact.scaleb(Decimal(minor), -digits):
        raise AmountTooFine(currency=currency, digits=digits)
    return minor


def parse_micro(text: str) -> int:
    """Return a written quantity or unit price in millionths.

    Raises:
        NumberUnreadable: it is not a number, or beyond 64 bits.
    """
    try:
        return _scaled(text, 6)
    except AmountUnreadable as wrong:
        raise NumberUnreadable from wrong


@lru_cache(maxsize=4096)
def parse_exact_micro(text: str) -> int:
    """Return a written quantity or unit price in millionths, of which none is lost.

    Raises:
        NumberUnreadable: it is not a number, or beyond 64 bits.
        NumberTooFine: it has more than six decimals.
    """
    micro = parse_micro(text)
    if "." in text and _decimal(text) != _exact.scaleb(Decimal(micro), -6):
        raise NumberTooFine
    return micro


def line_total_minor(quantity_micro: int, unit_price_micro: int, currency: str) -> int:
    """Return quantity × unit price in minor units, rounded half up (away from zero) per line.

    Raises:
        AmountTooLarge: it is beyond 64 bits.
    """
    product, scale = quantity_micro * unit_price_micro, int(10 ** (12 - minor_digits(currency)))
    sign = -1 if product < 0 else 1
    total = (abs(product) * 2 + scale) // (2 * scale)
    if total > MAX_INT64:
        raise AmountTooLarge
    return sign * total


def plain_minor(minor: int, currency: str) -> str:
    """Return minor units as plain digits with a point, as files and the API carry them: `1234.50`."""
    digits = minor_digits(currency)
    if digits == 0:
        return str(minor)
    whole, part = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}.{part:0{digits}d}"


def plain_micro(micro: int) -> str:
    """Return millionths as the shortest plain decimal: `3`, `0.5`."""
    whole, part = divmod(abs(micro), MICRO)
    if part == 0:
        return str(micro // MICRO)
    tail = f".{part:06d}".rstrip("0").rstrip(".")
    return f"{'-' if micro < 0 else ''}{whole}{tail}"


@lru_cache(maxsize=8192)
def show_money(minor: int, currency: str, locale: str = "zh_CN") -> str:
    """Return an amount as people of a locale read it: `¥1,234.50`."""
    return format_currency(Decimal(plain_minor(minor, currency)), currency, locale=_locale(locale))


@cache
def _locale(name: str) -> Locale:
    # Given its name, it looks through all that there are, each time.
    return Locale.parse(name)
