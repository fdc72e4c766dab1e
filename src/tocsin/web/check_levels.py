"""Box 17's preferences as a page of the settings: how grave each check is, and what the checks measure by."""

import re
from typing import Any, cast

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect
from msgspec.structs import replace

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.money import MICRO
from tocsin.core.preference import preference_revision, read_preference
from tocsin.orders.watch_list import PEOPLE_LEAST, count_confirmers
from tocsin.tickets.check_choice import BOX, WATCHED, CheckPreference, choose_checks, guarded
from tocsin.tickets.habit import Habit, habits
from tocsin.tickets.own_rule import read_rules
from tocsin.tickets.rule import FIXED_CODES, OWN_PREFIX, Setting, level_in, loaded_checks
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.shell import go, show, status_of, told, words_of

HERE = "/settings/checks"
LISTS = (
    "remote_areas", "unserved_areas", "no_cod_areas", "no_cod_skus", "known_skus", "service_skus",
    "currencies",
)  # fmt: skip
_SETTINGS = ("E", "W", "I", "off")
_MOST_ITEMS, _MOST_NUMBER, _TWO = 5000, 1_000_000, "two."
_BETWEEN = re.compile(r"[\s,，、;；]+")


@get(HERE, sync_to_thread=True)
def get_check_levels(request: PageRequest) -> Response[str]:
    """Show each check with its level, and the shop's measures."""
    desk, actor = enter(request)
    require(actor, "shop_settings")

    def read(tx: Tx) -> tuple[CheckPreference, int]:
        return read_preference(tx, CheckPreference, box=BOX), preference_revision(tx, box=BOX)

    chosen, revision = desk.db.read(actor.merchant_id, read)
    return _page(request, actor, chosen=chosen, revision=revision)


@post(HERE, sync_to_thread=True, status_code=303)
def post_check_levels(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Store them; orders are judged by them from their next check on."""
    desk, actor = enter(request)
    form = read_form(request, body)
    require(actor, "shop_settings")
    present = desk.db.read(actor.merchant_id, lambda tx: read_preference(tx, CheckPreference, box=BOX))
    # Channels that mask are chosen on a page of their own: what this one doesn't show stays as it is.
    chosen, revision = replace(present, **_read(form)), read_number(form.get("revision", ""))
    try:
        desk.db.write(
            actor.merchant_id, lambda tx: choose_checks(tx, actor, chosen=chosen, revision=revision)
        )
    except Refusal as refusal:
        if refusal.kind not in ("invalid", "conflict"):
            raise
        return _page(request, actor, chosen=chosen, revision=revision, refusal=refusal)
    return go(HERE, done="saved")


def _read(form: Form) -> dict[str, Any]:
    """Return what a form chooses; a level that is the check's own is not kept, so that a better default reaches it."""
    levels = {
        code: cast("Setting", level)
        for code, check in loaded_checks().items()
        if (level := form.get(f"level.{code}", "")) in _SETTINGS
        and level != check.level
        and code not in FIXED_CODES
    }
    return {
        "levels": levels, "large_quantity_micro": _number(form, "large_quantity") * MICRO,
        "duplicate_window_hours": _number(form, "duplicate_hours"), "old_days": _number(form, "old_days"),
        "two_persons": tuple(name.removeprefix(_TWO)[:60] for name in form if name.startswith(_TWO)),
        **{name: _items(form.get(name, "")) for name in LISTS},
    }  # fmt: skip


def _items(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item[:80] for item in _BETWEEN.split(text) if item))[:_MOST_ITEMS]


def _number(form: Form, name: str) -> int:
    return min(max(read_number(form.get(name, "") or "0"), 0), _MOST_NUMBER)


def _page(
    request: PageRequest, actor: Actor, *, chosen: CheckPreference, revision: int, refusal: Refusal | None = None
) -> Response[str]:  # fmt: skip
    words = words_of(request, actor)
    rules, may_confirm = desk_of(request).db.read(
        actor.merchant_id, lambda tx: (read_rules(tx)[0], count_confirmers(tx))
    )
    own = [
        {"code": OWN_PREFIX + rule.name, "level": rule.level, "fixed": False, "own": True, "always": False, "two": OWN_PREFIX + rule.name in chosen.two_persons, "says": [rule.message]}
        for rule in rules
    ]  # fmt: skip
    checks = [
        {
            "code": code, "default": check.level, "level": level_in(chosen.levels, check), "fixed": code in FIXED_CODES, "own": False,
            "two": code in chosen.two_persons, "always": code == WATCHED,
            "says": [re.sub(r"\{\w+\}", "…", words.translate(said)) for said in (check.cases.values() or (check.message,))],
        }
        for code, check in loaded_checks().items()
    ]  # fmt: skip
    return show(
        request, "settings/checks.html", habits=_habits(request, actor, chosen), actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        checks=[*checks, *own], may_confirm=may_confirm, locked=bool(chosen.two_persons) and may_confirm < PEOPLE_LEAST, revision=revision, errors={"checks": told(refusal, words)} if refusal else {},
        lists={name: "\n".join(getattr(chosen, name)) for name in LISTS},
        numbers={
            "large_quantity": chosen.large_quantity_micro // MICRO, "duplicate_hours": chosen.duplicate_window_hours,
            "old_days": chosen.old_days,
        },
    )  # fmt: skip


def _habits(request: PageRequest, actor: Actor, chosen: CheckPreference) -> list[Habit]:
    """Return the warnings that warn of nothing any more, but for those whose level was chosen, and those that two look at."""
    desk, checks = desk_of(request), loaded_checks()
    return [
        one for one in desk.db.read(actor.merchant_id, habits)
        if one.code in checks and one.code not in guarded(chosen) and level_in(chosen.levels, checks[one.code]) == "W"
    ]  # fmt: skip


CHECK_LEVELS = [get_check_levels, post_check_levels]
