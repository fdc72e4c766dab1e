"""Every check finds what it must, and nothing else; every plug-in meets the contract."""

import re
from string import Formatter

import pytest

from tests.desk import order_with
from tests.tickets.checks.asking import Case, ask, brief, make_context
from tests.tickets.checks.firing import FIRES
from tests.tickets.checks.silent import SILENT
from tocsin.tickets.rule import loaded_checks, message_of, run_checks, text


def cases(table: dict[str, list[Case]]) -> list[object]:
    return [
        pytest.param(code, case, id=f"{code}-{n}")
        for code, rows in table.items()
        for n, case in enumerate(rows)
    ]


@pytest.mark.parametrize(("code", "case"), cases(FIRES))
def test_it_fires(code: str, case: Case) -> None:
    found = ask(code, case.order, **case.context)
    assert brief(found) == sorted(case.found, key=lambda where: "EWI".index(where[0]))
    assert {finding.code for finding in found} == {code}


@pytest.mark.parametrize(("code", "case"), cases(SILENT))
def test_it_is_silent(code: str, case: Case) -> None:
    assert ask(code, case.order, **case.context) == ()


@pytest.mark.parametrize("code", sorted(loaded_checks()))
def test_the_table_holds_each_check(code: str) -> None:
    assert len(FIRES[code]) >= 6
    assert len(SILENT[code]) >= 6


def test_a_good_order_passes_all_checks() -> None:
    assert run_checks(order_with(), make_context(asked_revision=1)) == ()


@pytest.mark.parametrize(("code", "case"), cases(FIRES))
def test_messages_are_whole_and_hold_no_personal_text(code: str, case: Case) -> None:
    receiver = case.order.receiver
    for finding in ask(code, case.order, **case.context):
        asked_for = {name for _, name, _, _ in Formatter().parse(message_of(finding)) if name}
        assert asked_for <= finding.data.keys()
        told = text(finding) + " ".join(map(str, finding.data.values()))
        assert not re.search(r"[{}?]", text(finding).replace("is it meant?", ""))
        for name in ("name", "phone", "address", "buyer_note"):
            personal = getattr(receiver, name).strip()
            assert not personal or personal not in told


@pytest.mark.parametrize("code", sorted(loaded_checks()))
def test_the_contract(code: str) -> None:
    check = loaded_checks()[code]
    assert check.code == code
    assert check.level in ("E", "W", "I")
    assert check.message
    named = {finding.case for case in FIRES[code] for finding in ask(code, case.order, **case.context)}
    assert named - {""} == set(check.cases)  # every case has its message, and every message its case


def test_only_what_time_can_change_is_asked_again() -> None:
    late = {code for code, check in loaded_checks().items() if check.time_dependent}
    assert late == {"state", "duplicate", "changed", "campaign", "stock", "date", "buyer", "phone_expired"}
