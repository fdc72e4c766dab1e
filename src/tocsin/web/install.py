"""The plain page beside HTTPS: phones install the local authority from it; all else is led to HTTPS.

It is plain because a phone that does not know the authority yet could read nothing else. What it
hands out is public; people compare the fingerprint with the one that the desk shows them.
"""

import plistlib
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives import serialization
from litestar import Litestar, MediaType, Request, Response, get
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from tocsin.lan.authority import fingerprint_of
from tocsin.lan.certificate import read_authority, source_of
from tocsin.settings import Settings
from tocsin.web.assets import get_static
from tocsin.web.guard import LOCALE_COOKIE
from tocsin.web.headers import HEADERS
from tocsin.web.page import render
from tocsin.web.words import choose_locale

AUTHORITY_PATH, PROFILE_PATH = "/tocsin-authority.crt", "/tocsin-authority.mobileconfig"


def build_install_app(settings: Settings) -> Litestar:
    """Return the application of the plain port."""
    handlers: list[Any] = []
    if source_of(settings) == "local":
        handlers = [get_static, *_install_handlers(settings)]
    return Litestar(
        route_handlers=handlers, exception_handlers={HTTPException: _leads_to(settings.base_url())}, openapi_config=None,
        logging_config=None, request_max_body_size=1024, response_headers=HEADERS,
    )  # fmt: skip


def _leads_to(base: str) -> Callable[[Request[Any, Any, Any], HTTPException], Redirect]:
    def lead(request: Request[Any, Any, Any], _: HTTPException) -> Redirect:
        """Lead to the same place over HTTPS; never to another host, whatever was asked for."""
        query = request.scope["query_string"].decode("latin-1")
        path = quote(request.url.path.lstrip("/")) + (f"?{query}" if query else "")
        return Redirect(f"{base}/{path}", status_code=307)

    return lead


def _install_handlers(settings: Settings) -> list[Any]:
    authority = read_authority(settings)
    der = authority.public_bytes(serialization.Encoding.DER)
    profile = make_profile(der, name=settings.lan)
    kept = {"cache-control": "no-store"}

    @get("/", sync_to_thread=False)
    def show(request: Request[Any, Any, Any]) -> Response[str]:
        """Say how a phone learns to trust this desk."""
        html = render(
            "lan/install.html", locale=_locale_of(request, settings), fingerprint=fingerprint_of(authority),
            name=settings.lan, base=settings.base_url(), authority_path=AUTHORITY_PATH, profile_path=PROFILE_PATH,
            code=qr_picture(settings.base_url()), shell={"path": "/", "csrf_token": "", "theme": "auto"},
        )  # fmt: skip
        return Response(html, media_type=MediaType.HTML, headers=kept)

    @get(AUTHORITY_PATH, sync_to_thread=False)
    def give_authority() -> Response[bytes]:
        """Give the authority's certificate (DER), as Android, Windows and macOS take it."""
        return Response(der, media_type="application/x-x509-ca-cert", headers=kept)

    @get(PROFILE_PATH, sync_to_thread=False)
    def give_profile() -> Response[bytes]:
        """Give the authority's certificate as a profile for iPhones and iPads."""
        return Response(profile, media_type="application/x-apple-aspen-config", headers=kept)

    return [show, give_authority, give_profile]


def make_profile(der: bytes, *, name: str) -> bytes:
    """Return a configuration profile that holds one certificate; the same certificate makes the same profile.

    Source: Apple, Configuration Profile Reference (com.apple.security.root).
    """
    known = uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}/{der.hex()}")
    inner = {
        "PayloadType": "com.apple.security.root", "PayloadVersion": 1, "PayloadIdentifier": f"tocsin.{name}.authority",
        "PayloadUUID": str(uuid.uuid5(known, "authority")), "PayloadDisplayName": f"Tocsin desk {name}",
        "PayloadContent": der,
    }  # fmt: skip
    return plistlib.dumps({
        "PayloadType": "Configuration", "PayloadVersion": 1, "PayloadIdentifier": f"tocsin.{name}",
        "PayloadUUID": str(known), "PayloadDisplayName": f"Tocsin desk {name}", "PayloadContent": [inner],
    })  # fmt: skip


def qr_picture(text: str) -> str:
    """Return a QR code as an address that an img takes."""
    import segno

    return segno.make(text, error="m").svg_data_uri(scale=5, border=2)


def _locale_of(request: Request[Any, Any, Any], settings: Settings) -> str:
    wanted = (request.query_params.get("locale", ""), request.cookies.get(LOCALE_COOKIE, ""))
    accepted = request.headers.get("accept-language", "")
    return choose_locale(wanted, accepted=accepted, otherwise=settings.locale)
