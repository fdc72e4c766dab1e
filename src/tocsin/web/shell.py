"""The shell: what stands around each page, the one way to answer with one, and what was just done.

A page handler ends with `show(request, "orders/query.html", actor=actor, section="orders", …)`.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from litestar import MediaType, Response
from litestar.datastructures import Cookie
from litestar.response import Redirect
from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.tenant import get_shop
from tocsin.tickets.first_hour import far_of
from tocsin.tickets.radar import count_badge
from tocsin.tickets.shift_state import Shift, waiting_shift
from tocsin.web.banner import Alarm, read_alarm, show_alarm
from tocsin.web.browser import show_browser
from tocsin.web.errors import STATUS_OF
from tocsin.web.guard import LOCALE_COOKIE, PageRequest, desk_of, form_token, locale_of, theme_of, wants_part
from tocsin.web.page import render
from tocsin.web.said import read_queues, read_refused, read_undo, say_given, say_refused
from tocsin.web.say import say
from tocsin.web.seat import Seat, read_seat, show_seat
from tocsin.web.words import Words

_COOKIE_SECONDS = 400 * 24 * 3600
# What a redirect may say was done: the address carries the code alone, never a text.
DONE = {
    "amended": "Amended", "issued": "Issued", "cancelled": "Cancelled", "held": "The order was held", "released": "Released",
    "released_held": "Released, but something else still holds it", "acknowledged_held": "Acknowledged, but something else still holds it",
    "released_watched": "Released; its print asks for a second person", "acknowledged_watched": "Acknowledged; its print asks for a second person",
    "held_waits": "Held: it prints by itself once it is released or acknowledged", "held_mend": "Not printed: look at what stops it, then print it again", "revised": "Revised", "asked_again": "Asked for again", "revised_held": "Revised, but something else holds it", "revised_watched": "Revised; its print asks for a second person",
    "acknowledged": "Acknowledged", "acknowledged_some": "Acknowledged, but for those that have changed meanwhile", "signed": "Acknowledged once: what asks for two persons waits for the second", "saved": "Saved", "screen_saved": "Screen saved", "dropped": "Removed", "settled": "Answered", "handed_over": "Handed over: recorded",
    "ended": "Session ended", "password": "Password changed; your other sessions have ended",
    "created": "Created", "tested": "The keys fit; the platform's first call shows the rest", "printed": "Given to the print terminal", "marked": "Marked", "retrieved": "Taken out of the archive", "revoked": "Key revoked",
    "silenced": "Silenced: the light stays", "taken": "You have it: nobody else is called", "cleared": "Cleared: it is over",
    "posture": "The posture has been set", "passkey_added": "Passkey added; your other sessions have ended",
    "passkey_revoked": "Passkey revoked; your other sessions have ended",
    "enrolled": "This browser is an enrolled desk now", "desk_revoked": "The desk is revoked: its sessions have ended", "wall_revoked": "The link is revoked: its screen goes dark",
    "suspended": "Switched off: all sessions have ended", "restored": "Switched on", "phone_lost": "The phone opens nothing any more",
    "left": "Has left: what was ended is listed below", "locked_all": "Everything is locked: what was done is listed below",
    "webhook_sent": "Given to the webhook: its row says what came of it",
    "start_hidden": "Put away: it is found again in the settings", "shift_begun": "The shift has begun", "shift_offered": "Signed: it waits for the one who takes over", "shift_returned": "Taken back: the shift goes on",
    "shift_taken": "Both have signed: the shift is handed over", "asked": "Asked: somebody else confirms it", "confirmed": "Confirmed: it is open for half an hour",
    "undone": "Taken back", "undone_held": "Taken back, but something holds it", "undone_watched": "Taken back; its print asks for a second person", "pin": "The PIN is set; your sessions elsewhere have ended", "pin_dropped": "The PIN is removed",
    "station_revoked": "The station is revoked: its requests are refused", "finger_deleted": "The finger is deleted; the sessions elsewhere have ended",
}  # fmt: skip

_WARN = ("_held", "_watched", "_waits", "_mend")
_NOBODY = {"desk": "the desk", "console": "the console"}


class Around(Struct, frozen=True):
    """What the shell shows of the desk: the shop, how many orders are held and how many need somebody, and how the alarm stands."""

    shop_name: str
    zone: str
    held_count: int
    problem_count: int
    alarm: Alarm
    seat: Seat
    shift_waits: Shift | None


def around(tx: Tx, reader: Actor) -> Around:
    """Return what the shell shows to a reader, in an open transaction."""
    shop = get_shop(tx)
    alarm = read_alarm(tx, zone=shop.zone, readers=frozenset({reader.id}))
    badge, seat = count_badge(tx), read_seat(tx, reader)
    return Around(shop.name, shop.zone, *badge, alarm, seat, waiting_shift(tx, reader))


def nothing_around(tx: Tx, _: Actor) -> Around:
    """Return what stands around a page of which its regions alone are shown."""
    shop = get_shop(tx)
    calm = Alarm("calm", 0, 0, tx.now_us, shop.zone)
    return Around(shop.name, shop.zone, 0, 0, calm, Seat("", 0, []), None)


def make_shell(
    request: PageRequest,
    actor: Actor,
    *,
    section: str,
    query: str = "",
    toasts: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """Return the `shell` that `base.html` needs."""
    part = wants_part(request)
    look = nothing_around if part else around
    db = desk_of(request).db
    seen, queues, undo, refused, far = db.read(
        actor.merchant_id,
        lambda tx: (
            look(tx, actor),
            read_queues(tx, request),
            read_undo(tx, actor, request),
            read_refused(tx, actor, request),
            None if part else far_of(tx, db, actor),
        ),
    )
    code = request.query_params.get("done", "")
    words, said = Words(locale_of(request, actor)), DONE.get(code, "")
    kind = "warn" if code.endswith(_WARN) else "ok"
    text = say_given(request, words, done=words.translate(said), queues=queues) if said else ""
    told = [*([{"kind": kind, "text": text, "undo": undo}] if text else []), *say_refused(refused, words)]
    return {
        "path": request.url.path, "section": section, "shop_name": seen.shop_name, "zone": seen.zone,
        "theme": theme_of(request), "csrf_token": form_token(request), "alarm": show_alarm(seen.alarm, words, reader_id=actor.id),
        "held_count": seen.held_count, "problem_count": seen.problem_count, "operator": {"id": str(actor.id), "name": actor.name, "role": actor.role},
        "seat": show_seat(seen.seat, words), "shift_waits": {"id": seen.shift_waits.id, "name": seen.shift_waits.operator_name} if seen.shift_waits else None, "rights": actor.rights, "query": query, "toasts": [*told, *(toasts or [])],
        "seen": getattr(request.state, "seen", 0) or "", "browser": show_browser(request), "part": part, "first_hour": far,
    }  # fmt: skip


def show(
    request: PageRequest, template: str, *, actor: Actor, section: str, status: int = 200, query: str = "",
    toasts: list[dict[str, str]] | None = None, **context: Any,
) -> Response[str]:  # fmt: skip
    """Answer with a page of the signed-in shell, in the operator's language."""
    shell = make_shell(request, actor, section=section, query=query, toasts=toasts)
    return answer(render(template, locale=locale_of(request, actor), shell=shell, **context), status=status)


def show_door(request: PageRequest, template: str, *, status: int = 200, **context: Any) -> Response[str]:
    """Answer with a page for who is not signed in; a language that was asked for is kept."""
    shell = {
        "path": request.url.path,
        "csrf_token": form_token(request),
        "theme": theme_of(request),
        "browser": show_browser(request),
    }
    made = answer(render(template, locale=locale_of(request), shell=shell, **context), status=status)
    if request.query_params.get("locale"):
        made.cookies.append(locale_cookie(locale_of(request)))
    return made


def answer(html: str, *, status: int = 200) -> Response[str]:
    """Answer with HTML."""
    return Response(html, status_code=status, media_type=MediaType.HTML)


def go(address: str, *, done: str = "", cookies: list[Cookie] | None = None) -> Redirect:
    """Lead to a page after a change, which then says what was done."""
    path, _, place = address.partition("#")
    joined = f"{path}{'&' if '?' in path else '?'}done={done}" if done else path
    return Redirect(joined + (f"#{place}" if place else ""), status_code=303, cookies=cookies or [])


def own_address(wanted: str, otherwise: str = "/orders") -> str:
    """Return an address of this desk, or another where the wanted one leads elsewhere."""
    plain = wanted.isprintable() and wanted.isascii() and "\\" not in wanted and not wanted.startswith("//")
    return wanted if plain and wanted.startswith("/") else otherwise


def back_of(request: PageRequest, form: Mapping[str, str], otherwise: str) -> str:
    """Return where a form was pressed: its own word, or the page that the browser names."""
    came = urlsplit(request.headers.get("referer", ""))
    there = came.path if came.netloc == request.headers.get("host", "") else ""
    return own_address(form.get("back", "") or there, otherwise)


def locale_cookie(locale: str) -> Cookie:
    """Return the cookie that keeps a language."""
    return Cookie(LOCALE_COOKIE, value=locale, path="/", samesite="lax", max_age=_COOKIE_SECONDS)


def theme_cookie(name: str, theme: str) -> Cookie:
    """Return the cookie that keeps light or dark; the page's script reads it too."""
    return Cookie(name, value=theme, path="/", samesite="lax", max_age=_COOKIE_SECONDS)


def words_of(request: PageRequest, actor: Actor | None = None) -> Words:
    """Return the words of the reader's language."""
    return Words(locale_of(request, actor))


def show_actor(name: str, words: Words) -> str:
    """Return who acted, as pages show him; what nobody asked for was the desk."""
    return words.translate(_NOBODY[name]) if name in _NOBODY else name


def told(refusal: Refusal, words: Words) -> str:
    """Return what a refusal says, in the reader's language."""
    return say(refusal.template(), refusal.data, words)


def status_of(refusal: Refusal) -> int:
    """Return the status that a refusal is answered with."""
    return STATUS_OF[refusal.kind]
