"""Pages: the Jinja environment of each locale, its filters, and the one way to render."""

import secrets
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tocsin.core import money
from tocsin.core.clock import to_datetime
from tocsin.web.assets import address_of
from tocsin.web.compiled import SharedCode
from tocsin.web.keymap import KEYMAP
from tocsin.web.places import PLACES, SETTINGS
from tocsin.web.words import LOCALES, Words, known_locale

TEMPLATE_DIR = Path(__file__).parent / "templates"
NOTHING = "—"
_compiled = SharedCode()


def build_environment(words: Words) -> Environment:
    """Return the environment that renders in one locale: escaping on, an unknown name is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=_compiled,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        words.translate, words.translate_count, newstyle=True
    )
    environment.globals.update(
        locale=words.locale,
        language=words.tag,
        direction=words.direction,
        locales=LOCALES,
        new_key=new_key,
        desk_places=PLACES,
        settings_places=SETTINGS,
        keymap=KEYMAP,
        asset=address_of,
    )
    environment.filters.update(
        money=lambda minor, currency: _show_money(minor, currency, words.locale),
        difference=lambda minor, currency: _show_difference(minor, currency, words.locale),
        instant=show_instant,
        clock=show_clock,
        day=lambda us, zone: show_instant(us, zone)[:10],
        machine_instant=lambda us: to_datetime(us).isoformat(timespec="seconds"),
        quantity=lambda micro: NOTHING if micro is None else money.plain_micro(micro),
        price=show_price,
        plain_money=lambda minor, currency: "" if minor is None else money.plain_minor(minor, currency),
        id_text=str,
    )
    return environment


def new_key() -> str:
    """Return what makes one form of one page count once."""
    return secrets.token_urlsafe(12)


@cache
def environment_of(locale: str) -> Environment:
    """Return the kept environment of a locale."""
    return build_environment(Words(locale))


def render(template: str, *, locale: str, **context: Any) -> str:
    """Return a page as HTML; an unknown locale reads English.

    Raises:
        jinja2.UndefinedError: the context lacks a name that the template needs.
    """
    return environment_of(known_locale(locale)).get_template(template).render(context)


def show_instant(instant_us: int | None, zone: str) -> str:
    """Return an instant in a zone to the minute: `2018-09-15 12:24`; a dash where there is none."""
    return NOTHING if instant_us is None else f"{to_datetime(instant_us, zone):%Y-%m-%d %H:%M}"


def show_clock(instant_us: int | None, zone: str, since_us: int | None = None) -> str:
    """Return the time of day to the second, where seconds count, with its day where that is not the day of `since_us`."""
    if instant_us is None:
        return NOTHING
    told = to_datetime(instant_us, zone)
    same_day = since_us is None or to_datetime(since_us, zone).date() == told.date()
    return f"{told:%H:%M:%S}" if same_day else f"{told:%m-%d %H:%M:%S}"


def show_price(price_micro: int | None, currency: str) -> str:
    """Return a unit price with at least the currency's decimals: `2.00`, `0.125`."""
    if price_micro is None:
        return NOTHING
    whole, _, part = money.plain_micro(price_micro).partition(".")
    digits = part.ljust(money.minor_digits(currency), "0")
    return f"{whole}.{digits}" if digits else whole


def _show_money(minor: int | None, currency: str, locale: str) -> str:
    return NOTHING if minor is None else money.show_money(minor, currency, locale)


def _show_difference(minor: int, currency: str, locale: str) -> str:
    sign = "+" if minor > 0 else "−" if minor < 0 else "±"
    return sign + money.show_money(abs(minor), currency, locale)
