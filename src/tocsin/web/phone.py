"""Box 3, the phone client: the same desk, as an app that can be installed: its manifest, icons, worker and offline page.

The worker keeps the offline page and what that page needs, nothing else: no page of an order is ever kept.
Source: W3C Web Application Manifest; W3C Service Workers.
"""

import hashlib
import json
import re
from functools import cache

from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from tocsin.web.assets import STATIC
from tocsin.web.guard import PageRequest, locale_of
from tocsin.web.icon import draw_icon
from tocsin.web.page import render
from tocsin.web.words import LOCALES, Words

ICONS = {"192": False, "512": False, "maskable": True}
_SHORTCUTS = [("Orders", "/orders"), ("Problems", "/problems"), ("Scan", "/scan"), ("Alarm", "/alarm")]
_PART = re.compile(r'(?:href|src)="(/static/[^"]+)"')


@get("/manifest.webmanifest", sync_to_thread=True, media_type="application/manifest+json")
def get_manifest(request: PageRequest) -> Response[dict[str, object]]:
    """Describe the desk as an app that can be installed."""
    locale = locale_of(request)
    words = Words(locale)
    icons = [
        {"src": f"/icons/{name}.png", "sizes": f"{_size(name)}x{_size(name)}", "type": "image/png",
         "purpose": "maskable" if padded else "any"} for name, padded in ICONS.items()
    ]  # fmt: skip
    manifest: dict[str, object] = {
        "id": "/", "start_url": "/orders", "scope": "/", "display": "standalone", "background_color": "#ffffff",
        "theme_color": "#1d2430", "name": words.translate("Tocsin order desk"), "short_name": "Tocsin",
        "lang": locale.replace("_", "-"), "icons": icons,
        "shortcuts": [{"name": words.translate(word), "url": url} for word, url in _SHORTCUTS],
    }  # fmt: skip
    return Response(manifest, media_type="application/manifest+json")


@get("/icons/{file:str}", sync_to_thread=True)
def get_icon(file: FromPath[str]) -> Response[bytes]:
    """Return an icon of the app."""
    name, _, kind = file.partition(".")
    if name not in ICONS or kind != "png":
        raise NotFoundException
    return Response(draw_icon(_size(name), padded=ICONS[name]), media_type="image/png")


@get("/offline/{locale:str}", sync_to_thread=True)
def get_offline(locale: FromPath[str]) -> Response[str]:
    """Return the page that the worker shows where the desk can't be reached."""
    if locale not in LOCALES:
        raise NotFoundException
    return Response(render("phone/offline.html", locale=locale), media_type=MediaType.HTML)


@get("/sw.js", sync_to_thread=True)
def get_worker() -> Response[bytes]:
    """Return the service worker; it stands at the root, so that its scope is the whole desk."""
    return Response(worker_text().encode(), media_type="text/javascript; charset=utf-8")


@cache
def worker_text() -> str:
    """Return the worker, which knows what it keeps, and under which name: a digest of that: addresses name their content."""
    pages = {f"/offline/{locale}": render("phone/offline.html", locale=locale) for locale in LOCALES}
    parts = sorted({part for page in pages.values() for part in _PART.findall(page)})
    text = (STATIC / "worker" / "sw.js").read_text("utf-8")
    digest = hashlib.sha256("".join([text, *pages.values()]).encode())
    kept = json.dumps([*pages, *parts])
    return f'const KEPT = "shell-{digest.hexdigest()[:16]}";\nconst SHELL = {kept};\n{text}'


def _size(name: str) -> int:
    return int(name) if name.isdigit() else 512


PHONE = [get_manifest, get_icon, get_offline, get_worker]
