"""What each copy of a ticket shows, over the API."""

from typing import Any

from litestar import Response, get, post
from litestar.params import JSONBody, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, enter, read_body
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.preference import preference_revision
from tocsin.tickets.copy_choice import (
    ALWAYS,
    BLOCKS,
    BOX,
    HIDDEN,
    NEVER,
    CopyPreference,
    choose_copies,
    read_copies,
)


class TemplatesIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The blocks that each named copy leaves out, and the revision of the choice that was seen; copies left out stay."""

    hidden: dict[str, list[str]]
    revision: int


class CopyOut(Struct, frozen=True, kw_only=True):
    """A copy: what it leaves out, what it always does, and what it never may."""

    hidden: list[str]
    always: list[str]
    never: list[str]


class TemplatesOut(Struct, frozen=True, kw_only=True):
    """Each copy, the blocks that there are, and the revision of what was chosen."""

    revision: int
    blocks: list[str]
    copies: dict[str, CopyOut]


@get("/templates", sync_to_thread=True)
def get_templates(request: ApiRequest) -> TemplatesOut:
    """Return what each copy of a ticket leaves out."""
    desk, actor = enter(request)
    require(actor, "query")
    return desk.db.read(actor.merchant_id, _show)


@post("/templates", sync_to_thread=True, status_code=200)
def post_templates(
    request: ApiRequest, *, data: JSONBody[TemplatesIn], body: RawBody
) -> Response[TemplatesOut]:
    """Choose what copies leave out; papers that wait are drawn anew when their turn comes."""
    del data
    given = read_body(body, TemplatesIn)

    def run(tx: Tx, actor: Actor) -> TemplatesOut:
        require(actor, "shop_settings")
        named: dict[str, Any] = {copy: tuple(blocks) for copy, blocks in given.hidden.items()}
        chosen = CopyPreference(hidden={**read_copies(tx).hidden, **named})
        choose_copies(tx, actor, chosen=chosen, revision=given.revision)
        return _show(tx)

    return change_once(request, body, run, status=200)


def _show(tx: Tx) -> TemplatesOut:
    chosen = read_copies(tx)
    return TemplatesOut(
        revision=preference_revision(tx, box=BOX), blocks=list(BLOCKS),
        copies={
            copy: CopyOut(
                hidden=list(chosen.of(copy)), always=sorted(ALWAYS.get(copy, ())), never=sorted(NEVER.get(copy, ()))
            )
            for copy in HIDDEN
        },
    )  # fmt: skip


TEMPLATES = [get_templates, post_templates]
