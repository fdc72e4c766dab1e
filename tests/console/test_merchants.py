"""Merchants and the fleet from the console: one installation serves several, and who runs it sees how they are."""

import msgspec
import pytest
from msgspec.structs import replace

from tests.access.people import HOME, PASSWORD, make_desk
from tests.console.test_console import by_console, done, run
from tests.console.test_console import desk as desk
from tocsin.access.owner_link import OwnerCreated, redeem_owner_link
from tocsin.alarm.incident import raise_incident
from tocsin.desk import Desk
from tocsin.fleet import Fleet, MerchantHealth, Part


def test_a_second_merchant_is_added_to_a_running_desk_and_his_owner_gets_in(desk: Desk) -> None:
    first = make_desk(desk.db)
    merchant_id, address = (
        done(desk, "merchant", "create", "茶行", "--code", "CH", "--shop-name", "老街店").strip().split("\t")
    )
    assert (
        done(desk, "merchant", "add-shop", "CH2", "新街店", "--zone", "UTC", "--merchant", merchant_id)
        == "CH2\t新街店\tUTC\n"
    )
    rows = [line.split("\t") for line in done(desk, "merchant", "list").splitlines()]
    assert [merchant_id, "茶行", "no owner yet", "CH, CH2"] in rows and str(first.merchant_id) in {
        row[0] for row in rows
    }
    token = address.rpartition("/")[2]
    made = redeem_owner_link(desk.db, token, name="chen", display_name="陈", password=PASSWORD, address=HOME)
    assert isinstance(made, OwnerCreated) and made.merchant_id == int(merchant_id)
    assert ["owned"] == [
        row.split("\t")[2]
        for row in done(desk, "merchant", "list").splitlines()
        if row.startswith(merchant_id)
    ]
    assert [one.verb for one in by_console(desk, int(merchant_id))].count("shop.create") == 2
    assert by_console(desk, first.merchant_id) == [], "nobody else's journal tells of it"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", " ", "--code", "A"), "name"), (("create", "x", "--code", "a b"), "capitals"), (("create", "x", "--code", "A" * 9), "capitals"),
        (("create", "x", "--code", "A", "--zone", "Mars"), "zone"), (("create", "x", "--code", "A", "--currency", "XXY"), "4217"),
    ],
)  # fmt: skip
def test_a_merchant_that_can_t_be_is_refused_whole(desk: Desk, words: tuple[str, ...], said: str) -> None:
    before = len(desk.merchants())
    refused = run(desk, "merchant", *words)
    assert refused.exit_code == 2 and said in refused.stderr.splitlines()[-1]
    assert len(desk.merchants()) == before


def test_two_shops_of_a_merchant_share_no_code(desk: Desk) -> None:
    done(desk, "merchant", "create", "one", "--code", "A")
    done(desk, "merchant", "create", "two", "--code", "A")
    (one, *_), (two, *_) = [line.split("\t") for line in done(desk, "merchant", "list").splitlines()][-2:]
    assert one != two, "merchants do not know each other's codes"
    taken = run(desk, "merchant", "add-shop", "A", "again", "--merchant", one)
    assert taken.exit_code == 2 and "another shop" in taken.stderr


def test_the_fleet_tells_who_needs_somebody_and_of_no_order(desk: Desk) -> None:
    house = make_desk(desk.db)
    well = run(desk, "fleet")
    assert well.exit_code == 0 and well.stdout.splitlines()[1].startswith("ok ")
    desk.db.write(
        house.merchant_id,
        lambda tx: raise_incident(
            tx, kind="attack", key="attack", level="sound", why="account_failures", why_data={}
        ),
    )
    unwell = run(desk, "fleet")
    assert unwell.exit_code == 1 and "NO " in unwell.stdout and "incidents open: 1" in unwell.stdout
    told = msgspec.json.decode(run(desk, "fleet", "--json").stdout, type=Fleet)
    (one,) = told.merchants
    assert (one.id, one.incidents, one.is_well()) == (house.merchant_id, 1, False)


def test_each_part_that_is_unwell_is_named() -> None:
    sound = MerchantHealth(
        1,
        "m",
        ("A",),
        (Part("s", "there", "1"), Part("t", "left", "1")),
        (Part("p", "ready"), Part("q", "unknown")),
        (Part("h", "off"),),
        {"unknown": 0},
        0,
    )
    assert sound.is_well() and sound.unwell() == ()
    for name, wrong in (
        *(("stations", state) for state in ("vanished", "silent", "waits", "clock", "new")),
        ("printers", "paper_out"),
        ("sirens", "failed"),
        *(("sirens", state) for state in ("on", "light", "untried", "")),
    ):
        broken = replace(sound, **{name: (Part("x", wrong),)})
        assert not broken.is_well() and [part.name for part in broken.unwell()] == ["x"]
    assert not replace(sound, problems={"unknown": 1}).is_well()
