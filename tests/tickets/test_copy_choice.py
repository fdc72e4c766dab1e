"""What each copy shows: a choice within bounds, that reaches papers which wait; what is left out is in no job."""

import pytest
import zxingcpp
from msgspec.structs import replace

from tests.counter import open_counter
from tests.desk import RECEIVER, make_order
from tests.tickets.paper import make_content, picture_of, words_of
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.preference import PreferenceMoved
from tocsin.tickets.content import canonical_json
from tocsin.tickets.copy_choice import (
    ALWAYS,
    BLOCKS,
    HIDDEN,
    NEVER,
    CopyPreference,
    CopyWrong,
    choose_copies,
    read_copies,
)
from tocsin.tickets.job import jobs_of_order, read_content
from tocsin.tickets.layout import draw_pdf, draw_raster
from tocsin.tickets.paper_size import A4

ORDER = make_order(receiver=replace(RECEIVER, buyer_note="放前台"), campaign="秋日团购")
# What a block left out takes off the paper; and what stays even where all is left out.
GONE = {
    "channel": "秋日团购", "times": "2026-09-21", "payment": "已付款", "prices": "¥199.80", "name": "王小明", "phone": "5678",
    "full_phone": "13812345678", "address": "黄山路", "note": "放前台",
}  # fmt: skip
STAYS = ("A-20260921-0001", "商家联", "砀山酥梨", "本小票非发票")


@pytest.mark.parametrize("size", [(80, 0), (58, 0), A4, (100, 150)])
def test_each_block_is_left_out_of_paper_and_job(size: tuple[int, int]) -> None:
    paper = {"paper_mm": size[0], "paper_high_mm": size[1]}
    whole = words_of(draw_pdf(make_content(ORDER, hidden=(), **paper)))
    for block, text in GONE.items():
        left = make_content(ORDER, hidden=(block,), **paper)
        words = words_of(draw_pdf(left))
        if size != (100, 150) or block not in ("channel", "times", "prices"):  # a label never shows these
            assert text in whole, block
        assert text not in words, block
        assert text not in canonical_json(left).decode() or block == "payment", block
    bare = words_of(draw_pdf(make_content(ORDER, hidden=tuple(b for b in BLOCKS if b != "qr"), **paper)))
    assert all(text in bare for text in STAYS)
    assert "放前台" in words_of(draw_pdf(make_content(ORDER, hidden=("name", "phone"), **paper)))
    assert "138****5678" in words_of(draw_pdf(make_content(ORDER, hidden=("full_phone",), **paper)))


@pytest.mark.parametrize(("wide", "high"), [(58, 0), (80, 0), (100, 150), (60, 40), (40, 30)])
def test_a_paper_keeps_a_code_that_is_read(wide: int, high: int) -> None:
    kinds = {zxingcpp.BarcodeFormat.QRCode: "qr", zxingcpp.BarcodeFormat.Code128: "barcode"}
    for left_out in kinds.values():
        raster = draw_raster(make_content(hidden=(left_out,), paper_mm=wide, paper_high_mm=high))
        read = {kinds[code.format] for code in zxingcpp.read_barcodes(picture_of(raster))}
        roomy = high == 0 or (high >= 60 and wide >= 76)
        assert read == ({"qr", "barcode"} - {left_out} if roomy else {"qr"}), left_out


BEYOND = (
    ("customer", ()), ("kitchen", ("prices",)), ("delivery", ("phone",)), ("delivery", ("payment",)), ("delivery", ("address",)),
    ("delivery", ("name",)), ("merchant", ("qr", "barcode")), ("merchant", ("number",)), ("boss", ()),
)  # fmt: skip


def test_bounds_hold_against_any_choice(db: Database) -> None:
    with open_counter(db) as counter:
        for copy, hidden in BEYOND:
            with pytest.raises(CopyWrong):
                counter.do(choose_copies, chosen=CopyPreference(hidden={copy: hidden}), revision=0)


def test_what_was_stored_by_whomever_is_read_within_the_bounds() -> None:
    stored = CopyPreference(hidden={"customer": (), "delivery": BLOCKS, "kitchen": ()})
    for copy in HIDDEN:
        assert ALWAYS.get(copy, frozenset()) <= set(stored.of(copy))
        assert not NEVER.get(copy, frozenset()) & set(stored.of(copy))
    assert {copy: CopyPreference().of(copy) for copy in HIDDEN} == HIDDEN, "the defaults are within them too"


def test_a_choice_reaches_papers_that_wait(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        early = counter.print(order_id).job_ids[0]
        chosen = CopyPreference(hidden={"merchant": ("prices", "full_phone")})
        with pytest.raises(NotAllowed):
            db.write(
                counter.house.merchant_id,
                lambda tx: choose_copies(tx, counter.house.actor("clerk"), chosen=chosen, revision=0),
            )
        assert counter.do(choose_copies, chosen=chosen, revision=0) == 1
        with pytest.raises(PreferenceMoved):
            counter.do(choose_copies, chosen=CopyPreference(), revision=0)
        assert counter.ask(read_copies, shop_id=counter.house.shop.id) == chosen, (
            "shops without their own follow"
        )
        counter.run_spool()
        counter.wait_state(early, "cancelled")
        fresh = next(job for job in counter.ask(jobs_of_order, order_id=order_id) if job.id != early)
        content = counter.ask(read_content, job_id=fresh.id)
        assert (content.payable, content.receiver_phone, content.hidden) == (
            "",
            "138****5678",
            ("prices", "full_phone"),
        )
        counter.wait_state(fresh.id, "printed")
