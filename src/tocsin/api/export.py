"""Box 15 over the API, at once: a file of orders streamed as it is written; a broken one breaks the transfer off."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Stream

from tocsin.api.guard import ApiRequest, enter
from tocsin.api.orders import DOOR
from tocsin.orders.export import Export, begin_export
from tocsin.orders.format import find_format
from tocsin.orders.screen import Filter

WITHHELD = "x-tocsin-orders-withheld"


@get("/orders/export", sync_to_thread=True)
def export_orders(
    request: ApiRequest, *, format_name: Annotated[str, QueryParameter(name="format")] = "csv", asked: Annotated[str, QueryParameter(name="query")] = "",
    columns: Annotated[str, QueryParameter()] = "", real: Annotated[bool, QueryParameter()] = False,
    reason: Annotated[str, QueryParameter()] = "",
) -> Stream:  # fmt: skip
    """Stream a file of orders; recorded as a look-up before its first byte.

    Watched orders are left out unless a second person confirmed: `X-Tocsin-Orders-Withheld` says how many.
    A fault halfway breaks the transfer off: a file that ended as HTTP says it ends is whole.
    """
    desk, actor = enter(request)
    wanted, chosen = Filter(query=asked), [one for one in columns.split(",") if one]
    begin = partial(
        begin_export, actor=actor, wanted=wanted, format_name=format_name, real=real, reason=reason, columns=chosen, door=DOOR
    )  # fmt: skip
    begun = desk.db.write(actor.merchant_id, begin)
    export = Export(
        desk.db, actor.merchant_id, wanted=wanted, format_name=format_name, real=real, columns=chosen, begun=begun
    )  # fmt: skip
    kind = find_format(format_name)
    headers = {
        "content-disposition": f'attachment; filename="orders{kind.suffix}"',
        WITHHELD: str(begun.withheld),
    }
    return Stream(_read(export), media_type=kind.media_type.partition(";")[0], headers=headers)


def _read(export: Export) -> Iterator[bytes]:
    yield from export


EXPORT = [export_orders]
