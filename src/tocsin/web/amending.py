"""Settings → Amending as a page: what each role may amend, and whether paper waits for the platform."""

from typing import Any

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.core.actor import require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.preference import PreferenceMoved
from tocsin.orders.field_right import GROUPS, ROLES, FieldRights, change_field_rights, read_field_rights
from tocsin.orders.platform import PlatformRule, change_platform_rule, read_platform_rule
from tocsin.web.form import Form, FormStale, read_number, read_typed
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of


@get("/settings/amending", sync_to_thread=True)
def get_amending(request: PageRequest) -> Response[str]:
    """Show what each role may amend."""
    desk, actor = enter(request)
    require(actor, "query")
    return _page(request, form=desk.db.read(actor.merchant_id, _form))


@post("/settings/amending", sync_to_thread=True, status_code=303)
def post_amending(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Choose what each role may amend, against the revision that was seen."""
    desk, actor = enter(request)
    form, stale = read_typed(request, body)
    require(actor, "shop_settings")
    locked: dict[str, Any] = {
        role: tuple(group for group in GROUPS if not form.get(f"{role}.{group}")) for role in ROLES
    }
    paper: Any = "wait" if form.get("paper") == "wait" else "use"

    def change(tx: Tx) -> None:
        change_field_rights(tx, actor, FieldRights(**locked), revision=read_number(form.get("revision", "")))
        seen = read_number(form.get("paper_revision", ""))
        change_platform_rule(tx, actor, PlatformRule(paper=paper), revision=seen)

    try:
        if stale:
            raise stale
        desk.db.write(actor.merchant_id, change)
    except (PreferenceMoved, FormStale) as refusal:
        return _page(request, form=form, refusal=refusal)
    return go("/settings/amending", done="saved")


def _form(tx: Tx) -> dict[str, str]:
    (rights, revision), (rule, paper_revision) = read_field_rights(tx), read_platform_rule(tx)
    open_ones = {
        f"{role}.{group}": "1" for role in ROLES for group in GROUPS if group not in getattr(rights, role)
    }
    return {
        **open_ones, "paper": rule.paper, "revision": str(revision), "paper_revision": str(paper_revision)
    }  # fmt: skip


def _page(request: PageRequest, *, form: Form, refusal: Refusal | None = None) -> Response[str]:
    actor = enter(request)[1]
    errors = {"form": told(refusal, words_of(request, actor))} if refusal else {}
    return show(
        request, "settings/amending.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        form=form, errors=errors, groups=GROUPS, roles=ROLES,
    )  # fmt: skip


AMENDING = [get_amending, post_amending]
