"""Money never passes through a float and is rounded once, half up."""

from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.money import (
    MAX_INT64,
    AmountTooFine,
    AmountTooLarge,
    AmountUnreadable,
    CurrencyUnknown,
    Money,
    line_total_minor,
    minor_digits,
    parse_micro,
    parse_minor,
    plain_micro,
    plain_minor,
    show_money,
)

CURRENCIES = st.sampled_from(["CNY", "JPY", "KWD", "USD"])
MICROS = st.integers(-(10**13), 10**13)


@given(MICROS, MICROS, CURRENCIES)
def test_a_line_is_rounded_half_up_as_decimal_does(quantity: int, price: int, currency: str) -> None:
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(quantity) * Decimal(price) / Decimal(10**12)
        expected = exact.quantize(Decimal(1).scaleb(-minor_digits(currency)), ROUND_HALF_UP)
        wanted = int(expected.scaleb(minor_digits(currency)))
    if abs(wanted) > MAX_INT64:
        with pytest.raises(AmountTooLarge):
            line_total_minor(quantity, price, currency)
    else:
        assert line_total_minor(quantity, price, currency) == wanted


@pytest.mark.parametrize(
    ("quantity", "price", "currency", "minor"),
    [
        (1_000_000, 5_000, "CNY", 1),
        (1_000_000, 4_999, "CNY", 0),
        (1_000_000, -5_000, "CNY", -1),
        (3_000_000, 500_000, "JPY", 2),
        (1_000_000, 1_500, "KWD", 2),
        (2_500_000, 39_900_000, "CNY", 9975),
    ],
)
def test_halves_go_away_from_zero(quantity: int, price: int, currency: str, minor: int) -> None:
    assert line_total_minor(quantity, price, currency) == minor


@given(st.integers(-MAX_INT64, MAX_INT64), CURRENCIES)
def test_plain_digits_are_read_back_as_they_were(minor: int, currency: str) -> None:
    assert parse_minor(plain_minor(minor, currency), currency) == minor


@given(st.integers(-MAX_INT64, MAX_INT64))
def test_plain_millionths_are_read_back_as_they_were(micro: int) -> None:
    assert parse_micro(plain_micro(micro)) == micro


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("¥1,234.50", 123450), ("1234.5元", 123450), (" ￥0.01 ", 1), ("12.000", 1200), ("12.5000000000000000000000000000000000", 1250), ("-3", -300), ("+.5", 50), ("12.", 1200),
    ],
)  # fmt: skip
def test_written_amounts_are_read(text: str, minor: int) -> None:
    assert parse_minor(text, "CNY") == minor


@pytest.mark.parametrize(
    ("text", "currency", "digits"),
    [("0.005", "CNY", 2), ("39.999", "CNY", 2), ("0.4999999999999999999999999999999999", "CNY", 2),
     ("-1.5", "JPY", 0), ("1.2345", "KWD", 3)],
)  # fmt: skip
def test_an_amount_with_more_decimals_than_its_currency_is_refused(
    text: str, currency: str, digits: int
) -> None:
    with pytest.raises(AmountTooFine) as refused:
        parse_minor(text, currency)
    assert refused.value.data == {"currency": currency, "digits": digits}


@pytest.mark.parametrize(
    "text",
    ["", ".", "abc", "1,23", "1.2.3", "1e5", "NaN", "Infinity", "--1", "１２", "1٢", "9" * 35, "9" * 400, "1,234,56", "92233720368547758.08"],
)  # fmt: skip
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(AmountUnreadable):
        parse_minor(text, "CNY")


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        assert abs(parse_minor(text, "CNY")) <= MAX_INT64
        assert abs(parse_micro(text)) <= MAX_INT64
    except AmountUnreadable as refused:
        assert "is not an amount" in refused.message()


def test_currencies_have_their_own_places() -> None:
    assert [minor_digits(c) for c in ("CNY", "JPY", "KWD")] == [2, 0, 3]
    assert [plain_minor(1234, c) for c in ("CNY", "JPY", "KWD")] == ["12.34", "1234", "1.234"]
    with pytest.raises(CurrencyUnknown, match="RMB"):
        minor_digits("RMB")


def test_people_read_amounts_in_their_way() -> None:
    assert show_money(123450, "CNY") == "¥1,234.50"
    assert show_money(1234, "JPY", "en") == "¥1,234"
    assert Money(1, "CNY") < Money(2, "CNY")


def test_millionths_are_shown_short() -> None:
    assert [plain_micro(n) for n in (3_000_000, 500_000, -1, 0)] == ["3", "0.5", "-0.000001", "0"]
