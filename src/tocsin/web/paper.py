"""Papers on a screen: the file that a printer left, and how an order's ticket would look."""

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import File

from tocsin.core.actor import require
from tocsin.core.clock import now_us
from tocsin.core.tenant import get_shop
from tocsin.orders.query import look_up_order
from tocsin.tickets.content import PaperRequest, build_content
from tocsin.tickets.layout import draw_png
from tocsin.tickets.paper_file import open_paper, require_paper
from tocsin.web.form import read_number
from tocsin.web.guard import PageRequest, enter, locale_of

DOOR = "page"


@get("/jobs/{job_id:str}/file", sync_to_thread=True)
def get_paper(request: PageRequest, *, job_id: FromPath[str]) -> File:
    """Send the file of a ticket whose printer leaves one; recorded, a denied one too."""
    desk, actor = enter(request)
    require(actor, "query")
    wanted = read_number(job_id)
    found = desk.db.write(actor.merchant_id, lambda tx: open_paper(tx, actor, job_id=wanted, door=DOOR))
    return File(
        require_paper(found), filename=f"{found.job.serial}.pdf", media_type="application/pdf",
        content_disposition_type="inline", headers={"cache-control": "no-store"},
    )  # fmt: skip


@get("/orders/{number:str}/ticket.png", sync_to_thread=True)
def get_ticket_picture(request: PageRequest, *, number: FromPath[str]) -> Response[bytes]:
    """Draw the customer's copy of an order, masked, as its paper would look."""
    desk, actor = enter(request)
    order = look_up_order(desk.db, actor, number=number, door=DOOR)
    shop = desk.db.read(actor.merchant_id, get_shop)
    paper = PaperRequest(
        copy="customer", serial="PREVIEW", scan_url=f"{desk.settings.base_url()}/t/PREVIEW", code128=str(order.id),
        printed_at_us=now_us(), zone=shop.zone, locale=locale_of(request, actor), paper_mm=80, shop_name=shop.name,
    )  # fmt: skip
    return Response(draw_png(build_content(order, paper)), media_type="image/png")


PAPERS = [get_paper, get_ticket_picture]
