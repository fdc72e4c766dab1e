"""Box 9's settings as pages: sirens set up by kind, tried out, changed, taken away; when the shop is open.

Each kind's form is made of what its driver declares; a new driver needs no page of its own.
"""

import time
from functools import partial
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.station import live_stations
from tocsin.access.step_up import require_proof
from tocsin.alarm.hours import SirenHoursWrong, change_hours, hours_revision, read_hours
from tocsin.alarm.siren import Option, SirenDriver, SirenOptionWrong
from tocsin.alarm.siren_row import (
    SirenKindUnknown,
    SirenRow,
    SirenWrong,
    add_siren,
    change_siren,
    get_siren,
    list_sirens,
    remove_siren,
    siren_driver,
    try_siren,
)
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.plugins import load_plugins
from tocsin.core.preference import PreferenceMoved
from tocsin.core.words import Words
from tocsin.web.form import Form, once, read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.siren_form import form_of, hours_form, read_hours_form, read_siren_form, show_option

_LIST = "/settings/sirens"
_TRIAL_SECONDS, _LOOK_SECONDS = 4.0, 0.05
_SAID = {
    "heard": ("ok", "It sounds for two seconds, and says so"),
    "told": ("warn", "It was told to sound for two seconds; it can't say whether it does: listen"),
    "failed": ("bad", "It did not do as it was told: see what it says"),
    "waiting": ("warn", "Nothing has come back yet: look at its state in a moment"),
    "added": ("ok", "The siren is set up; try it out"),
}  # fmt: skip


@get(_LIST, sync_to_thread=True)
def get_sirens(request: PageRequest) -> Response[str]:
    """Show the sirens, and the hours that hold for them."""
    desk, actor = enter(request)
    require(actor, "incident")
    form = desk.db.read(actor.merchant_id, lambda tx: hours_form(read_hours(tx), hours_revision(tx)))
    return _list(request, actor, form=form)


@get(f"{_LIST}/new", sync_to_thread=True)
def get_new(request: PageRequest) -> Response[str]:
    """Show the form of a new siren of a kind."""
    _, actor = enter(request)
    require(actor, "shop_settings")
    driver = _offered(request.query_params.get("kind", ""))
    return _edit(request, actor, driver=driver, form=form_of(driver))


@post(_LIST, sync_to_thread=True, status_code=303)
def post_siren(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Set a siren up; what is wrong is said at its field."""
    desk, actor = enter(request)
    form = read_form(request, body)
    require(actor, "shop_settings")
    require_proof(actor)
    driver = _offered(form.get("driver", ""))
    given = read_siren_form(driver, form)

    def make(tx: Tx) -> str:
        _require_station(tx, given["station_id"])
        add_siren(tx, actor, driver=driver.name, **given)
        return f"{_LIST}?said=added"

    try:
        run = partial(once, actor=actor, form=form, route="sirens")
        return go(desk.db.write(actor.merchant_id, lambda tx: run(tx, make=lambda: make(tx))))
    except Refusal as wrong:
        return _edit(request, actor, driver=driver, form=form, refusal=wrong)


@get(f"{_LIST}/{{siren_id:str}}", sync_to_thread=True)
def get_one(request: PageRequest, *, siren_id: FromPath[str]) -> Response[str]:
    """Show the form of a siren that is set up; its secrets are not shown."""
    desk, actor = enter(request)
    require(actor, "shop_settings")
    wanted = read_number(siren_id)
    row = desk.db.read(actor.merchant_id, lambda tx: get_siren(tx, siren_id=wanted))
    driver = siren_driver(row.driver)
    return _edit(request, actor, driver=driver, form=form_of(driver, row), row=row)


@post(f"{_LIST}/{{siren_id:str}}", sync_to_thread=True, status_code=303)
def post_change(request: PageRequest, *, siren_id: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Change a siren; a secret that is left empty stays as it was."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(siren_id)
    require(actor, "shop_settings")
    require_proof(actor)
    row = desk.db.read(actor.merchant_id, lambda tx: get_siren(tx, siren_id=wanted))
    driver = siren_driver(row.driver)
    given = read_siren_form(driver, form)

    def change(tx: Tx) -> None:
        _require_station(tx, given["station_id"])
        change_siren(tx, actor, siren_id=wanted, **given)

    try:
        desk.db.write(actor.merchant_id, change)
    except Refusal as wrong:
        return _edit(request, actor, driver=driver, form=form, row=row, refusal=wrong)
    return go(_LIST, done="saved")


@post(f"{_LIST}/{{siren_id:str}}/trial", sync_to_thread=True, status_code=303)
def post_trial(request: PageRequest, *, siren_id: FromPath[str], body: RawBody) -> Redirect:
    """Let a siren really sound for two seconds, and say what it said."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(siren_id)
    desk.db.write(actor.merchant_id, lambda tx: try_siren(tx, actor, siren_id=wanted))
    until, row = time.monotonic() + _TRIAL_SECONDS, None
    while time.monotonic() < until:
        row = desk.db.read(actor.merchant_id, lambda tx: get_siren(tx, siren_id=wanted))
        if row.tested_at_us:
            said = "failed" if row.problem else "heard" if siren_driver(row.driver).can.confirms else "told"
            return go(f"{_LIST}?said={said}")
        time.sleep(_LOOK_SECONDS)
    return go(f"{_LIST}?said=waiting")


@post(f"{_LIST}/{{siren_id:str}}/removal", sync_to_thread=True, status_code=303)
def post_removal(request: PageRequest, *, siren_id: FromPath[str], body: RawBody) -> Redirect:
    """Take a siren away: it is switched off."""
    desk, actor = enter(request)
    read_form(request, body)
    require(actor, "shop_settings")
    require_proof(actor)
    wanted = read_number(siren_id)
    desk.db.write(actor.merchant_id, lambda tx: remove_siren(tx, actor, siren_id=wanted))
    return go(_LIST, done="dropped")


@post("/settings/siren-hours", sync_to_thread=True, status_code=303)
def post_hours(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Change when the shop is open, and what holds while it is closed."""
    desk, actor = enter(request)
    form = read_form(request, body)
    require(actor, "shop_settings")
    require_proof(actor)
    revision = read_number(form.get("revision", "0"))
    try:
        desk.db.write(
            actor.merchant_id, lambda tx: change_hours(tx, actor, chosen=read_hours_form(form), revision=revision)
        )  # fmt: skip
    except (SirenHoursWrong, PreferenceMoved) as wrong:
        words = words_of(request, actor)
        hours_wrong = isinstance(wrong, SirenHoursWrong)
        field = str(wrong.data["field"]) if hours_wrong else "open_0"
        text = words.translate(str(wrong.data["problem"])) if hours_wrong else told(wrong, words)
        return _list(request, actor, form=form, errors={field: text}, status=status_of(wrong))
    return go(_LIST, done="saved")


def _require_station(tx: Tx, station_id: int) -> None:
    if station_id and station_id not in {one.id for one in live_stations(tx)}:
        raise SirenWrong(field="station_id", problem="choose one of the list")


def _list(
    request: PageRequest, actor: Actor, *, form: Form, errors: dict[str, str] | None = None, status: int = 200
) -> Response[str]:  # fmt: skip
    desk, words = desk_of(request), words_of(request, actor)
    rows = desk.db.read(actor.merchant_id, list_sirens)
    tone, said = _SAID.get(request.query_params.get("said", ""), ("", ""))
    return show(
        request, "settings/sirens.html", actor=actor, section="settings", status=status, form=form, errors=errors or {},
        sirens=[_show(row, words) for row in rows], kinds=_kinds(words),
        toasts=[{"kind": tone, "text": words.translate(said)}] if said else None,
    )  # fmt: skip


def _edit(
    request: PageRequest, actor: Actor, *, driver: SirenDriver, form: Form, row: SirenRow | None = None, refusal: Refusal | None = None,
) -> Response[str]:  # fmt: skip
    desk, words = desk_of(request), words_of(request, actor)
    stations = desk.db.read(actor.merchant_id, live_stations)
    here = {"0": words.translate("This server")} | {str(one.id): one.name for one in stations}
    return show(
        request, "settings/siren.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200, form=form,
        errors=_errors(refusal, words), siren_id=row.id if row else 0, driver=driver.name, title=words.translate(driver.title or driver.name),
        stations=here, options=[show_option(option, form, words, kept=row is not None) for option in driver.options],
    )  # fmt: skip


def _errors(refusal: Refusal | None, words: Words) -> dict[str, str]:
    if refusal is None:
        return {}
    if isinstance(refusal, SirenOptionWrong):
        return {f"options.{refusal.data['name']}": words.translate(str(refusal.data["problem"]))}
    if refusal.kind != "invalid":
        raise refusal
    if "problem" in refusal.data:
        return {str(refusal.data.get("field", "name")): words.translate(str(refusal.data["problem"]))}
    return {"name": told(refusal, words)}


def _offered(name: str) -> SirenDriver:
    kinds: dict[str, SirenDriver] = load_plugins("alarm.sirens")
    if name not in kinds or not kinds[name].title:
        raise SirenKindUnknown(
            driver=name[:40], drivers=", ".join(k for k, each in kinds.items() if each.title)
        )
    return kinds[name]


def _kinds(words: Words) -> dict[str, str]:
    kinds: dict[str, SirenDriver] = load_plugins("alarm.sirens")
    return {name: words.translate(each.title) for name, each in kinds.items() if each.title}


def _show(row: SirenRow, words: Words) -> dict[str, Any]:
    driver, options = siren_driver(row.driver), row.plain_options()
    return {
        "id": row.id, "name": row.name, "place": row.place, "kind": words.translate(driver.title or driver.name),
        "address": _address_of(driver.options, options), "state": row.state, "detail": row.detail,
        "problem": words.translate(row.problem) if row.problem else "", "rank": row.rank, "backup": bool(row.backup),
        "confirms": driver.can.confirms, "seen_us": row.probed_at_us or None, "sounded_us": row.sounded_at_us or None,
    }  # fmt: skip


def _address_of(declared: tuple[Option, ...], options: dict[str, Any]) -> str:
    """Return where a siren is, by those settings that tell it: host and topic, address, port."""
    places = ("url", "on_url", "host", "topic", "port", "place")
    choice = next((options.get(option.name) for option in declared if option.kind == "choice"), None)
    counts = {option.name for option in declared if not option.only or choice in option.only}
    return " · ".join(str(options[name]) for name in places if name in counts and options.get(name))


SIRENS = [
    get_sirens,
    get_new,
    post_siren,
    get_one,
    post_change,
    post_trial,
    post_removal,
    post_hours,
]
