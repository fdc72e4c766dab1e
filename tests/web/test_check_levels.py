"""The page of the checks' levels and measures."""

from functools import partial

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.access.operator import list_operators, set_active
from tocsin.core.party import Party
from tocsin.core.preference import read_preference
from tocsin.tickets.check_choice import CheckPreference
from tocsin.tickets.rule import loaded_checks

HERE = "/settings/checks"


def _form(**changes: str) -> dict[str, str]:
    levels = {f"level.{code}": check.level for code, check in loaded_checks().items()}
    return {
        "revision": "0", "large_quantity": "1000", "duplicate_hours": "24", "old_days": "90", **levels, **changes,
    }  # fmt: skip


def test_levels_and_measures_are_kept_and_judge_the_next_check(pages: Pages) -> None:
    for role, status in (("clerk", 403), ("", 303)):
        assert pages.get(HERE, role=role).status_code == status
    assert pages.post(HERE, role="clerk", **_form()).status_code == 403
    chosen = _form(
        **{"level.price_zero": "E", "level.width": "off", "remote_areas": "西藏、新疆\n安徽", "old_days": ""}
    )
    assert pages.post(HERE, **chosen).status_code == 303
    kept = pages.db.read(
        pages.house.merchant_id, lambda tx: read_preference(tx, CheckPreference, box="tickets.check")
    )
    assert kept.levels == {"price_zero": "E", "width": "off"}, "what is as the check has it is not kept"
    assert kept.remote_areas == ("西藏", "新疆", "安徽")
    assert (kept.old_days, kept.large_quantity_micro) == (0, 1000_000_000)
    page = text_of(pages.get(HERE))
    assert "西藏\n新疆\n安徽" in page.replace("\r", "")
    assert pages.post(HERE, **chosen).status_code == 409, "somebody was faster"


def test_two_persons_are_chosen_where_there_are_two_and_it_is_said_once_there_are_not(pages: Pages) -> None:
    pages.headers("owner")
    dear = {"name.0": "dear", "level.0": "W", "query.0": "金额:>1000", "message.0": "先打电话"}
    assert pages.post("/settings/own-rules", revision="0", **dear).status_code == 303
    two = _form(**{"two.price_zero": "1", "two.rule:dear": "1"})
    alone = pages.post(HERE, **two)
    assert alone.status_code == 409 and "invite another owner, manager or checker first" in text_of(alone)
    assert "One person here may be the second" in text_of(pages.get(HERE))
    pages.headers("checker")
    assert pages.post(HERE, **two).status_code == 303
    page = text_of(pages.get(HERE))
    for code in ("price_zero", "rule:dear"):
        box = page.split(f'name="two.{code}"')[1].split(">")[0]
        assert "checked" in box, code
    assert 'name="two.state"' not in page and 'name="two.buyer"' not in page and "Invite another" not in page
    (him,) = [
        one
        for one in pages.db.read(pages.house.merchant_id, partial(list_operators, actor=pages.actor()))
        if one.role == "checker"
    ]
    pages.db.write(pages.house.merchant_id, partial(set_active, operator_id=him.id, active=False))
    assert "Invite another, or take the ticks away" in text_of(pages.get(HERE)), "never locked out in silence"
    assert pages.post(HERE, **_form(revision="1")).status_code == 303
    assert "Invite another" not in text_of(pages.get(HERE))


def test_what_guards_every_paper_has_no_choice(pages: Pages) -> None:
    page = pages.get(HERE).text
    assert 'name="level.price_zero"' in page
    for code in ("state", "required", "changed"):
        assert code in page and f'name="level.{code}"' not in page
    assert pages.post(HERE, **_form(**{"level.state": "off"})).status_code == 303
    kept = pages.db.read(
        pages.house.merchant_id, lambda tx: read_preference(tx, CheckPreference, box="tickets.check")
    )
    assert kept.levels == {}


def test_a_remote_order_waits_for_an_acknowledgement(pages: Pages) -> None:
    assert pages.post(HERE, **_form(remote_areas="西藏")).status_code == 303
    order = pages.take(make_draft(receiver=Party(name="王小明", phone="13812345678", province="西藏自治区", city="拉萨市",
                                                 district="城关区", address="北京中路 12 号")))  # fmt: skip
    assert "address_remote" in text_of(pages.get(f"/orders/{order.number}"))
