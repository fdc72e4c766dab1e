"""What stands beside an order and its forms: who edits it, what is locked, what its platform was asked, what can be undone."""

from typing import Any

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.orders.campaign import running_campaigns
from tocsin.orders.draft import Order
from tocsin.orders.editing import Editor, who_edits
from tocsin.orders.field_right import group_of, locked_groups
from tocsin.orders.platform import PLATFORMS, list_requests
from tocsin.orders.stop import open_holds
from tocsin.web.shell import show_actor
from tocsin.web.words import Words

Shown = dict[str, Any]


def read_beside(tx: Tx, actor: Actor, order: Order, *, words: Words) -> Shown:
    """Return what an order's page shows beside the order."""
    asked = list_requests(tx, order_id=order.id)
    return {
        "editing": show_editor(actor, who_edits(tx, order_id=order.id), form=False),
        "requests": [
            {
                "id": one.id, "part": one.part, "state": one.state, "revision": one.revision, "at_us": one.at_us, "by": show_actor(one.by_name, words),
                "ended_at_us": one.ended_at_us, "ended_by": show_actor(one.ended_by, words) if one.ended_by else "", "reason": one.reason,
            }
            for one in asked
        ],
        "on_platform": order.channel in PLATFORMS,
        "in_conflict": any(hold.kind == "conflict" for hold in open_holds(tx, order_id=order.id)),
    }  # fmt: skip


def read_form_around(
    tx: Tx, actor: Actor, *, order_id: int, token: str = "", opened: tuple[Editor, bool] | None = None
) -> Shown:
    """Return what a form of an order shows beside it: what is locked for its reader, and who else edits it."""
    editor, own = opened or (who_edits(tx, order_id=order_id), False)
    token = editor.token if own and editor else token
    return {
        "locked": locked_groups(tx, actor), "group_of": group_of, "campaigns": running_campaigns(tx, actor),
        "editing": show_editor(actor, editor, token=token),
    }  # fmt: skip


def show_editor(actor: Actor, editor: Editor | None, *, token: str = "", form: bool = True) -> Shown:
    """Return who edits an order as pages show it: nothing of a form that is the reader's own, nor beside the order of himself."""
    own = editor is not None and (editor.token == token or (not form and editor.operator_id == actor.id))
    return {
        "name": "" if editor is None or own else editor.name, "since_us": editor.since_us if editor else 0, "token": token,
        "lost": bool(token) and not own and editor is not None, "form": form,
        "myself": editor is not None and not own and editor.operator_id == actor.id,
    }  # fmt: skip
