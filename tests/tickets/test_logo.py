"""The logo: decoded within bounds from hostile files, dithered to the paper's own dots, frozen with each paper."""

import io
import random
import struct
import zlib
from types import SimpleNamespace

import pytest
from PIL import Image, ImageDraw

from tests.counter import open_counter
from tests.tickets.paper import make_content, picture_of
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import DAY_US, shift_clock
from tocsin.core.db import Database, Tx
from tocsin.core.preference import PreferenceMoved, preference_revision
from tocsin.orders.reveal import reveal_receiver
from tocsin.tickets import logo
from tocsin.tickets.job import jobs_of_order, read_content
from tocsin.tickets.layout import draw_pdf, draw_raster
from tocsin.tickets.logo import BOX, LogoWrong, bring_logo, choose_logo, fit_logo, prepare_logo, read_logo
from tocsin.tickets.paper_size import logo_room
from tocsin.tickets.preview import preview_job


def make_picture(form: str = "PNG", *, mode: str = "RGB", size: tuple[int, int] = (900, 300)) -> bytes:
    """Return a picture with a wide white edge and shades that dithering must turn into dots."""
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((size[0] // 9, size[1] // 9, size[0] // 3, size[1] - size[1] // 9), fill=(200, 0, 0))
    pen.rectangle((size[0] // 2, size[1] // 5, size[0] - size[0] // 9, size[1] // 2), fill=(150, 150, 250))
    kept = io.BytesIO()
    picture.convert(mode).save(kept, form)
    return kept.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(wide: int, high: int, *, pixels: bytes = b"", more: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("form", "mode"),
    [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "1"), ("JPEG", "RGB"), ("JPEG", "CMYK")],
)
def test_a_picture_is_kept_as_grey_pixels_without_its_edge(form: str, mode: str) -> None:
    kept = Image.open(io.BytesIO(prepare_logo(make_picture(form, mode=mode))))
    assert kept.format == "PNG" and kept.mode == "L" and not kept.info
    assert kept.width <= 576 and kept.height <= 240 and kept.width / kept.height > 2


def test_a_photograph_that_lies_on_its_side_is_turned_up() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # its orientation: the camera was held upright
    kept = io.BytesIO()
    Image.open(io.BytesIO(make_picture(size=(900, 300)))).save(kept, "JPEG", exif=turned)
    logo = Image.open(io.BytesIO(prepare_logo(kept.getvalue())))
    assert logo.height / logo.width > 2 and not logo.info


HOSTILE = {
    "nothing": b"", "a script": b"<svg onload=alert(1)>", "a gif": b"GIF89a\x01\x00\x01\x00", "too long": b"\x89PNG" + bytes(logo.SENT_MOST_BYTES),
    "a bomb": png_of(60_000, 60_000), "more than it may hold": png_of(3_000, 3_000), "too small": png_of(4, 4, pixels=bytes(20)),
    "no pixels": png_of(100, 100), "all white": png_of(50, 50, pixels=(b"\0" + b"\xff" * 50) * 50), "cut off": make_picture()[:400],
    "a text bomb": png_of(50, 50, more=chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(90_000_000)))),
    "a postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", "a broken jpeg": make_picture("JPEG")[:200],
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_logo_is_refused(name: str) -> None:
    with pytest.raises(LogoWrong):
        prepare_logo(HOSTILE[name])


def test_no_broken_byte_breaks_the_program() -> None:
    good, chance = {form: make_picture(form, size=(90, 60)) for form in ("PNG", "JPEG")}, random.Random(7)
    for _ in range(150):
        broken = bytearray(good[chance.choice(("PNG", "JPEG"))])
        for _ in range(chance.randrange(1, 6)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            assert prepare_logo(bytes(broken[: chance.randrange(20, len(broken) + 1)]))
        except LogoWrong:
            continue


@pytest.mark.parametrize(("wide", "high"), [(58, 0), (80, 0), (100, 150), (80, 60)])
def test_a_logo_stands_on_the_paper_dot_for_dot(wide: int, high: int) -> None:
    logo._known["of-a-test"] = prepare_logo(make_picture())
    room = logo_room(wide, high)
    assert room is not None
    png, logo_wide = fit_logo(logo._known["of-a-test"], wide_px=room[0], high_px=room[1], dither=True)
    dots = Image.open(io.BytesIO(png))
    assert dots.mode == "1" and dots.width == logo_wide and dots.height <= room[1]
    raster = draw_raster(make_content(paper_mm=wide, paper_high_mm=high, logo="of-a-test"))
    left, top = (raster.width_px - dots.width) // 2, 12 if high else 16
    placed = picture_of(raster).crop((left, top, left + dots.width, top + dots.height))
    wrong = sum(a != b for a, b in zip(placed.tobytes(), dots.tobytes(), strict=True))
    assert wrong <= 2, "but for what printers would obey"
    plain = make_content(paper_mm=wide, paper_high_mm=high)
    for without in ({"void": True}, {"copy": "kitchen"}):
        shown = make_content(paper_mm=wide, paper_high_mm=high, logo="of-a-test", **without)
        bare = make_content(paper_mm=wide, paper_high_mm=high, **without)
        assert draw_raster(shown).sha256() == draw_raster(bare).sha256()
    assert draw_pdf(make_content(paper_mm=210, paper_high_mm=297, logo="of-a-test")) != draw_pdf(plain)
    small = make_content(paper_mm=40, paper_high_mm=30, logo="of-a-test")
    assert draw_raster(small).sha256() == draw_raster(make_content(paper_mm=40, paper_high_mm=30)).sha256()


def test_a_logo_is_chosen_printed_and_taken_away(db: Database) -> None:
    picture = prepare_logo(make_picture())
    with open_counter(db, answer_timeout_seconds=5) as counter:
        order_id = counter.take().order_id
        early = counter.print(order_id).job_ids[0]
        assert counter.ask(read_content, job_id=early).logo == ""
        with pytest.raises(NotAllowed):
            counter.house.db.write(
                counter.house.merchant_id,
                lambda tx: choose_logo(tx, counter.house.actor("clerk"), picture=picture, revision=0),
            )
        assert counter.do(choose_logo, picture=picture, revision=0) == 1
        with pytest.raises(PreferenceMoved):
            counter.do(choose_logo, picture=b"", revision=0)
        counter.run_spool()
        [paper] = counter.peer.wait_papers(1)
        job = next(one.id for one in counter.ask(jobs_of_order, order_id=order_id) if one.id != early)
        counter.wait_state(job, "printed")
        assert counter.job(early).reason == "replaced", "what waited is drawn anew, under its own number"
        digest = counter.ask(read_content, job_id=job).logo
        logo._known.clear()  # another process, or after a restart
        reveal_receiver(db, counter.actor, order_id=order_id, purpose="audit", door="page")
        seen = counter.ask(preview_job, actor=counter.actor, job_id=job, order=counter.order(order_id))
        assert Image.open(io.BytesIO(seen.png())).tobytes() == paper.picture.tobytes()
        assert counter.do(choose_logo, picture=b"", revision=1) == 2 and counter.ask(read_logo) == ""
        shift_clock(31 * DAY_US)
        try:
            counter.do(choose_logo, picture=b"", revision=2)
        finally:
            shift_clock(0)
        logo._known.clear()
        assert not counter.ask(bring_logo, digest=digest), "nobody uses it any more"
        assert counter.ask(read_content, job_id=job).logo == "", "the old paper is seen without"


def test_a_shop_has_its_own_logo_or_none(db: Database) -> None:
    one, two = prepare_logo(make_picture()), prepare_logo(make_picture(size=(300, 300)))
    with open_counter(db) as counter:
        shop = counter.house.shop.id

        def digests(tx: Tx) -> tuple[str, str, int]:
            return read_logo(tx), read_logo(tx, shop_id=shop), preference_revision(tx, box=BOX, shop_id=shop)

        counter.do(choose_logo, picture=one, revision=0)
        every, own, revision = counter.ask(digests)
        assert every == own and revision == 0
        counter.do(choose_logo, picture=two, revision=0, shop_id=shop)
        every, own, revision = counter.ask(digests)
        assert every != own and revision == 1
        counter.do(choose_logo, picture=b"", revision=1, shop_id=shop)
        assert counter.ask(digests)[1] == ""


def test_the_logos_that_are_used_are_kept_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logo, "_known", {f"of-{n}": b"x" for n in range(logo._KNOWN_MOST)})
    asked = SimpleNamespace(one=lambda _statement, digest: (digest.encode(),))
    assert logo.bring_logo(asked, "of-0") and logo.bring_logo(asked, "new")  # type: ignore[arg-type]
    assert logo.logo_at_hand("of-0") == b"x" and logo.logo_at_hand("new") == b"new"
    assert "of-1" not in logo._known and len(logo._known) == logo._KNOWN_MOST
