"""Errors of the API: a refusal becomes a problem document.

Source: RFC 9457 (application/problem+json); RFC 6585 (429); RFC 4918 (423).
"""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from tocsin.api.health import DatabaseReadOnly, Draining, SchemaBehind
from tocsin.body import STATUS_OF_BODY
from tocsin.core.errors import DatabaseAway, DatabaseBusy, Kind, Outage, OutcomeUnknown, Refusal
from tocsin.core.log import get_log
from tocsin.gate import NotSignedIn, SessionLocked, TooManyTries
from tocsin.orders.hook import SignatureWrong
from tocsin.orders.receive import HookPaused, TooManyWrong
from tocsin.waiting import TooBusy

MEDIA_TYPE = "application/problem+json"
STATUS_OF: dict[Kind, int] = {
    "missing": 404, "refused": 403, "conflict": 409, "locked": 423, "invalid": 422, "broken": 500
}  # fmt: skip
_OF_CLASS: dict[type[Refusal], int] = {
    NotSignedIn: 401, SessionLocked: 401, TooManyTries: 429, SignatureWrong: 401, TooManyWrong: 429, HookPaused: 503,
    TooBusy: 503, Draining: 503, DatabaseReadOnly: 503, SchemaBehind: 503,
    **STATUS_OF_BODY,
}  # fmt: skip
_RESERVED = frozenset({"type", "title", "status", "detail", "code", "request_id"})
# The framework reads a body before the route does, and lets these through as they are.
_OF_BODY: dict[type[Exception], str] = {
    RecursionError: "The JSON is nested too deeply", UnicodeDecodeError: "The body is not UTF-8"
}  # fmt: skip
# A program that repeats by itself what was answered with 503 repeats nothing that may have been done.
_OF_OUTAGE: dict[type[Outage], tuple[int, str]] = {
    DatabaseAway: (503, "The database is not reached at the moment; nothing was changed: send it again in a moment"),
    DatabaseBusy: (503, "Others keep for too long what this change needs; nothing was changed: send it again in a moment"),
    OutcomeUnknown: (500, "The database was lost while the change was being saved: look whether it was made, or send it again"
                          " with the same Idempotency-Key or external id, which never makes it twice"),
}  # fmt: skip
_log = get_log("api")


def refusal_problem(request: Request[Any, Any, Any], refusal: Refusal, **more: Any) -> Response[bytes]:
    """Return a refusal as a problem: its data are members beside the standard ones."""
    status = _OF_CLASS.get(type(refusal), STATUS_OF[refusal.kind])
    headers = (
        {"retry-after": str(refusal.data.get("retry_after_seconds", 1))} if refusal.kind == "locked" else {}
    )
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = 'Bearer realm="tocsin"'
    if refusal.kind == "broken":
        _log.error("installation_at_fault", code=refusal.code, path=request.url.path)
    data = {name: value for name, value in refusal.data.items() if name not in _RESERVED} | more
    return _problem(
        request, status=status, code=refusal.code, detail=refusal.message(), data=data, headers=headers
    )


def fault_problem(request: Request[Any, Any, Any], fault: Exception) -> Response[bytes]:
    """Return what is no refusal: a request that no route takes, or a fault, which is logged and not told."""
    if isinstance(fault, HTTPException) and fault.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        data = {"problems": fault.extra} if isinstance(fault.extra, list) else {}
        return _problem(
            request, status=fault.status_code, code=f"http_{fault.status_code}", detail=str(fault.detail)[:500], data=data,
            headers={name: value for name, value in (fault.headers or {}).items() if name.lower() == "allow"},
        )  # fmt: skip
    if isinstance(fault, Outage):
        status, detail = next(said for kind, said in _OF_OUTAGE.items() if isinstance(fault, kind))
        _log.error("database_lost", code=fault.code, path=request.url.path, exc_info=fault.__cause__)
        headers = {"retry-after": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
        return _problem(request, status=status, code=fault.code, detail=detail, data={}, headers=headers)
    for kind, detail in _OF_BODY.items():
        if isinstance(fault, kind):
            return _problem(request, status=400, code="http_400", detail=detail, data={}, headers={})
    _log.error("request_failed", path=request.url.path, exc_info=fault)
    return _problem(
        request,
        status=500,
        code="broken",
        detail="The desk made a mistake; nothing was changed",
        data={},
        headers={},
    )


def _problem(
    request: Request[Any, Any, Any],
    *,
    status: int,
    code: str,
    detail: str,
    data: dict[str, Any],
    headers: dict[str, str],
) -> Response[bytes]:
    document = {
        "type": f"urn:tocsin:problem:{code}", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
        "code": code, "request_id": str(request.scope.get("state", {}).get("request_id", "")), **data,
    }  # fmt: skip
    body = msgspec.json.encode(document, enc_hook=str)
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)
