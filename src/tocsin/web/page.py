"""Pages: the Jinja environment of each locale, its filters, and the one way to render."""

import secrets
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from tocsin.core import money
from tocsin.core.clock import now_us, to_datetime
from tocsin.web.assets import address_of
from tocsin.web.compiled import SharedCode
from tocsin.web.figures import NOTHING, Figures
from tocsin.web.keymap import KEYMAP
from tocsin.web.places import PLACES, SETTINGS
from tocsin.web.words import LOCALES, Words, known_locale

TEMPLATE_DIR = Path(__file__).parent / "templates"
_compiled = SharedCode(TEMPLATE_DIR, options=Path(__file__).read_bytes())


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
    figures = Figures(words)
    _group_numbers(environment, figures)
    environment.globals.update(
        locale=words.locale,
        language=words.tag,
        direction=words.direction,
        locales=LOCALES,
        new_key=new_key,
        now_ms=lambda: now_us() // 1_000,
        desk_places=PLACES,
        settings_places=SETTINGS,
        keymap=KEYMAP,
        asset=address_of,
    )
    environment.filters.update(_filters(figures))
    return environment


def _filters(figures: Figures) -> dict[str, Any]:
    return {
        "money": figures.money,
        "difference": figures.difference,
        "instant": figures.instant,
        "clock": figures.clock,
        "ago": lambda us, zone: figures.ago(us, zone, now_us=now_us()),
        "file_size": figures.file_size,
        "day": figures.day,
        "number": figures.number,
        "of_date": figures.of_date,
        "machine_instant": lambda us: to_datetime(us).isoformat(timespec="seconds"),
        "quantity": lambda micro: NOTHING if micro is None else money.plain_micro(micro),
        "price": show_price,
        "plain_money": lambda minor, currency: "" if minor is None else money.plain_minor(minor, currency),
        "id_text": str,
    }


def _group_numbers(environment: Environment, figures: Figures) -> None:
    """Let every sentence write its whole numbers as the language does."""
    gettext: Any = environment.globals["gettext"]
    ngettext: Any = environment.globals["ngettext"]

    @pass_context
    def say(context: Context, text: str, /, **data: Any) -> Any:
        return gettext(context, text, **figures.grouped(data))

    @pass_context
    def count(context: Context, *forms_and_number: Any, **data: Any) -> Any:
        grouped = figures.grouped({"num": forms_and_number[-1], **data})
        return ngettext(context, *forms_and_number, **grouped)

    environment.globals.update(gettext=say, _=say, ngettext=count)


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


def show_price(price_micro: int | None, currency: str) -> str:
    """Return a unit price with at least the currency's decimals: `2.00`, `0.125`."""
    if price_micro is None:
        return NOTHING
    whole, _, part = money.plain_micro(price_micro).partition(".")
    digits = part.ljust(money.minor_digits(currency), "0")
    return f"{whole}.{digits}" if digits else whole
