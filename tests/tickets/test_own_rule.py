"""A merchant's own rules: a query of theirs holds an order as any check does."""

from functools import partial

import pytest

from tests.counter import open_counter
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.errors import Refusal
from tocsin.core.preference import PreferenceMoved, change_preference
from tocsin.orders.screen import Filter, count_rows
from tocsin.tickets.check_choice import choose_rules
from tocsin.tickets.own_rule import BOX, OwnRule, OwnRules, RuleWrong, read_rules
from tocsin.tickets.problem import findings_of
from tocsin.tickets.rule import message_of, text

COD = OwnRule(name="大额", level="E", query="支付方式:货到付款 amount:>50", message="先打电话确认 {x}")
NOTE = OwnRule(name="wang", level="I", query="王小明 -campaign:团购", message="老客户")


def test_what_a_rule_shows_is_held_until_it_passes(db: Database) -> None:
    with open_counter(db) as counter:
        counter.do(choose_rules, rules=(COD, NOTE), revision=0)
        assert counter.ask(read_rules) == ((COD, NOTE), 1)
        found = counter.take(payment="unpaid", payment_method="cod")
        small = counter.take(payment="unpaid", payment_method="cod", quantity=1)
        grouped = counter.take(campaign="团购", quantity=4)
        counter.check()
        codes = {order_id: [one.finding.code for one in findings] for order_id, findings in counter.ask(
            findings_of, order_ids=[found.order_id, small.order_id, grouped.order_id]
        ).items()}  # fmt: skip
        assert codes == {
            found.order_id: ["rule:大额", "rule:wang"],
            small.order_id: ["rule:wang"],
            grouped.order_id: [],
        }
        assert (counter.kinds(found.order_id), counter.kinds(small.order_id)) == (["check"], [])
        (told,) = [f.finding for f in counter.ask(findings_of, order_ids=[found.order_id])[found.order_id] if f.finding.level == "E"]  # fmt: skip
        assert text(told, message_of(told)) == "先打电话确认 {x}", "the merchant's words are no format"
        assert counter.ask(count_rows, wanted=Filter(query="finding:rule:大额")) == 1
        counter.do(choose_rules, rules=(), revision=1)
        assert counter.print(found.order_id).result == "queued", "checked again before paper: it passes now"


@pytest.mark.parametrize(
    "rule",
    [
        {"name": "a b"}, {"name": ""}, {"name": "x" * 25}, {"message": " "}, {"message": "x" * 201}, {"query": ""}, {"query": "held:yes"},
        {"query": "-(finding:state OR a)"}, {"query": "a sort:amount"}, {"query": "stat:x"}, {"query": "state:held"}, {"query": "shop:NONE"},
    ],
)  # fmt: skip
def test_a_rule_that_means_nothing_is_refused(db: Database, rule: dict[str, str]) -> None:
    with open_counter(db) as counter:
        good = {"name": "x", "level": "W", "query": "a", "message": "b"}
        with pytest.raises(Refusal) as refused:
            counter.do(choose_rules, rules=(OwnRule(**{**good, **rule}),), revision=0)  # type: ignore[arg-type]
        assert refused.value.kind in ("invalid", "missing") and counter.ask(read_rules) == ((), 0)


def test_who_may_choose_and_how_many(db: Database) -> None:
    with open_counter(db) as counter:
        choose = partial(counter.house.db.write, counter.house.merchant_id)
        with pytest.raises(NotAllowed):
            choose(lambda tx: choose_rules(tx, counter.house.actor("clerk"), rules=(NOTE,), revision=0))
        for rules in (
            (NOTE, NOTE),
            tuple(OwnRule(name=f"n{n}", level="W", query="a", message="b") for n in range(21)),
        ):
            with pytest.raises(RuleWrong):
                counter.do(choose_rules, rules=rules, revision=0)
        with pytest.raises(PreferenceMoved):
            counter.do(choose_rules, rules=(NOTE,), revision=4)


def test_a_rule_that_can_no_longer_be_read_stops_the_paper(db: Database) -> None:
    with open_counter(db) as counter:
        gone = OwnRules((OwnRule(name="x", level="I", query="shop:GONE", message="b"),))
        counter.do(change_preference, value=gone, box=BOX, revision=0)
        taken = counter.take()
        counter.check()
        assert counter.kinds(taken.order_id) == ["check"]
        ((broken,),) = counter.ask(findings_of, order_ids=[taken.order_id]).values()
        assert (broken.finding.code, broken.finding.data["check"]) == ("check_broken", "rule:x")
