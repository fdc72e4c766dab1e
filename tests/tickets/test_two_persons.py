"""Acknowledged by two: who is the first, who may be the second, and what makes the first signature worth nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tests.orders.test_second_person import confirm
from tocsin.access.api_key import create_api_key, find_api_key, list_api_keys, revoke_api_key
from tocsin.access.operator import add_operator, restore_operator, suspend_operator
from tocsin.access.operator_role import change_role
from tocsin.access.step_up import ProofNeeded
from tocsin.core.actor import Actor
from tocsin.core.clock import DAY_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.orders.draft import Party
from tocsin.orders.watch_list import add_watch
from tocsin.tickets.check import check_order
from tocsin.tickets.check_choice import (
    CheckPreference,
    LevelFixed,
    TwoPersonsMissing,
    choose_checks,
)
from tocsin.tickets.hold import acknowledge_findings
from tocsin.tickets.problem import findings_of
from tocsin.tickets.two_persons import SecondSignatureNeeded, signatures_of

SHORT = Party(
    name="王小明", phone="13812345678", province="安徽省", city="合肥市", district="蜀山区", address="黄山路"
)


class Crew:
    """A counter whose warnings of two codes ask for two persons, and its people by name."""

    def __init__(self, counter: Counter) -> None:
        self.counter, self.db, self.merchant_id = counter, counter.db, counter.house.merchant_id
        self.people = {role: self.hire(role) for role in ("clerk", "checker", "owner")}
        self.ask_two("price_zero", "address_short", "duplicate")

    def hire(self, role: str, name: str = "") -> Actor:
        """Add an operator; return him."""
        operator_id = self.db.write(self.merchant_id, partial(
            add_operator, name=f"{name or role}-{self.merchant_id}", display_name=role, role=role, password_hash="",
            locale="en", zone="UTC", created_by=0,
        ))  # fmt: skip
        return replace(self.counter.house.actor(role, actor_id=operator_id), name=name or role)

    def as_owner(self, verb: Any, **given: Any) -> Any:
        """Run a verb as the owner."""
        return self.db.write(self.merchant_id, partial(verb, actor=self.people["owner"], **given))

    def ask_two(self, *codes: str, revision: int = 0) -> None:
        """Choose for which codes two persons are asked."""
        self.as_owner(choose_checks, chosen=CheckPreference(two_persons=codes), revision=revision)

    def key(self) -> Actor:
        """Make a key of the owner's; return what signs in with it."""
        secret = self.as_owner(
            create_api_key, name="key", scopes=frozenset({"acknowledge", "second_person", "query"})
        )
        found = find_api_key(self.db, secret, address="127.0.0.1")
        assert isinstance(found, Actor)
        return found

    def free(self, **changes: Any) -> int:
        """Take an order in with a line that costs nothing."""
        taken = self.counter.take(price=0.0, **changes)
        self.counter.check()
        return int(taken.order_id)

    def sign(self, who: Actor, order_id: int, *codes: str, revision: int = 1, keep: bool = False) -> bool:
        """Acknowledge as somebody; tell whether it was enough."""
        made = self.db.write(self.merchant_id, partial(
            acknowledge_findings, actor=who, order_id=order_id, revision=revision, codes=codes or ("price_zero",), keep=keep
        ))  # fmt: skip
        return not made.waits_for_second(codes or ("price_zero",))

    def first(self, order_id: int) -> str:
        """Return who has signed first, empty where nobody has."""
        (found,) = [
            one
            for one in self.counter.ask(findings_of, order_ids=[order_id])[order_id]
            if one.finding.code == "price_zero"
        ]
        assert found.two is not bool(found.acknowledged_by)
        return found.first.actor_name if found.first else ""


@contextmanager
def open_crew(db: Database) -> Iterator[Crew]:
    with open_counter(db) as counter:
        try:
            yield Crew(counter)
        finally:
            shift_clock(0)


def test_one_signs_and_another_who_may_confirm_signs_after_him(db: Database) -> None:
    with open_crew(db) as crew:
        clerk, checker, owner = crew.people.values()
        order_id = crew.free(quantity=1)
        assert not crew.sign(clerk, order_id) and crew.first(order_id) == "clerk"
        assert crew.counter.kinds(order_id) == ["acknowledge"], "nothing is printed by one"
        assert crew.counter.print(order_id).result == "held"
        renamed = replace(clerk, name="someone", session_id=9)
        demoted = replace(checker, rights=checker.rights - {"second_person"})
        desk = Actor(kind="desk", id=0, merchant_id=crew.merchant_id, name="desk", rights=owner.rights)
        for who in (clerk, renamed, crew.hire("clerk", "other"), demoted, crew.key(), desk):
            with pytest.raises(SecondSignatureNeeded):
                crew.sign(who, order_id)
        with pytest.raises(ProofNeeded):
            crew.sign(replace(checker, proved_at_us=0), order_id)
        assert crew.sign(checker, order_id)
        assert crew.counter.kinds(order_id) == []
        (found,) = crew.counter.ask(findings_of, order_ids=[order_id])[order_id]
        assert found.acknowledged_by == "clerk + checker"
        assert crew.counter.ask(signatures_of, order_ids=[order_id]) == {}
        told = [
            (one.verb, one.actor_name) for one in crew.counter.ask(read_journal, subject=f"order:{order_id}")
        ]
        assert ("tickets.sign_first", "clerk") in told and ("tickets.acknowledge", "checker") in told  # fmt: skip


def test_a_key_counts_as_who_made_it(db: Database) -> None:
    with open_crew(db) as crew:
        owner, order_id = crew.people["owner"], crew.free(quantity=1)
        assert not crew.sign(crew.key(), order_id)
        for himself in (owner, crew.key()):
            with pytest.raises(SecondSignatureNeeded):
                crew.sign(himself, order_id)
        assert crew.sign(crew.people["checker"], order_id)


def test_a_first_signature_ends_with_what_it_was_given_for(db: Database) -> None:
    """Each end leaves the next one, who might have been the second, as the first again."""
    with open_crew(db) as crew:
        clerk, checker, owner = crew.people.values()
        key = crew.key()
        (listed,) = crew.counter.ask(list_api_keys, actor=owner)
        him = {"operator_id": clerk.id}
        ends: dict[str, tuple[Actor, Any, Any]] = {
            "amended": (clerk, lambda order_id: crew.counter.amend(order_id, 1), None),
            "a day later": (clerk, lambda _: shift_clock(DAY_US), lambda: shift_clock(0)),
            "suspended": (
                clerk,
                lambda _: crew.as_owner(suspend_operator, **him),
                lambda: crew.as_owner(restore_operator, **him),
            ),
            "made an auditor": (
                clerk,
                lambda _: crew.as_owner(change_role, **him, role="auditor"),
                lambda: crew.as_owner(change_role, **him, role="clerk"),
            ),
            "its key revoked": (key, lambda _: crew.as_owner(revoke_api_key, key_id=listed.id), None),
        }
        for number, (name, (who, end, mend)) in enumerate(ends.items(), 1):
            order_id = crew.free(quantity=number)
            assert not crew.sign(who, order_id) and crew.first(order_id) == who.name
            end(order_id)
            crew.counter.check()
            revision = crew.counter.order(order_id).revision
            assert crew.first(order_id) == "", name
            assert not crew.sign(checker, order_id, revision=revision), name
            assert crew.first(order_id) == "checker" and crew.counter.kinds(order_id) == ["acknowledge"]
            if mend:
                mend()
            assert crew.sign(owner, order_id, revision=revision), name


def test_it_is_given_for_what_was_found_and_for_no_more(db: Database) -> None:
    with open_crew(db) as crew:
        clerk, checker, _ = crew.people.values()
        crew.counter.take()
        twin = int(crew.counter.take(external_id="E-2").order_id)
        crew.counter.check()
        assert not crew.sign(clerk, twin, "duplicate")
        crew.counter.take(external_id="E-3")
        assert not crew.sign(checker, twin, "duplicate"), "a third order is alike: something else is found"
        assert crew.sign(crew.people["owner"], twin, "duplicate")
        mixed = crew.free(quantity=2000)
        assert not crew.sign(clerk, mixed, "price_zero", "quantity_large")
        left = {
            one.finding.code: bool(one.acknowledged_by)
            for one in crew.counter.ask(findings_of, order_ids=[mixed])[mixed]
        }
        assert left == {"price_zero": False, "quantity_large": True}, "one is enough for what asks for one"


def test_what_two_must_look_at_is_remembered_for_nobody(db: Database) -> None:
    with open_crew(db) as crew:
        clerk, checker, _ = crew.people.values()
        crew.ask_two(revision=1)
        once = crew.counter.take(receiver=SHORT).order_id
        crew.counter.check()
        assert crew.sign(clerk, once, "address_short", keep=True), "while one was enough"
        crew.ask_two("address_short", revision=2)
        then = crew.counter.take(receiver=SHORT, quantity=3).order_id
        crew.counter.check()
        assert crew.counter.kinds(then) == ["acknowledge"], "what one has remembered is no word of two"
        assert not crew.sign(clerk, then, "address_short", keep=True)
        assert crew.sign(checker, then, "address_short", keep=True)
        later = crew.counter.take(receiver=SHORT, quantity=4).order_id
        crew.counter.check()
        assert crew.counter.kinds(later) == ["acknowledge"]


def test_two_are_asked_for_only_where_there_are_two(db: Database) -> None:
    with open_crew(db) as crew:
        crew.as_owner(suspend_operator, operator_id=crew.people["checker"].id)
        choose = partial(crew.as_owner, choose_checks, revision=1)
        kept = ("price_zero", "address_short")
        for codes, refusal in (((*kept, "text"), TwoPersonsMissing), (("state",), LevelFixed)):
            with pytest.raises(refusal):
                choose(chosen=CheckPreference(two_persons=codes))
        choose(chosen=CheckPreference(two_persons=kept, old_days=7))
        order_id = crew.free(quantity=1)
        assert not crew.sign(crew.people["clerk"], order_id)
        assert crew.sign(crew.people["owner"], order_id), "who is left may still be the second"
        told = crew.counter.ask(read_journal, subject="preference:tickets.check")
        assert [one.fields() for one in told if one.verb == "tickets.ask_two_persons"] == [
            {"asked": [], "no_more": ["duplicate"]},
            {"asked": ["address_short", "duplicate", "price_zero"], "no_more": []},
        ], "who took it off is on record"


def test_what_was_asked_for_before_it_was_watched_takes_two(db: Database) -> None:
    with open_crew(db) as crew:
        clerk, checker, _ = crew.people.values()
        orders = []
        for quantity in (3, 4):
            order_id = int(crew.counter.take(quantity=quantity).order_id)
            assert crew.counter.print(order_id).result == "queued"
            number = crew.counter.order(order_id).number
            crew.as_owner(add_watch, kind="order", value=number, reason="纠纷")
            crew.counter.do(lambda tx, actor, one=order_id: check_order(tx, actor, order_id=one))
            orders.append((order_id, number))
        (alone, _), (confirmed, number) = orders
        assert not crew.sign(clerk, alone, "buyer") and crew.counter.kinds(alone) == ["acknowledge"]
        assert crew.sign(checker, alone, "buyer") and crew.counter.kinds(alone) == []
        confirm(crew.counter, clerk, number, "print")
        assert crew.sign(clerk, confirmed, "buyer"), "somebody else has said already that he may"
