"""phone_shape: a number that can be dialled in the receiver's country."""

import re
import unicodedata
from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding, is_masked

_EXTENSION = r"(?:(?:-|_|转|转接|ext\.?|x|#|,)\d{1,6})?"
# Any 1[3-9] segment passes: new segments are given out faster than lists of them are corrected.
_CHINESE = re.compile(
    r"(?:(?:\+|00)?86-?)?(?:"
    r"1[3-9]\d-?\d{4}-?\d{4}"  # mobile
    rf"|(?:0\d{{2,3}}-?|\(0\d{{2,3}}\))\d{{7,8}}{_EXTENSION}"  # landline
    rf"|[48]00-?\d{{3}}-?\d{{4}}{_EXTENSION}"  # 400 and 800
    r"|\d{11,12}[-_转]\d{3,4}"  # a platform's virtual number
    r")",
    re.ASCII | re.IGNORECASE,
)
_LANDLINE_ABROAD = re.compile(
    rf"(?:\+|00)86-?[1-9]\d{{1,2}}-?\d{{7,8}}{_EXTENSION}", re.ASCII | re.IGNORECASE
)
_FOREIGN = re.compile(rf"\+?\d{{6,15}}{_EXTENSION}", re.ASCII | re.IGNORECASE)


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding where the number has no shape of its country; a missing or masked one is not judged.

    Source: Chinese numbering plan (mobile 11 digits, area code 3–4, subscriber 7–8); ITU-T E.164 abroad.
    """
    phone = re.sub(r"\s", "", unicodedata.normalize("NFKC", order.receiver.phone))
    if not phone or is_masked(phone):
        return
    country = order.receiver.country.strip().upper() or "CN"
    if not _fits(phone, country):
        digits = sum(character.isdigit() for character in phone)
        yield Finding(
            code="phone_shape",
            level="E",
            field="receiver.phone",
            data={"country": country[:2], "digits": digits},
        )


def _fits(phone: str, country: str) -> bool:
    if country == "CN":
        return bool(_CHINESE.fullmatch(phone) or _LANDLINE_ABROAD.fullmatch(phone))
    return bool(_FOREIGN.fullmatch(re.sub(r"(?<=[\d)])[-.](?=[\d(])|[()]", "", phone)))


PLUGIN = Check(
    code="phone_shape",
    level="E",
    message="The receiver's phone number can't be dialled in {country}: it has {digits} digits in a shape unknown there",
    find=find,
)
