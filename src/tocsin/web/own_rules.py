"""Box 17's own check rules as a page of the settings: a name, a level, a query and what to say."""

from typing import Any, cast

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.errors import Refusal
from tocsin.tickets.check_choice import choose_rules
from tocsin.tickets.own_rule import OwnRule, read_rules
from tocsin.tickets.rule import Level
from tocsin.web.form import Form, read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of

_PARTS = ("name", "level", "query", "message")
_ROWS_MOST = 21


@get("/settings/own-rules", sync_to_thread=True)
def get_own_rules(request: PageRequest) -> Response[str]:
    """Show the merchant's own rules, and room for one more."""
    desk, actor = enter(request)
    require(actor, "shop_settings")
    rules, revision = desk.db.read(actor.merchant_id, read_rules)
    rows = [{name: getattr(rule, name) for name in _PARTS} for rule in rules]
    return _page(request, actor, rows=rows, revision=revision)


@post("/settings/own-rules", sync_to_thread=True, status_code=303)
def post_own_rules(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Store the rules; a row without a name is left out."""
    desk, actor = enter(request)
    form = read_form(request, body)
    require(actor, "shop_settings")
    rows, revision = _rows(form), read_number(form.get("revision", ""))
    rules = tuple(
        OwnRule(name=row["name"], level=_level(row["level"]), query=row["query"], message=row["message"]) for row in rows
    )  # fmt: skip
    try:
        desk.db.write(actor.merchant_id, lambda tx: choose_rules(tx, actor, rules=rules, revision=revision))
    except Refusal as refusal:
        if refusal.kind not in ("invalid", "conflict"):
            raise
        return _page(request, actor, rows=rows, revision=revision, refusal=refusal)
    return go("/settings/own-rules", done="saved")


def _rows(form: Form) -> list[dict[str, str]]:
    rows = [
        {part: form.get(f"{part}.{row}", "").strip()[:500] for part in _PARTS} for row in range(_ROWS_MOST)
    ]
    return [row for row in rows if row["name"] or row["query"] or row["message"]]


def _level(text: str) -> Level:
    return cast("Level", text) if text in ("E", "W", "I") else "W"


def _page(
    request: PageRequest, actor: Actor, *, rows: list[dict[str, str]], revision: int, refusal: Refusal | None = None
) -> Response[str]:  # fmt: skip
    words = words_of(request, actor)
    empty: dict[str, Any] = {"name": "", "level": "W", "query": "", "message": ""}
    return show(
        request, "settings/own_rules.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        rows=[*rows, empty][:_ROWS_MOST], revision=revision, errors={"rules": told(refusal, words)} if refusal else {},
    )  # fmt: skip


OWN_RULES = [get_own_rules, post_own_rules]
