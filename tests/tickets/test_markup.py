"""Papers as marked-up text: all that a roll says is there, and no text of an order is a command."""

import re

import pytest

from tests.desk import make_order, order_with
from tests.tickets.paper import SCAN_URL, make_content
from tests.tickets.test_hostile_text import BIDI, COMMANDS, CONTROL, hostile_content
from tocsin.tickets.markup import as_text, write_markup
from tocsin.tickets.printers.feie import TAGS

OURS = {"BR", "CB", "/CB", "BOLD", "/BOLD", "QR", "/QR"}
FEIE = [
    "<CUT>",
    "<CB>x</CB>",
    "<QR>https://evil</QR>",
    "</QR><PLUGIN>",
    "&lt;CUT&gt;",
    "%3CCUT%3E",
    "<AUDIO-FAIL>",
    "＜CUT＞",
]


def test_it_says_what_a_roll_says() -> None:
    order = make_order()
    text = write_markup(make_content(order), TAGS)
    for said in (
        order.number,
        "王小明",
        "13812345678",
        "黄山路 12 号",
        "砀山酥梨 5 斤装",
        "宣纸",
        "已付款",
        "应付",
        "本小票非发票",
        "商家联",
    ):
        assert said in text, said
    assert f"<QR>{SCAN_URL}</QR>" in text and "{}" not in text
    marked = write_markup(
        make_content(order, reprint_no=2, amended_from=1, void=True, locale="en", part="Kitchen", lines_of=9),
        TAGS,
    )
    for said in (
        "VOID",
        "REPRINT 2",
        "AMENDED rev 1",
        "Paper of rev 1 is void",
        "Intercept",
        "Kitchen",
        "2 / 9 lines only",
    ):
        assert said in marked, said
    assert "应付" not in marked and "Payable" not in marked
    kitchen = write_markup(make_content(order, copy="kitchen"), TAGS)
    assert "黄山路" not in kitchen and "13812345678" not in kitchen and "× 2" in kitchen


@pytest.mark.parametrize("texts", [CONTROL, BIDI, COMMANDS, FEIE], ids=["control", "bidi", "dots", "markup"])
def test_no_text_of_an_order_is_a_command(texts: list[str]) -> None:
    text = write_markup(hostile_content("".join(texts)), TAGS)
    assert set(re.findall(r"<([^>]*)>", text)) <= OURS
    bare = re.sub(r"<[^>]*>", "", text.replace(f"<QR>{SCAN_URL}</QR>", ""))
    assert not set(bare) & set("<>&%@\\") and bare.isprintable()


def test_a_link_that_holds_a_command_is_left_out_and_not_changed() -> None:
    text = write_markup(make_content(scan_url="https://desk.example.com/t/a%3CCUT%3E"), TAGS)
    assert "<QR>" not in text and as_text("a\u3000b\n<") == "a b ＜"


def test_a_paper_in_the_place_of_a_lost_one_says_so() -> None:
    said = write_markup(make_content(replaces=2), TAGS)
    assert as_text("补打 2") in said and "重打" not in said and "表格 · " in said


@pytest.mark.parametrize(
    "block", ["prices", "payment", "phone", "name", "address", "note", "channel", "times"]
)
def test_what_a_copy_leaves_out_leaves_nothing_behind(block: str) -> None:
    order = order_with(buyer_note="放前台")
    full = write_markup(make_content(order), TAGS).split(TAGS.line)
    left = write_markup(make_content(order, hidden=(block,)), TAGS).split(TAGS.line)
    assert left != full and not [
        line for line in left if re.fullmatch(r"(<\w+>)?\W*(</\w+>)?|.*[×=] *", line) and line not in full
    ]
    assert ("应付" in "".join(left), "已付款" in "".join(left)) == (block != "prices", block != "payment")
