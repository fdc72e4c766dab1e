"""The file of a paper, where its printer leaves one."""

from litestar import get
from litestar.params import FromPath
from litestar.response import File

from tocsin.core.actor import require
from tocsin.tickets.paper_file import open_paper, require_paper
from tocsin.web.form import read_number
from tocsin.web.guard import PageRequest, enter

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


PAPERS = [get_paper]
