"""Routes of the pages, as the application takes them."""

from typing import Any

from litestar import get
from litestar.response import Redirect

from tocsin.web.access import ACCESS
from tocsin.web.act import ACTS
from tocsin.web.guard import PageRequest, enter
from tocsin.web.order import ORDER
from tocsin.web.orders import ORDERS


@get("/", sync_to_thread=True)
def get_desk(request: PageRequest) -> Redirect:
    """Lead to the orders, or to the sign-in."""
    enter(request)
    return Redirect("/orders", status_code=303)


PAGES: list[Any] = [
    get_desk,
    *ACCESS,
    *ORDERS,
    *ORDER,
    *ACTS,
]
