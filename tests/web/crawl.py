"""Follows every link of the desk's pages: an address for each route that a page leads to."""

import re
from html import unescape

from tests.web.pages import Pages

_LINK = re.compile(r'(?:href|src|data-picture)="(/[^"#]*)')
_LEFT = re.compile(r"/(static|events|sign-out|t)\b|/file$|\.(csv|png|webmanifest)|/sw\.js")
SAMPLES = 1


def route_of(pages: Pages, address: str) -> str:
    """Return the route that an address is of, or nothing."""
    path = address.partition("?")[0]
    found = [
        route.path
        for route in pages.client.app.routes
        if "GET" in getattr(route, "methods", ())
        and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", route.path), path)
    ]
    return min(found, key=lambda path: path.count("{"), default="")


def crawl(pages: Pages, *, role: str = "owner") -> dict[str, list[str]]:
    """Return addresses by route, at most so many of each, all of which a page answered to with 200.

    Raises:
        AssertionError: a page leads to one that is missing or fails.
    """
    found = dict[str, list[str]]()
    waiting, seen = ["/orders", "/settings", "/"], set[str]()
    while waiting:
        address = waiting.pop(0)
        route = route_of(pages, address)
        if address in seen or not route or len(found.get(route, ())) >= SAMPLES:
            continue
        seen.add(address)
        answer = pages.get(address, role=role)
        assert answer.status_code < 400, (address, answer.status_code)
        if answer.status_code in (302, 303):
            waiting.append(answer.headers["location"].partition("#")[0])
            continue
        found.setdefault(route, []).append(address)
        links = [unescape(link) for link in _LINK.findall(answer.text)]
        waiting += [link for link in links if not _LEFT.search(link) and not link.startswith("//")]
    return found
