"""Settings as pages: the shop, this desk, language, light or dark, and the journal."""

from importlib.metadata import version
from typing import Any
from zoneinfo import available_timezones

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.access.operator import change_locale
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.preference import PreferenceMoved
from tocsin.core.tenant import ShopWrong, change_shop, get_shop
from tocsin.desk import Desk
from tocsin.lan.authority import fingerprint_of
from tocsin.lan.certificate import read_authority, source_of
from tocsin.lan.terminal import install_address
from tocsin.orders.archive import ArchiveDaysWrong, archive_rules, change_archive_rules
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.guard import THEME_COOKIE, PageRequest, desk_of, enter, visitor
from tocsin.web.install import qr_picture
from tocsin.web.same_place import same_place
from tocsin.web.shell import go, locale_cookie, show, theme_cookie, told, words_of
from tocsin.web.words import Words, known_locale

_THEMES = ("auto", "light", "dark", "contrast")
UNENCRYPTED = "People reach this desk without HTTPS: phones can't install it, and the network can read along"
NEAR_ONLY = (
    "Only this machine reaches the desk. Off until it is served with --lan NAME: passkeys on phones, the desk as an app on "
    "phones, alarms pushed to phones"
)


@get("/settings", sync_to_thread=True)
def get_settings(request: PageRequest) -> Response[str]:
    """Show the shop's settings and what this desk runs on."""
    desk, actor = enter(request)
    require(actor, "query")
    return _page(request, desk, actor)


@post("/settings", sync_to_thread=True, status_code=303)
def post_settings(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Change the shop's name, zone and the hour its day starts at."""
    desk, actor = enter(request)
    form, words = read_form(request, body), words_of(request, actor)
    require(actor, "shop_settings")
    hour = form.get("day_starts_at_hour", "").strip()

    def change(tx: Tx) -> None:
        change_shop(
            tx, actor, shop_id=get_shop(tx).id, name=form.get("shop_name", ""), zone=form.get("zone", ""),
            day_starts_at_hour=int(hour) if hour.isascii() and hour.isdigit() and len(hour) < 3 else -1,
        )  # fmt: skip

    try:
        desk.db.write(actor.merchant_id, change)
    except ShopWrong as refusal:
        errors = {str(refusal.data["field"]): told(refusal, words)}
        return _page(request, desk, actor, form=form, errors=errors)
    return go("/settings", done="saved")


@post("/settings/archive", sync_to_thread=True, status_code=303)
def post_archive(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Change after how many days closed orders are archived, against the revision that was seen."""
    desk, actor = enter(request)
    form, words = read_form(request, body), words_of(request, actor)
    require(actor, "shop_settings")
    days, revision = form.get("archive_days", "").strip(), read_number(form.get("revision", "0"))
    chosen = int(days) if days.isascii() and days.isdecimal() and len(days) < 6 else -1
    try:
        desk.db.write(
            actor.merchant_id, lambda tx: change_archive_rules(tx, actor, days=chosen, revision=revision)
        )
    except (ArchiveDaysWrong, PreferenceMoved) as refusal:
        return _page(request, desk, actor, archive=form, errors={"archive_days": told(refusal, words)})
    return go("/settings", done="saved")


@post("/settings/locale", sync_to_thread=True, status_code=303)
def post_locale(request: PageRequest, *, body: RawBody) -> Redirect:
    """Change the reader's language, and keep it for the next sign-in."""
    form, actor = read_form(request, body), visitor(request)
    locale = known_locale(form.get("locale", ""))
    if actor is not None:
        desk_of(request).db.write(
            actor.merchant_id, lambda tx: change_locale(tx, operator_id=actor.id, locale=locale)
        )
    return go(same_place(request, form), cookies=[locale_cookie(locale)])


@post("/settings/theme", sync_to_thread=True, status_code=303)
def post_theme(request: PageRequest, *, body: RawBody) -> Redirect:
    """Change between light, dark, high contrast and as the system has it."""
    form = read_form(request, body)
    theme = form.get("theme", "")
    kept = theme_cookie(THEME_COOKIE, theme if theme in _THEMES else "auto")
    return go(same_place(request, form), cookies=[kept])


def _page(
    request: PageRequest, desk: Desk, actor: Actor, *, form: Form | None = None, archive: Form | None = None,
    errors: dict[str, str] | None = None,
) -> Response[str]:  # fmt: skip
    shop, rules, revision = desk.db.read(actor.merchant_id, lambda tx: (get_shop(tx), *archive_rules(tx)))
    form = form or {
        "shop_name": shop.name,
        "zone": shop.zone,
        "day_starts_at_hour": str(shop.day_starts_at_hour),
    }
    words = words_of(request, actor)
    zones = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    given = form.get("zone", "")
    return show(
        request, "settings/shop.html", actor=actor, section="settings", status=422 if errors else 200, form=form,
        zones={name: name for name in dict.fromkeys([given, "UTC", *zones]) if name}, errors=errors or {},
        facts=_facts(desk, words), warnings=_warnings(desk, words),
        phones=_phones(desk), archive=archive or {"archive_days": str(rules.days), "revision": str(revision)},
    )  # fmt: skip


def _facts(desk: Desk, words: Words) -> list[dict[str, Any]]:
    found = [
        {"name": words.translate("Version"), "value": version("tocsin")},
        {"name": words.translate("Database"), "value": "PostgreSQL" if desk.db.dialect == "postgresql" else "SQLite"},
        {"name": words.translate("Address"), "value": desk.settings.base_url()},
    ]  # fmt: skip
    if desk.settings.lan and source_of(desk.settings) == "local":
        found += [
            {"name": words.translate("Phones install it from"), "value": install_address(desk.settings)},
            {"name": words.translate("Fingerprint of its certificate"), "value": fingerprint_of(read_authority(desk.settings))},
        ]  # fmt: skip
    return found


def _warnings(desk: Desk, words: Words) -> list[str]:
    address = desk.settings.base_url()
    if address.startswith("https:"):
        return []
    return [words.translate(NEAR_ONLY if address.startswith("http://localhost") else UNENCRYPTED)]


def _phones(desk: Desk) -> str:
    """Return the picture of the code that a phone scans first, empty where the desk is not served to phones."""
    settings = desk.settings
    if not settings.lan:
        return ""
    return qr_picture(install_address(settings) if source_of(settings) == "local" else settings.base_url())


SETTINGS = [get_settings, post_settings, post_archive, post_locale, post_theme]
