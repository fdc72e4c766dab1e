"""Routes of the pages, as the application takes them."""

from typing import Any

from litestar import get
from litestar.response import Redirect

from tocsin.web.guard import PageRequest, enter


@get("/", sync_to_thread=True)
def get_desk(request: PageRequest) -> Redirect:
    """Lead to the orders, or to the sign-in."""
    enter(request)
    return Redirect("/orders", status_code=303)


PAGES: list[Any] = [get_desk]
