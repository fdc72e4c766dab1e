"""The fleet as a page, on the address of the metrics alone: who reaches the shops' pages does not reach it."""

from collections.abc import Callable
from functools import partial

from tocsin.desk import Desk
from tocsin.fleet import read_fleet
from tocsin.web.assets import read_asset
from tocsin.web.page import render

Page = tuple[str, bytes]


def fleet_page(desk: Desk) -> Page:
    """Return the page, in the desk's language: who needs somebody first."""
    found = read_fleet(desk)
    merchants = sorted(found.merchants, key=lambda one: (one.is_well(), one.name))
    html = render("fleet.html", locale=desk.settings.locale, fleet=found, merchants=merchants)
    return "text/html; charset=utf-8", html.encode()


def fleet_pages(desk: Desk) -> dict[str, Callable[[], Page]]:
    """Return the page and its style sheets, by their paths."""
    sheets = {f"/static/{name}": partial(_sheet, name) for name in ("desk.css", "css/fleet.css")}
    return {"/fleet": partial(fleet_page, desk), **sheets}


def _sheet(name: str) -> Page:
    asset = read_asset(name)
    assert asset is not None
    return "text/css; charset=utf-8", asset.body
