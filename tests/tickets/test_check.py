"""Verdicts: all findings, one hold a kind, bound to revision and code, late news after paper."""

from functools import partial

import msgspec
import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from tests.counter import open_counter
from tests.house import make_draft, make_house
from tocsin.core.db import Database
from tocsin.core.party import person
from tocsin.core.preference import change_preference
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.amend import Amendment, PartyChanges, TotalsChanges, cancel_order
from tocsin.orders.draft import Party, Totals
from tocsin.orders.intake import take_in
from tocsin.orders.lookup import own_lookups
from tocsin.orders.profile import Profile, save_profile
from tocsin.orders.store import OrderMissing
from tocsin.orders.table import order_finding
from tocsin.tickets.check import axes_of, check_new_revisions, check_order
from tocsin.tickets.check_choice import CheckPreference, choose_checks
from tocsin.tickets.hold import acknowledge_findings, release_hold
from tocsin.tickets.table import verdict

FINDINGS = Statement[tuple[str, str, int]](
    sa.select(order_finding.c.code, order_finding.c.level, order_finding.c.revision)
    .where(own(order_finding), order_finding.c.order_id == bind("id")).order_by(order_finding.c.position)
)  # fmt: skip
VERDICTS = Statement[tuple[int, int, str, str]](
    sa.select(verdict.c.revision, verdict.c.passed, verdict.c.content_hash, verdict.c.axes)
    .where(own(verdict), verdict.c.order_id == bind("id")).order_by(verdict.c.id)
)  # fmt: skip


def test_all_findings_are_shown_not_the_first(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(
            receiver=Party(name="王小明", phone="12345", address=""), price=0.0, payment="unpaid",
            totals=Totals(goods_minor=100, payable_minor=700),
        )  # fmt: skip
        counter.check()
        found = counter.ask(lambda tx: tx.rows(FINDINGS, id=taken.order_id))
        codes = {code for code, _, _ in found}
        assert codes >= {"required", "phone_shape", "state", "sum_goods", "sum_order", "price_zero"}
        assert [level for _, level, _ in found] == sorted((lv for _, lv, _ in found), key="EWI".index)
        (hold,) = counter.holds(taken.order_id)
        told = {f["code"] for f in msgspec.json.decode(hold.findings)}
        assert hold.kind == "check" and told == codes - {"price_zero"}


def test_a_hold_closes_by_itself_when_a_revision_passes(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(receiver=Party(name="王小明", phone="12345", address="黄山路 12 号"), payment="unpaid", external_id="E-1")  # fmt: skip
        counter.check()
        first = counter.holds(taken.order_id)
        counter.check()
        assert counter.holds(taken.order_id) == first and len(first) == 1
        counter.amend(taken.order_id, 1, Amendment(receiver=PartyChanges(phone="13812345678")))
        counter.check()
        (second,) = counter.holds(taken.order_id)
        assert second.id != first[0].id and "phone_shape" not in second.findings
        counter.take(external_id="E-1", payment="paid", receiver=Party(name="王小明", phone="12345", address="黄山路 12 号"))  # fmt: skip
        counter.check()
        assert counter.kinds(taken.order_id) == []
        assert counter.ask(lambda tx: tx.rows(FINDINGS, id=taken.order_id)) == []


def test_a_verdict_binds_to_the_revision_and_what_the_shop_moves(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        made = counter.do(check_order, order_id=taken.order_id)
        first = counter.order(taken.order_id)
        counter.amend(taken.order_id, 1)
        counter.do(check_order, order_id=taken.order_id)
        second = counter.order(taken.order_id)
        rows = counter.ask(lambda tx: tx.rows(VERDICTS, id=taken.order_id))
        assert made.passed and rows == [
            (1, 1, first.content_hash, axes_of(first)), (2, 1, second.content_hash, axes_of(second)),
        ]  # fmt: skip
        with pytest.raises(Exception, match=r"append-only|permission denied"):
            db.write(
                counter.house.merchant_id,
                lambda tx: tx.run(Statement(sa.text("UPDATE verdict SET passed = 1"))),
            )


def test_an_acknowledgement_binds_to_revision_and_code(db: Database) -> None:
    with open_counter(db) as counter:
        taken, twin = counter.take(price=0.0), counter.take(price=0.0)
        counter.check()
        waiting = counter.do(check_order, order_id=twin.order_id)
        assert {f.code for f in waiting.unacknowledged} == {
            "price_zero",
            "duplicate",
        } and not waiting.errors()
        acknowledge = partial(counter.do, acknowledge_findings, order_id=twin.order_id)
        assert not acknowledge(revision=1, codes=("price_zero",)).passed
        assert counter.kinds(twin.order_id) == ["acknowledge"]
        assert acknowledge(revision=1, codes=("duplicate", "nonsense")).passed
        assert counter.kinds(twin.order_id) == [] and counter.print(twin.order_id).result == "queued"
        counter.amend(twin.order_id, 1)
        counter.check()
        assert counter.kinds(twin.order_id) == ["acknowledge"]
        assert taken.order_id != twin.order_id and counter.print(twin.order_id, 2).result == "held"


def test_news_after_paper_is_held_once_for_each_paper(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(external_id="E-1")
        job = counter.print(taken.order_id).job_ids[0]
        counter.run_spool()
        counter.wait_state(job, "printed")
        counter.take(external_id="E-1", payment="refunded")
        counter.check()
        assert counter.kinds(taken.order_id) == ["check", "refund"]
        hold = next(h for h in counter.holds(taken.order_id) if h.kind == "refund")
        released = counter.do(release_hold, hold_id=hold.id, reason="已抽出", base_url="http://x")
        assert released.requested is None
        counter.do(cancel_order, order_id=taken.order_id, reason="客户取消")
        counter.check()
        assert counter.kinds(taken.order_id) == ["check"]  # that paper has been pulled


def test_news_before_paper_is_no_late_news(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        counter.do(cancel_order, order_id=taken.order_id, reason="客户取消")
        counter.check()
        assert counter.kinds(taken.order_id) == ["check"]


def test_a_merchant_chooses_levels_and_thresholds(db: Database) -> None:
    with open_counter(db) as counter:
        chosen = CheckPreference(
            levels={"price_zero": "E", "duplicate": "off"}, large_quantity_micro=1_500_000
        )
        counter.do(lambda tx, actor: change_preference(tx, actor, chosen, box="tickets.check", revision=0))
        one, two = counter.take(price=0.0), counter.take(price=0.0)
        verdicts = [counter.do(check_order, order_id=taken.order_id) for taken in (one, two)]
        assert [[(f.code, f.level) for f in v.findings] for v in verdicts] == [
            [("price_zero", "E"), ("quantity_large", "W")]
        ] * 2


def test_stars_are_a_notice_where_the_channel_declares_them(db: Database) -> None:
    with open_counter(db) as counter:
        hidden = Party(
            name="王**", phone="138****5678", province="安徽省", city="合肥市", address="黄山路***"
        )
        profile = Profile(name="社区团", channel="tuan", columns={"订单号": "order_number"}, masked=True)
        counter.do(save_profile, profile=profile)
        counter.do(save_profile, profile=replace(profile, name="小店", channel="", masked=False))
        found = {}
        for channel in ("taobao", "pinduoduo", "tuan", "sheet", "shopify"):
            taken = counter.take(channel=channel, external_id=channel, receiver=hidden)
            verdict = counter.do(check_order, order_id=taken.order_id)
            found[channel] = [(f.level, f.case) for f in verdict.findings if f.code == "masked"]
            assert bool(verdict.errors()) == (found[channel] != [("I", "channel")]), channel
        stops = [("E", "name"), ("E", "phone"), ("E", "address")]
        declared = {channel: [("I", "channel")] for channel in ("taobao", "pinduoduo", "tuan")}
        assert found == {**declared, "sheet": stops, "shopify": stops}
        none = CheckPreference(masking_channels=())
        counter.do(choose_checks, chosen=none, revision=0)
        taken = counter.take(channel="taobao", external_id="again", receiver=hidden)
        assert counter.do(check_order, order_id=taken.order_id).errors(), "a merchant may want them stopped"


def test_duplicates_are_of_the_same_receiver_and_lines_within_the_window(db: Database) -> None:
    with open_counter(db) as counter:
        day = 86_400_000_000
        first = counter.take(placed_at_us=100 * day)
        codes = lambda **k: [f.data.get("numbers") for f in counter.do(check_order, order_id=counter.take(**k).order_id).findings if f.code == "duplicate"]  # fmt: skip
        assert codes(placed_at_us=100 * day + day - 1) == [first.number]
        assert codes(placed_at_us=102 * day + 5) == []
        assert codes(placed_at_us=100 * day, quantity=3) == []
        assert (
            codes(
                placed_at_us=100 * day,
                receiver=Party(name="李四", phone="13812345678", address="黄山路 12 号"),
            )
            == []
        )
        alone = counter.take(placed_at_us=200 * day)
        counter.do(cancel_order, order_id=alone.order_id, reason="x")
        assert codes(placed_at_us=200 * day) == []


def test_an_order_that_can_not_be_read_is_held_and_the_others_are_checked(db: Database) -> None:
    with open_counter(db) as counter:
        gone, good = counter.take(external_id="E-1"), counter.take(receiver=Party(name="李四", phone="13900001111", address="望江路 1 号"), payment="unpaid")  # fmt: skip
        people = Statement(sa.select(person.c.id).where(own(person)).order_by(person.c.id))
        first = counter.ask(lambda tx: tx.value(people))
        only = Statement[None](
            sa.update(person)
            .where(own(person), person.c.id == bind("b_id"))
            .values(wrapped_key=b"not a key" * 8)
        )
        db.write(counter.house.merchant_id, lambda tx: tx.run(only, b_id=first))
        counter.check()
        assert (
            counter.kinds(gone.order_id) == ["check"]
            and "seal_broken" in counter.holds(gone.order_id)[0].reason
        )
        assert counter.kinds(good.order_id) == ["check"] and "state" in counter.holds(good.order_id)[0].reason
        assert check_new_revisions(db) == 0


def test_checks_leave_no_look_up_and_never_cross_merchants(db: Database) -> None:
    with open_counter(db) as counter:
        taken, other = counter.take(), make_house(db, code="NJ")
        counter.check()
        assert counter.ask(own_lookups, actor=counter.actor) == []
        with pytest.raises(OrderMissing):
            db.write(other.merchant_id, lambda tx: check_order(tx, other.actor(), order_id=taken.order_id))
        twin = make_house(db, code="WH")
        stranger = db.write(twin.merchant_id, partial(take_twin, house=twin))
        assert stranger.passed


def take_twin(tx: object, *, house: object) -> object:
    """Take the same order in at another merchant's, and check it: no duplicate of a stranger's."""
    taken = take_in(tx, house.actor(), make_draft())  # type: ignore[arg-type, attr-defined]
    return check_order(tx, house.actor(), order_id=taken.order_id)  # type: ignore[arg-type, attr-defined]


def test_a_changed_payable_is_judged_by_what_it_is_now(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(totals=Totals(goods_minor=7980, payable_minor=7000))
        counter.amend(taken.order_id, 1, Amendment(totals=TotalsChanges(payable_minor=6000)))
        counter.check()
        (hold,) = counter.holds(taken.order_id)
        assert hold.revision == 2 and '"declared":"60.00"' in hold.findings
