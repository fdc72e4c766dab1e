"""The place of a reader who wants the page otherwise: in another language, light or dark, or with why something was refused."""

import re
from functools import cache
from urllib.parse import parse_qsl, urlencode

from tocsin.web.form import Form
from tocsin.web.guard import PageRequest, came_from
from tocsin.web.shell import own_address

_NOT_KEPT = frozenset({"locale", "done", "given", "at", "undo", "refused"})


def same_place(request: PageRequest, form: Form) -> str:
    """Return the page that a form was pressed on, with what it was asked; not its language, nor what was just done.

    Where that was the answer to a form, such as its mistakes, the page that the form stands on.
    """
    back = own_address(form.get("back", ""))
    path, _, query = came_from(request).partition("?")
    if path != back:
        return _page_at(request, back)
    kept = [
        (name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in _NOT_KEPT
    ]
    place = _page_at(request, back)
    return f"{place}?{urlencode(kept)}" if kept and place == back else place


def _page_at(request: PageRequest, address: str) -> str:
    """Return the address, or the nearest one above it that can be opened."""
    shown = _compiled(frozenset(r.path for r in request.app.routes if "GET" in getattr(r, "methods", ())))
    path, mark, query = address.partition("?")
    if shown.fullmatch(path):
        return path + mark + query
    while path := path.rpartition("/")[0]:
        if shown.fullmatch(path):
            return path
    return "/"


@cache
def _compiled(paths: frozenset[str]) -> re.Pattern[str]:
    """Return what is matched by the addresses of some routes; their places hold anything but a slash."""
    return re.compile("|".join(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(one)) for one in sorted(paths)))
