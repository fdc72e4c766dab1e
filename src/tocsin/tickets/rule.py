"""Box 17's contract: what a check is, what it finds, and how all of them are asked.

Checks are pure: an order and a context go in, findings come out. One file per code in
`tickets/checks/`; a new one is one new file with a `PLUGIN = Check(...)`. The paths of findings
count lines from 0, as JSON does (`lines.2.quantity`); `data["line"]` counts from 1, as people do.
"""

import functools
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.errors import Refusal
from tocsin.core.money import minor_digits, plain_minor
from tocsin.core.plugins import PluginBroken, load_plugins
from tocsin.orders.campaign_ask import Asked
from tocsin.orders.draft import Order, Party

Level = Literal["E", "W", "I"]
Setting = Literal["E", "W", "I", "off"]

BROKEN_CODE = "check_broken"
BROKEN_MESSAGE = "The check {check} itself failed ({error}): the order counts as unchecked, report it"
# A merchant's own rules (`own_rule`): their code begins so, and their message is the merchant's own words.
OWN_PREFIX, OWN_MESSAGE = "rule:", "{message}"
# What no paper may go without: a merchant's levels don't reach these.
FIXED_CODES = frozenset({"state", "required", "changed"})

_MASKS = "*•●"
_SEVERITY: dict[Setting, int] = {"E": 0, "W": 1, "I": 2, "off": 3}


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong: where (`""` is the whole order), how grave, and the data of its message.

    `data` holds text fit for any screen; personal text never stands in it, `field` points to it.
    """

    code: str
    level: Level
    field: str = ""
    case: str = ""
    data: dict[str, str | int] = {}


class CheckContext(Struct, frozen=True, kw_only=True):
    """All that a verdict depends on besides the order.

    Args:
        levels: the merchant's own level per code; a missing code keeps its default, as `FIXED_CODES` always do.
        real_fields: names of `Party` fields that the copy to be printed needs real.
        masking_channels: channels that declare their masking, which is then a notice.
        large_quantity_micro: a line above it is worth a second look; 0 asks for none.
        duplicate_of: numbers of orders with the same receiver and lines within the window.
        missing_glyphs: tells which characters of a text the ticket's font lacks.
        asked_revision: the revision that the ticket was asked for; None where no ticket was.
        cancelled, refund_open: late news that the revision itself does not hold.
        own: the merchant's own rules, asked beside the catalogue.
        campaign: what is known of the order's campaign.
        remote_areas, unserved_areas, no_cod_areas: names of provinces, cities or districts.
        known_skus: the shop's goods, none where it keeps no list; service_skus are nothing to pack.
        currencies: those in which the shop sells, none for any.
        old_days: an order that waits longer is worth a look; 0 for none.
        paper_columns: half-width columns of the ticket's paper.
        watched: the receiver is on the merchant's watch list.
    """

    now_us: int
    zone: str
    missing_glyphs: Callable[[str], Collection[str]]
    levels: Mapping[str, Setting] = {}
    real_fields: frozenset[str] = frozenset({"name", "phone", "address"})
    masking_channels: frozenset[str] = frozenset()
    large_quantity_micro: int = 1_000_000_000
    duplicate_of: tuple[str, ...] = ()
    asked_revision: int | None = None
    cancelled: bool = False
    refund_open: bool = False
    own: "tuple[Check, ...]" = ()
    campaign: Asked = Asked()
    remote_areas: frozenset[str] = frozenset()
    unserved_areas: frozenset[str] = frozenset()
    no_cod_areas: frozenset[str] = frozenset()
    no_cod_skus: frozenset[str] = frozenset()
    known_skus: frozenset[str] = frozenset()
    service_skus: frozenset[str] = frozenset()
    currencies: frozenset[str] = frozenset()
    old_days: int = 90
    paper_columns: int = 48
    watched: bool = False


class Check(Struct, frozen=True, kw_only=True):
    """One check of the catalogue: `message` and `cases` are msgids, format strings over a finding's data.

    A finding that names a case takes that case's message. `time_dependent` tells that the same
    revision can be judged otherwise later, so that an earlier verdict does not serve.
    """

    code: str
    level: Level
    message: str
    find: Callable[[Order, CheckContext], Iterator[Finding]]
    time_dependent: bool = False
    cases: Mapping[str, str] = {}


@functools.cache
def loaded_checks() -> Mapping[str, Check]:
    """Return each check by its code; loaded once per process.

    Raises:
        PluginBroken: a file's name is not the code of its check.
    """
    checks: dict[str, Check] = load_plugins("tickets.checks")
    for name, check in checks.items():
        if check.code != name:
            raise PluginBroken(name=name, folder="tickets.checks", reason=f"its code is {check.code}")
    return checks


def run_checks(
    order: Order, context: CheckContext, *, checks: Iterable[Check] | None = None
) -> tuple[Finding, ...]:
    """Return all findings on an order, gravest first; a check that crashes is itself a finding of level E."""
    asked = loaded_checks().values() if checks is None else checks
    found = [finding for check in (*asked, *context.own) for finding in _ask(check, order, context)]
    return tuple(sorted(found, key=lambda finding: _SEVERITY[finding.level]))


def level_in(levels: Mapping[str, Setting], check: Check) -> Setting:
    """Return how grave a check is by a merchant's levels; those of `FIXED_CODES` stay as they are."""
    return check.level if check.code in FIXED_CODES else levels.get(check.code, check.level)


def _ask(check: Check, order: Order, context: CheckContext) -> Iterator[Finding]:
    setting = level_in(context.levels, check)
    if setting == "off":
        return
    try:
        found = list(check.find(order, context))
    except Exception as error:  # noqa: BLE001 - whatever a check does, an order that it did not judge must not pass
        yield Finding(code=BROKEN_CODE, level="E", data={"check": check.code, "error": type(error).__name__})
        return
    for finding in found:
        # A sub-case that is milder than the check's default stays as mild when the merchant sharpens the check.
        plain = finding.level == check.level or _SEVERITY[setting] > _SEVERITY[finding.level]
        yield replace(finding, level=setting) if plain else finding


def message_of(finding: Finding) -> str:
    """Return the msgid of a finding: English, with `{fields}`, for doors to translate."""
    if finding.code == BROKEN_CODE:
        return BROKEN_MESSAGE
    if finding.code.startswith(OWN_PREFIX):
        return OWN_MESSAGE
    check = loaded_checks().get(finding.code)
    if check is None:  # stored by a plug-in that is no longer installed
        return finding.code
    return check.cases.get(finding.case, check.message)


def text(finding: Finding, template: str | None = None) -> str:
    """Return what a finding says, from a translated `template` where one is given."""
    return (template or message_of(finding)).format_map(_Blanks(finding.data))


class _Blanks(dict[str, str | int]):
    """Leaves a field that the data lacks as a question mark: a message never fails."""

    def __missing__(self, key: str) -> str:
        return "?"


def every_message() -> list[str]:
    """Return each msgid that findings can carry, in the order of their codes."""
    messages = [text for check in loaded_checks().values() for text in (check.message, *check.cases.values())]
    return list(dict.fromkeys([*messages, BROKEN_MESSAGE]))


def is_masked(text: str) -> bool:
    """Tell whether a text has been masked: asterisks, full-width ones and dots too."""
    return any(mask in unicodedata.normalize("NFKC", text) for mask in _MASKS)


def lies_in(receiver: Party, areas: Collection[str]) -> bool:
    """Tell whether a receiver's province, city or district is one of some areas, with or without its ending."""
    names = (receiver.province.strip(), receiver.city.strip(), receiver.district.strip())
    return any(name.startswith(area) for area in areas if area for name in names)


def currency_known(order: Order) -> bool:
    """Tell whether amounts of the order have a scale; where not, `required` says so and sums can't."""
    try:
        minor_digits(order.currency)
    except Refusal:
        return False
    return True


def compare_sum(
    code: str, order: Order, *, field: str, expected: int, declared: int, lines: int = 1, line: int = 0
) -> Iterator[Finding]:
    """Yield a finding where two amounts in minor units differ: W within one unit per line, else E."""
    if expected == declared:
        return
    data: dict[str, str | int] = {
        "expected": plain_minor(expected, order.currency),
        "declared": plain_minor(declared, order.currency),
        "difference": plain_minor(abs(expected - declared), order.currency),
        "currency": order.currency,
    }
    if line:
        data["line"] = line
    level: Level = "W" if abs(expected - declared) <= lines else "E"
    yield Finding(code=code, level=level, field=field, data=data)


def texts_of(order: Order) -> Iterator[tuple[str, str]]:
    """Yield (field, text) for each free text of an order that can reach a ticket."""
    for name in order.receiver.__struct_fields__:
        yield f"receiver.{name}", getattr(order.receiver, name)
    for index, line in enumerate(order.lines):
        for name in ("title", "sku", "spec", "unit"):
            yield f"lines.{index}.{name}", getattr(line, name)
    for name in (
        "shop",
        "external_id",
        "external_status",
        "campaign",
        "merchant_note",
        "carrier",
        "waybill",
        "pickup_point",
        "community",
    ):
        yield name, getattr(order, name)
