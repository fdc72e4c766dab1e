"""Stations as a page: which machines work for the desk, a code for a new one, and whose reader stands at which desk."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.desk import list_desks
from tocsin.access.desk_reader import list_placed, place_reader
from tocsin.access.operator import list_operators
from tocsin.access.presence import station_state
from tocsin.access.station import Station, create_station_code, expect_station, list_stations, revoke_station
from tocsin.access.step_up import is_proved
from tocsin.core.actor import Actor, require
from tocsin.core.clock import now_us
from tocsin.core.db import Tx
from tocsin.web.form import read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.shell import go, show

HERE = "/settings/stations"


@get(HERE, sync_to_thread=True)
def get_stations(request: PageRequest) -> Response[str]:
    """Show the stations and the desks that a reader can stand at."""
    _, actor = enter(request)
    return _page(request, actor)


@post(f"{HERE}/codes", sync_to_thread=True, status_code=200)
def post_station_code(request: PageRequest, *, body: RawBody) -> Response[str]:
    """Make a code that enrols a station; it is on this answer alone, so that it is at no address."""
    desk, actor = enter(request)
    read_form(request, body)
    made = desk.db.write(actor.merchant_id, lambda tx: create_station_code(tx, actor))
    server = desk.settings.base_url()
    command = f"tocsin station enrol --server {server} --code {made.code} --name "
    return _page(request, actor, made={"code": made.code, "command": command, "until_us": made.expires_at_us})


@get(f"{HERE}/codes", sync_to_thread=False, status_code=303)
def get_station_code() -> Redirect:
    """Lead back to the stations: a code was on the answer to its making alone."""
    return go(HERE)


@post(HERE + "/{station_id:str}/revocation", sync_to_thread=True, status_code=303)
def post_station_revocation(request: PageRequest, *, station_id: FromPath[str], body: RawBody) -> Redirect:
    """Revoke a station: its next request is refused, and tells the alarm."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(station_id)
    desk.db.write(actor.merchant_id, lambda tx: revoke_station(tx, actor, station_id=wanted))
    return go(HERE, done="station_revoked")


@post(HERE + "/{station_id:str}/expectation", sync_to_thread=True, status_code=303)
def post_station_expectation(request: PageRequest, *, station_id: FromPath[str], body: RawBody) -> Redirect:
    """Say whether a station is expected around the clock."""
    desk, actor = enter(request)
    always, wanted = read_form(request, body).get("always", "") == "1", read_number(station_id)
    desk.db.write(actor.merchant_id, lambda tx: expect_station(tx, actor, station_id=wanted, always=always))
    return go(HERE, done="saved")


@post(HERE + "/desks/{desk_id:str}", sync_to_thread=True, status_code=303)
def post_desk_reader(request: PageRequest, *, desk_id: FromPath[str], body: RawBody) -> Redirect:
    """Say whose reader stands at an enrolled desk."""
    desk, actor = enter(request)
    given, wanted = read_form(request, body).get("station", ""), read_number(desk_id)
    station_id = read_number(given) if given else 0
    desk.db.write(
        actor.merchant_id, lambda tx: place_reader(tx, actor, desk_id=wanted, station_id=station_id)
    )
    return go(HERE, done="saved")


def _page(request: PageRequest, actor: Actor, *, made: dict[str, Any] | None = None) -> Response[str]:
    desk = desk_of(request)
    require(actor, "shop_settings")

    def read(tx: Tx) -> dict[str, Any]:
        names = {one.id: one.display_name for one in list_operators(tx, actor)}
        found, placed = list_stations(tx, actor), {one.desk_id: one.station_id for one in list_placed(tx)}
        return {
            "stations": [_show(one, names) for one in found],
            "desks": [
                {"id": one.id, "name": one.name, "place": one.place, "station": str(placed.get(one.id, "") or "")}
                for one in list_desks(tx, actor) if not one.revoked_at_us
            ],
            "choices": {str(one.id): one.name for one in found if not one.revoked_at_us},
        }  # fmt: skip

    return show(
        request, "settings/stations.html", actor=actor, section="settings", made=made, proved=is_proved(actor),
        **desk.db.read(actor.merchant_id, read),
    )  # fmt: skip


def _show(one: Station, names: dict[int, str]) -> dict[str, Any]:
    return {
        "id": one.id, "name": one.name, "version": one.version, "address": one.address, "by": names.get(one.created_by, "—"),
        "created_at_us": one.created_at_us, "last_seen_us": one.last_seen_us or None, "state": station_state(one, now_us()), "reader": one.reader,
        "driver": one.reader_driver, "always": bool(one.always), "revoked": bool(one.revoked_at_us),
    }  # fmt: skip


STATIONS = [
    get_stations, get_station_code, post_station_code, post_station_revocation, post_station_expectation, post_desk_reader,
]  # fmt: skip
