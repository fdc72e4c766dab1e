"""Pictures as a page: what is better looked at than read, each of one aggregate, with its table and a file of it."""

import io
from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from tocsin.access.attempt_picture import picture_attempts
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.period import Period, make_period
from tocsin.core.tenant import Shop, ShopMissing, list_shops
from tocsin.orders.campaign import list_campaigns
from tocsin.orders.format import Content, find_format, write_file
from tocsin.orders.order_picture import picture_orders, picture_problems
from tocsin.tickets.device import list_printers
from tocsin.tickets.ticket_picture import picture_papers, picture_waits
from tocsin.web.form import AddressWrong
from tocsin.web.guard import PageRequest, enter
from tocsin.web.picture_words import (
    Column,
    Picture,
    draw_attempts,
    draw_orders,
    draw_papers,
    draw_waits,
    say_within,
)
from tocsin.web.say import check_word
from tocsin.web.shell import show, words_of
from tocsin.web.tallied import Fresh, read_fresh
from tocsin.web.terminal import show_state
from tocsin.web.words import Words

NAMES = ("orders", "problems", "waits", "papers", "attempts")


class _Asked(Struct, frozen=True):
    """Which shop (or all), and the period, in that shop's business days: of whole hours of UTC, as tallies are, or not."""

    shops: list[Shop]
    shop: Shop | None
    period: Period
    fresh: Fresh

    @property
    def shop_id(self) -> int:
        return self.shop.id if self.shop else 0

    @property
    def of(self) -> dict[str, Any]:
        return {"period": self.period, "shop_id": self.shop_id, "tallies": self.fresh.tallies}


@get("/pictures", sync_to_thread=True)
def get_pictures(request: PageRequest) -> Response[str]:
    """Show the pictures of a period, of one shop or all."""
    desk, actor = enter(request)
    require(actor, "query")
    words = words_of(request, actor)

    def read(tx: Tx, fresh: Fresh) -> dict[str, Any]:
        asked = _read_asked(request, tx, fresh)
        period = asked.period
        waits = picture_waits(tx, actor, **asked.of)
        others = [name for name in NAMES if name != "waits" and (name != "attempts" or actor.may("journal"))]
        pictures = {name: _draw(tx, actor, name, asked=asked, words=words) for name in others}
        return {
            "pictures": {**pictures, "waits": draw_waits(waits, words=words)}, "within": say_within(waits, words),
            "period": period.kind, "hourly": period.hourly, "first": period.first, "last": period.last,
            "shop_code": asked.shop.code if asked.shop else "", "shops": asked.shops, "fresh": asked.fresh,
            "zone": (asked.shop or asked.shops[0]).zone, "printers": [(one.name, show_state(one)) for one in list_printers(tx)],
        }  # fmt: skip

    return show(
        request,
        "orders/pictures.html",
        actor=actor,
        section="picture",
        **read_fresh(desk.db, actor.merchant_id, read),
    )


@get("/pictures/{name:str}", sync_to_thread=True)
def get_picture_file(request: PageRequest, *, name: FromPath[str]) -> Response[bytes]:
    """Send the numbers of one picture as CSV."""
    desk, actor = enter(request)
    require(actor, "query")
    wanted, _, suffix = name.partition(".")
    if wanted not in NAMES or suffix != "csv":
        raise AddressWrong
    words = words_of(request, actor)

    def read(tx: Tx, fresh: Fresh) -> Picture:
        return _draw(tx, actor, wanted, asked=_read_asked(request, tx, fresh), words=words)

    headers = {"content-disposition": f'attachment; filename="{wanted}.csv"'}
    made = write_picture(read_fresh(desk.db, actor.merchant_id, read))
    return Response(made, media_type="text/csv", headers=headers)


def write_picture(picture: Picture) -> bytes:
    """Write the table behind a picture as CSV that no spreadsheet runs."""
    out = io.BytesIO()
    columns = (picture.head, *(column.name for column in picture.columns))
    write_file(find_format("csv"), Content(columns, picture.rows, lambda: ()), out)
    return out.getvalue()


def _read_asked(request: PageRequest, tx: Tx, fresh: Fresh) -> _Asked:
    given = request.query_params
    shops, code = list_shops(tx), given.get("shop", "")[:40]
    shop = next((one for one in shops if one.code == code), None)
    if code and shop is None:
        raise ShopMissing(shop=code)
    days = shop or shops[0]
    period = make_period(
        given.get("period", ""), now_us=tx.now_us, zone=days.zone, starts_at_hour=days.day_starts_at_hour
    )
    return _Asked(shops, shop, period, fresh if period.whole_hours else Fresh())


def _draw(tx: Tx, actor: Actor, name: str, *, asked: _Asked, words: Words) -> Picture:
    of = asked.of
    if name == "orders":
        titles = {one.code: one.title for one in list_campaigns(tx, actor)}
        return draw_orders(picture_orders(tx, actor, **of), period=asked.period, words=words, names=titles)
    if name == "problems":
        found = picture_problems(tx, actor, **of)
        column = Column(words.translate("Orders"), "bad", tuple(one.orders for one in found))
        slots = tuple(check_word(one.name, words) for one in found)
        return Picture("problems", words.translate("Problem"), slots, (column,))
    if name == "waits":
        return draw_waits(picture_waits(tx, actor, **of), words=words)
    if name == "papers":
        names = {one.id: one.name for one in list_printers(tx)}
        return draw_papers(picture_papers(tx, actor, **of), words=words, names=names)
    return draw_attempts(picture_attempts(tx, actor, period=asked.period), period=asked.period, words=words)


PICTURES = [get_pictures, get_picture_file]
