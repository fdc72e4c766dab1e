"""What is chosen about checks: nobody loosens what two persons look at without proof, nor unheard."""

from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from tests.tickets.test_two_persons import open_crew
from tocsin.access.api_key import create_api_key, find_api_key
from tocsin.access.step_up import ProofNeeded
from tocsin.alarm.evidence import next_signals
from tocsin.core.actor import Actor
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.tickets.check_choice import CheckPreference, CheckUnknown, choose_checks, choose_rules
from tocsin.tickets.own_rule import OwnRule


def test_who_loosens_it_proves_that_it_is_he_and_the_alarm_hears_of_it(db: Database) -> None:
    with open_crew(db) as crew:
        dear = OwnRule(name="dear", level="W", query="amount:>1000", message="先打电话")
        codes = ("price_zero", "quantity_large", "rule:dear")
        kept = CheckPreference(two_persons=codes)
        crew.as_owner(choose_rules, rules=(dear,), revision=0)
        scopes = frozenset({"acknowledge", "shop_settings"})
        secret = crew.as_owner(create_api_key, name="k", scopes=scopes)
        key = find_api_key(crew.db, secret, address="127.0.0.1")
        assert isinstance(key, Actor)
        late = replace(crew.people["owner"], proved_at_us=0)
        with pytest.raises(CheckUnknown):
            crew.as_owner(
                choose_checks, chosen=CheckPreference(two_persons=("rule:" + "x" * 999,)), revision=1
            )
        crew.as_owner(choose_checks, chosen=replace(kept, two_persons=codes * 99), revision=1)
        tighter = replace(kept, levels={"price_zero": "E"}, old_days=7)
        loosenings: list[tuple[Any, dict[str, Any], str]] = [
            (choose_checks, {"chosen": CheckPreference(two_persons=codes[1:])}, "price_zero"),
            (choose_checks, {"chosen": replace(kept, levels={"price_zero": "I"})}, "price_zero"),
            (choose_checks, {"chosen": replace(kept, levels={"rule:dear": "off"})}, "rule:dear"),
            (choose_checks, {"chosen": replace(kept, levels={"buyer": "I"})}, "buyer"),
            (choose_checks, {"chosen": replace(kept, large_quantity_micro=0)}, "quantity_large"),
            (choose_rules, {"rules": ()}, "rule:dear"),
            (choose_rules, {"rules": (replace(dear, name="other"),)}, "rule:dear"),
            (choose_rules, {"rules": (replace(dear, query="amount:>9999999"),)}, "rule:dear"),
        ]
        for who in (key, late):
            for verb, given, _ in loosenings:
                with pytest.raises(ProofNeeded):
                    crew.db.write(crew.merchant_id, partial(verb, actor=who, **given, revision=9))
        crew.db.write(crew.merchant_id, partial(choose_checks, actor=late, chosen=tighter, revision=2))
        words = replace(dear, message="问清楚")
        crew.db.write(crew.merchant_id, partial(choose_rules, actor=late, rules=(words,), revision=1))
        heard = lambda: [one.kind for one in crew.counter.ask(next_signals, limit=99)]
        told = len(heard())
        at = {choose_checks: 3, choose_rules: 2}
        for verb, given, code in loosenings:
            crew.as_owner(verb, **given, revision=at[verb])
            told += 1
            assert heard()[told - 1 :] == ["watched_tried"], given
            newest = crew.counter.ask(read_journal, subject="preference:tickets.check")
            assert (
                code
                in next(one for one in newest if one.verb == "tickets.ask_two_persons").fields()["no_more"]
            )
            back = {"chosen": kept} if verb is choose_checks else {"rules": (dear,)}
            crew.as_owner(verb, **back, revision=at[verb] + 1)
            at[verb] += 2
            told = len(heard())
