"""Box 17's own check rules: what a merchant asks of each order, in the query language, found as `rule:<name>`."""

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.preference import preference_revision, read_preference
from tocsin.orders.draft import Order
from tocsin.orders.screen import Filter, read_filter
from tocsin.orders.syntax_match import matches, subject_of
from tocsin.orders.syntax_meaning import All, Any, Found, Held, Meaning, Not
from tocsin.tickets.rule import OWN_MESSAGE, OWN_PREFIX, Check, CheckContext, Finding, Level

BOX = "tickets.own_rules"
RULES_MOST, MESSAGE_CHARACTERS = 20, 200
_NAME = re.compile(r"[\w-]{1,24}")


class RuleWrong(Refusal):
    """Rule {row} can't be kept: {problem}"""

    kind, code = "invalid", "rule_wrong"


class OwnRule(Struct, frozen=True, kw_only=True):
    """An order that `query` shows gets a finding of a level, with a message of the merchant's own."""

    name: str
    level: Level
    query: str
    message: str


class OwnRules(Struct, frozen=True):
    """The rules of a merchant or a shop, in their order."""

    rules: tuple[OwnRule, ...] = ()


def read_rules(tx: Tx) -> tuple[tuple[OwnRule, ...], int]:
    """Return the merchant's own rules and the revision that a change is made against."""
    return read_preference(tx, OwnRules, box=BOX).rules, preference_revision(tx, box=BOX)


def own_checks(tx: Tx, order: Order) -> tuple[Check, ...]:
    """Return the checks that the merchant's rules are, read at the order's shop: its zone, currency and day."""
    rules = read_preference(tx, OwnRules, box=BOX, shop_id=order.shop_id).rules
    return tuple(
        Check(
            code=OWN_PREFIX + rule.name, level=rule.level, message=OWN_MESSAGE, find=_finder(tx, rule, order),
            time_dependent=True,
        )
        for rule in rules
    )  # fmt: skip


def _finder(tx: Tx, rule: OwnRule, order: Order) -> Callable[[Order, CheckContext], Iterator[Finding]]:
    wrong, meaning = None, None
    try:
        meaning = read_filter(tx, Filter(query=rule.query), shop=order.shop).meaning
    except (
        Refusal
    ) as refusal:  # what it names is gone: raised where checks are asked, so that it is a finding itself
        wrong = refusal

    def find(asked: Order, _context: CheckContext) -> Iterator[Finding]:
        if wrong is not None or meaning is None:
            raise wrong or AssertionError(rule.name)
        if matches(meaning, subject_of(asked)):
            yield Finding(code=OWN_PREFIX + rule.name, level=rule.level, data={"message": rule.message})

    return find


def require_fit(tx: Tx, rules: tuple[OwnRule, ...]) -> None:
    """Refuse rules that can't be kept.

    Raises:
        RuleWrong: a rule has no fit name, message or query, or there are too many.
    """
    names: set[str] = set()
    if len(rules) > RULES_MOST:
        raise RuleWrong(row=RULES_MOST + 1, problem="there may be 20: put two into one with OR")
    for row, rule in enumerate(rules, 1):
        _require_fit(tx, rule, row=row, names=names)
        names.add(rule.name)


def _require_fit(tx: Tx, rule: OwnRule, *, row: int, names: set[str]) -> None:
    if not _NAME.fullmatch(rule.name):
        raise RuleWrong(row=row, problem="a name is 1 to 24 letters, digits or hyphens")
    if rule.name in names:
        raise RuleWrong(row=row, problem="another rule has this name")
    if not 0 < len(rule.message.strip()) <= MESSAGE_CHARACTERS:
        raise RuleWrong(row=row, problem="say in at most 200 characters what to do")
    if not rule.query.strip():
        raise RuleWrong(row=row, problem="it needs a query, or every order would be found")
    asked = read_filter(tx, Filter(query=rule.query))
    if asked.sort is not None or asks_outcome(asked.meaning):
        raise RuleWrong(
            row=row,
            problem="holds and findings follow from the checks, and a sort shows nothing: leave them out",
        )


def asks_outcome(meaning: Meaning) -> bool:
    """Tell whether a query asks for holds or findings, which nothing has that is asked before the checks."""
    if isinstance(meaning, All | Any):
        return any(asks_outcome(part) for part in meaning.parts)
    return asks_outcome(meaning.part) if isinstance(meaning, Not) else isinstance(meaning, Held | Found)
