"""Preview equals paper: what is seen on the screen is, dot for dot, what the printer gets; masked until it is opened."""

import io

import pytest
from msgspec.structs import replace
from PIL import Image

from tests.counter import BASE, Counter, open_counter
from tests.tickets.paper import make_content
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.orders.reveal import reveal_receiver
from tocsin.tickets.content import MASKED_COPIES
from tocsin.tickets.device import COPIES, add_printer
from tocsin.tickets.job import read_content
from tocsin.tickets.layout import draw_png
from tocsin.tickets.preview import Previewed, TooLongToDraw, preview_job, preview_order
from tocsin.tickets.print_queue import QueueMissing

OWN = ("serial", "scan_url", "code128", "printed_at")  # what each paper has for itself alone


def dots_of(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    assert picture.mode == "1", "a printer of dots knows no grey"
    return picture


def of_order(counter: Counter, order_id: int, **asked: object) -> Previewed:
    order = counter.order(order_id)
    return counter.ask(preview_order, actor=counter.actor, order=order, base_url=BASE, **asked)


def of_job(counter: Counter, job_id: int) -> Previewed:
    job = counter.job(job_id)
    order = counter.order(job.order_id, revision=job.revision)
    return counter.ask(preview_job, actor=counter.actor, job_id=job_id, order=order)


def test_the_preview_is_dot_for_dot_what_the_printer_gets(db: Database) -> None:
    with open_counter(db, copies=COPIES, answer_timeout_seconds=5) as counter:
        order_id = counter.take().order_id
        before = {copy: of_order(counter, order_id, copy=copy) for copy in COPIES}
        jobs = counter.print(order_id).job_ids
        counter.run_spool()
        papers = counter.peer.wait_papers(len(COPIES))
        masked = {copy: of_job(counter, job_id) for copy, job_id in zip(COPIES, jobs, strict=True)}
        reveal_receiver(db, counter.actor, order_id=order_id, purpose="audit", door="page")
        for copy, job_id, paper in zip(COPIES, jobs, papers, strict=True):
            counter.wait_state(job_id, "printed")
            seen = of_job(counter, job_id)
            assert (seen.form, seen.hidden, seen.content.copy) == ("raster", frozenset(), copy)
            assert dots_of(seen.png()).tobytes() == paper.picture.tobytes(), copy
            # Unopened, a copy that is real on paper is masked on the screen, and one that is masked on paper is it
            closed = masked[copy]
            assert (closed.content == seen.content) == (copy in MASKED_COPIES)
            assert closed.hidden == (frozenset() if copy in MASKED_COPIES else {"name", "phone", "address"})
            # Before it was asked for, it said all that the paper says but for the numbers that only a paper has
            printed = counter.ask(read_content, job_id=job_id)
            shown = {name: getattr(printed, name) for name in OWN}
            assert replace(before[copy].content, **shown) == closed.content
        again = of_order(counter, order_id, copy="merchant")
        assert again.content.reprint_no == 1 and again.content.receiver_name == "王小明", (
            "as it would be printed now"
        )


def test_a_queue_is_previewed_on_its_own_printer_and_paper(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        narrow, sheet, label = (
            counter.do(
                add_printer,
                name=kind,
                kind=kind,
                options=options,
                copies=("kitchen",),
                paper_mm=wide,
                paper_high_mm=high,
            )
            for kind, options, wide, high in (
                ("escpos_network", {"host": "127.0.0.1"}, 58, 0),
                ("pdf_file", {}, 210, 297),
                ("tspl", {"host": "127.0.0.1"}, 60, 40),
            )
        )
        first = of_order(counter, order_id)
        assert (first.content.copy, first.content.paper_mm) == ("merchant", 80)
        assert dots_of(of_order(counter, order_id, queue_id=narrow).png()).width == 384
        assert dots_of(of_order(counter, order_id, queue_id=label).png()).size == (480, 320)
        page = of_order(counter, order_id, queue_id=sheet, copy="customer")
        assert (page.form, page.content.copy) == ("pdf", "customer")
        assert page.png() == draw_png(page.content, form="pdf")
        assert Image.open(io.BytesIO(page.png())).width == 1680, "the whole page, its margins too"
        assert of_order(counter, order_id, copy="no such copy").content.copy == "merchant"
        with pytest.raises(QueueMissing):
            of_order(counter, order_id, queue_id=7)


def test_a_station_sees_no_preview(db: Database) -> None:
    with open_counter(db) as counter:
        order = counter.order(counter.take().order_id)
        with pytest.raises(NotAllowed):
            counter.ask(preview_order, actor=counter.house.actor("station"), order=order, base_url=BASE)


def test_a_paper_that_no_printer_would_get_is_not_drawn_for_a_screen_either() -> None:
    content = make_content()
    short = Previewed(content, "raster", 1, frozenset())
    assert short.png().startswith(b"\x89PNG")
    long = replace(short, content=replace(content, lines=content.lines * (301 // len(content.lines) + 1)))
    with pytest.raises(TooLongToDraw, match="split the order"):
        long.png()
