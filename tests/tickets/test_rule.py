"""The contract of the checks: all findings, gravest first, nothing passed in silence."""

from collections.abc import Iterator

import pytest

from tests.desk import make_line, order_with
from tests.tickets.checks.asking import ask, brief, make_context
from tocsin.core.plugins import PluginBroken
from tocsin.orders.draft import Order
from tocsin.tickets import rule
from tocsin.tickets.rule import Check, CheckContext, Finding, every_message, message_of, run_checks, text


def check_finding(*levels: str, code: str = "made_up") -> Check:
    def find(order: Order, context: CheckContext) -> Iterator[Finding]:
        for level in levels:
            yield Finding(code=code, level=level, data={"number": order.number})

    return Check(code=code, level="E", message="{number}", find=find)


def test_all_findings_are_returned_gravest_first() -> None:
    order = order_with(
        phone="1", name="王\u202e明", payable_minor=100, lines=(make_line(price=0), make_line(quantity=0))
    )
    found = run_checks(order, make_context())
    assert [finding.code for finding in found] == [
        "phone_shape",
        "quantity",
        "sum_order",
        "price_zero",
        "text",
    ]
    assert [finding.level for finding in found] == ["E", "E", "E", "W", "W"]


def test_a_check_that_crashes_stops_the_order() -> None:
    def find(order: Order, context: CheckContext) -> Iterator[Finding]:
        yield Finding(code="crashing", level="I")
        raise ZeroDivisionError(order.receiver.phone)

    crashing = Check(code="crashing", level="I", message="", find=find)
    found = run_checks(order_with(), make_context(), checks=[crashing, check_finding("W")])
    assert [(finding.code, finding.level) for finding in found] == [("check_broken", "E"), ("made_up", "W")]
    assert found[0].data == {"check": "crashing", "error": "ZeroDivisionError"}
    assert "crashing itself failed (ZeroDivisionError)" in text(found[0])


def test_the_crash_of_a_check_can_not_be_turned_down_but_the_check_can() -> None:
    def find(order: Order, context: CheckContext) -> Iterator[Finding]:
        raise RuntimeError

    crashing = Check(code="crashing", level="E", message="", find=find)  # type: ignore[arg-type]
    context = make_context(levels={"crashing": "I", "check_broken": "off"})
    assert brief(run_checks(order_with(), context, checks=[crashing])) == ["E"]
    assert run_checks(order_with(), make_context(levels={"crashing": "off"}), checks=[crashing]) == ()


@pytest.mark.parametrize(
    ("setting", "found"),
    [("E", ["E", "W"]), ("W", ["W", "W"]), ("I", ["I", "I"]), ("off", [])],
)
def test_the_merchant_sets_the_level(setting: str, found: list[str]) -> None:
    context = make_context(levels={"made_up": setting, "another": "off"})
    assert [f.level for f in run_checks(order_with(), context, checks=[check_finding("E", "W")])] == found


def test_a_sharpened_check_leaves_its_milder_cases_mild() -> None:
    assert brief(ask("price_zero", order_with(lines=(make_line(price=0),)), levels={"price_zero": "E"})) == [
        "E lines.0.unit_price"
    ]
    off_by_one = order_with(payable_minor=19_981)
    assert brief(ask("sum_order", off_by_one, levels={"sum_order": "E"})) == ["W totals.payable"]


def test_checks_are_loaded_once() -> None:
    assert rule.loaded_checks() is rule.loaded_checks()


def test_a_file_that_is_not_named_by_its_code_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rule.loaded_checks.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(rule, "load_plugins", lambda _: {"other": check_finding()})
        with pytest.raises(PluginBroken, match="made_up"):
            rule.loaded_checks()
    assert "required" in rule.loaded_checks()


def test_messages_take_a_translation_and_never_fail() -> None:
    (finding,) = ask("quantity", order_with(lines=(make_line(quantity=0),)))
    assert text(finding) == "The quantity of line 1 is 0: it must be more than 0"
    assert text(finding, "第 {line} 行数量为 {quantity}") == "第 1 行数量为 0"
    assert text(finding, "{unknown}") == "?"
    assert message_of(finding) in every_message()


def test_a_stored_finding_of_a_check_that_is_gone_still_says_its_code() -> None:
    assert text(Finding(code="gone", level="E")) == "gone"


def test_money_is_told_in_the_digits_of_its_currency() -> None:
    yen = order_with(currency="JPY", lines=(make_line(price=500),), payable_minor=700)
    (finding,) = ask("sum_order", yen)
    assert (finding.data["expected"], finding.data["declared"]) == ("500", "700")
