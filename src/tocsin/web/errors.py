"""Error pages: a refusal becomes a page that names the place and the cure, in the reader's language."""

from http import HTTPStatus
from urllib.parse import quote, urlencode

from litestar import MediaType, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from tocsin.access.step_up import ProofNeeded
from tocsin.body import STATUS_OF_BODY
from tocsin.core.errors import DatabaseBusy, Kind, Outage, OutcomeUnknown, Refusal
from tocsin.core.log import get_log
from tocsin.gate import NotSignedIn, SessionLocked, TooManyTries
from tocsin.orders.second_person import SecondPersonNeeded
from tocsin.waiting import TooBusy
from tocsin.web.guard import PageRequest, came_from, form_token, locale_of, theme_of
from tocsin.web.page import render
from tocsin.web.say import say
from tocsin.web.words import Words

STATUS_OF: dict[Kind, int] = {
    "missing": 404, "refused": 403, "conflict": 409, "locked": 423, "invalid": 422, "broken": 500
}  # fmt: skip
_TITLES: dict[int, str] = {
    404: "Not found", 403: "Not allowed", 409: "Not possible as it stands", 423: "Not now", 429: "Not now",
    422: "Something is wrong with what was sent", 400: "Something is wrong with what was sent", 405: "Not possible here",
    413: "Too large", 408: "Not now", 503: "Not now", 415: "Something is wrong with what was sent", 500: "The desk is at fault", 421: "Unknown name",
}  # fmt: skip
_FASTER = frozenset(
    {
        "order_moved",
        "preference_moved",
        "campaign_moved",
        "incident_silenced",
        "incident_acknowledged",
        "posture_same",
        "ask_over",
    }
)
EVENTS = "text/event-stream"
FASTER = "Somebody was faster"
_DOORS: dict[type[Refusal], str] = {NotSignedIn: "/sign-in", SessionLocked: "/lock", ProofNeeded: "/prove"}
_log = get_log("web")


def refusal_page(request: PageRequest, refusal: Refusal) -> Response[str] | Redirect:
    """Show a refusal; who is not signed in is led to the sign-in and back again."""
    if isinstance(refusal, NotSignedIn | SessionLocked) and request.headers.get("accept") == EVENTS:
        # A page that listens on is told by its next step, not by a sign-in that it can't read. Source: WHATWG HTML, 204 ends a line.
        return Response("", status_code=204)
    if isinstance(refusal, SessionLocked | ProofNeeded) and request.headers.get("hx-request") == "true":
        door = f"{_DOORS[type(refusal)]}?next={quote(came_from(request))}"
        return Response("", status_code=401, headers={"hx-redirect": door}, media_type=MediaType.HTML)
    door = _DOORS.get(type(refusal), "") if request.headers.get("hx-request") != "true" else ""
    if door:
        return Redirect(f"{door}?next={quote(_own_path(request))}", status_code=303)
    if isinstance(refusal, SecondPersonNeeded):
        asked = {"order": refusal.data["number"], "act": refusal.data["act"]}
        return Redirect(f"/second-person?{urlencode(asked)}", status_code=303)
    words = Words(locale_of(request))
    own = STATUS_OF_BODY.get(type(refusal), STATUS_OF[refusal.kind])
    status = 429 if isinstance(refusal, TooManyTries) else 503 if isinstance(refusal, TooBusy) else own
    message = say(refusal.template(), refusal.data, words)
    text, _, cure = message.partition(": ") if ": " in message else message.partition("：")
    return _page(request, status=status, code=refusal.code, text=text, cure=cure)


def fault_page(request: PageRequest, fault: Exception) -> Response[str]:
    """Show what is not a refusal: an address that leads nowhere, or a fault, which is logged."""
    words = Words(locale_of(request))
    if isinstance(fault, HTTPException) and fault.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        text = (
            words.translate("There is nothing at this address")
            if fault.status_code == 404
            else str(fault.detail)
        )
        return _page(request, status=fault.status_code, code=f"http_{fault.status_code}", text=text, cure="")
    if isinstance(fault, Outage):
        return _outage_page(request, fault, words)
    _log.error("page_failed", path=request.url.path, exc_info=fault)
    text, cure = (
        words.translate("The desk made a mistake; nothing was changed"),
        words.translate("Try again; if it stays, tell who runs the desk the line below"),
    )
    return _page(request, status=500, code="broken", text=text, cure=cure)


def _outage_page(request: PageRequest, fault: Outage, words: Words) -> Response[str]:
    _log.error("database_lost", code=fault.code, path=request.url.path, exc_info=fault.__cause__)
    if not isinstance(fault, OutcomeUnknown):
        text = (
            words.translate("Others keep for too long what this change needs; nothing was changed")
            if isinstance(fault, DatabaseBusy)
            else words.translate("The database is not reached at the moment; nothing was changed")
        )
        return _page(
            request, status=503, code=fault.code, text=text, cure=words.translate("Try again in a moment")
        )
    text = words.translate(
        "The database was lost while the change was being saved: it may have been made or not"
    )
    cure = words.translate("Look whether it was made before you do it again")
    return _page(request, status=500, code=fault.code, text=text, cure=cure)


def _page(request: PageRequest, *, status: int, code: str, text: str, cure: str) -> Response[str]:
    locale = locale_of(request)
    title = FASTER if code in _FASTER else _TITLES.get(status, "Not possible here")
    html = render(
        "error.html", locale=locale, status=status, title=Words(locale).translate(title),
        text=text, cure=cure, code=code, request_id=str(request.scope.get("state", {}).get("request_id", "")),
        back_url=_back_of(request),
        shell={"path": request.url.path, "csrf_token": form_token(request), "theme": theme_of(request)},
    )  # fmt: skip
    headers = {"retry-after": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return Response(html, status_code=status, headers=headers, media_type=MediaType.HTML)


def _back_of(request: PageRequest) -> str:
    """Return the page that a form was sent from; of an address that was opened, the orders."""
    came = came_from(request) if request.method == "POST" else ""
    return came or ("/orders" if request.url.path != "/orders" else "/")


def _own_path(request: PageRequest) -> str:
    """Return where to go on after the sign-in: a path that takes forms alone can't be opened, its page can."""
    if request.method not in ("GET", "HEAD"):
        return came_from(request) or "/"
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")
