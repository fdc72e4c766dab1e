"""This browser as a receiver of the alarm: armed by its owner, told by Web Push."""

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.alarm.push import public_key, read_subscription
from tocsin.alarm.recipient import Recipient, add_recipient, find_by_address, list_recipients
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.web.form import read_form
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.people import choices, locale_of, show_recipient
from tocsin.web.shell import go, show, status_of, told, words_of

HERE = "/push"
_WANTS = ("sound", "escalated", "account", "drill")


@get(HERE, sync_to_thread=True)
def get_push(request: PageRequest) -> Response[str]:
    """Show whether this browser is told of the alarm, and the others of one's own."""
    _, actor = enter(request)
    require(actor, "incident")
    return _page(request, actor)


@post(HERE, sync_to_thread=True, status_code=303)
def post_push(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Keep this browser's subscription as one's own; the same one again changes nothing."""
    desk, actor = enter(request)
    form, words = read_form(request, body), words_of(request, actor)
    require(actor, "incident")
    try:
        address = read_subscription(form.get("subscription", ""))

        def add(tx: Tx) -> int:
            known = find_by_address(tx, address.url, operator_id=actor.id)
            return known or add_recipient(
                tx, actor, address, kind="push", name=form.get("name", ""), locale=locale_of({"locale": actor.locale}),
                operator_id=actor.id, wants=_WANTS,
            )  # fmt: skip

        made = desk.db.write(actor.merchant_id, add)
    except Refusal as refusal:
        if refusal.kind != "invalid":
            raise
        return _page(
            request,
            actor,
            errors={"name": told(refusal, words)},
            name=form.get("name", ""),
            status=status_of(refusal),
        )
    return go(f"{HERE}?said=armed#r{made}")


def _page(
    request: PageRequest, actor: Actor, *, errors: dict[str, str] | None = None, name: str = "", status: int = 200
) -> Response[str]:  # fmt: skip
    desk, words = desk_of(request), words_of(request, actor)

    def read(tx: Tx) -> tuple[int, list[Recipient]]:
        return tx.now_us, [one for one in list_recipients(tx, actor) if one.operator_id == actor.id]

    now_us, mine = desk.db.read(actor.merchant_id, read)
    return show(
        request, "alarm/push.html", actor=actor, section="settings", status=status, key=public_key(desk.db.vault),
        rows=[show_recipient(one, {}, words, now_us=now_us) for one in mine], errors=errors or {}, name=name,
        said=request.query_params.get("said", ""), near=_is_secure(desk.settings.base_url()), **choices(words),
    )  # fmt: skip


def _is_secure(address: str) -> bool:
    return address.startswith(("https:", "http://localhost"))


PUSH = [get_push, post_push]
