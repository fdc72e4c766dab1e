"""Style as a page: every component of the pages in each of its states, for whoever is signed in."""

from typing import Any

from litestar import Response, get

from tocsin.core.clock import now_us
from tocsin.web.guard import PageRequest, enter
from tocsin.web.picture_words import Column, Picture
from tocsin.web.shell import show

_HOURS = tuple(f"{hour:02}:00" for hour in range(8, 20))
_TONES = ("s0", "s1", "s2", "s3", "s4", "s5", "ok", "warn", "bad", "info", "none")
SHOWN: dict[str, Any] = {
    "tones": Picture("tones", "", _HOURS, tuple(Column(tone, tone, tuple(range(1, 13))) for tone in _TONES)),
    "printers": Picture("printers", "", ("A", "B"), (Column("ok", "ok", (9, 4)), Column("bad", "bad", (0, 2)))),
    "nothing": Picture("nothing", "", (), ()),
    "counts": [{"name": hour, "orders": at * at} for at, hour in enumerate(_HOURS)],
}  # fmt: skip


@get("/style", sync_to_thread=True)
def get_style(request: PageRequest) -> Response[str]:
    """Show the components; what stands there is made up."""
    _, actor = enter(request)
    return show(request, "style.html", actor=actor, section="", at_us=now_us(), **SHOWN)


STYLE: list[Any] = [get_style]
