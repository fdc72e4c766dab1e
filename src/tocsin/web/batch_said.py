"""What a batch that was given to the print terminal came to, as its page says it."""

from typing import Any

from tocsin.web.figures import Figures
from tocsin.web.guard import PageRequest
from tocsin.web.words import Words


def say_batch(request: PageRequest, words: Words) -> list[dict[str, Any]]:
    """Return what a batch came to, from the counts in the address."""
    queued, held, masked, watched = (
        request.query_params.get(name, "")[:4] for name in ("queued", "held", "masked", "watched")
    )
    figures = Figures(words)
    toasts, moved = [], request.query_params.get("moved", "")[:4]
    if moved.isdecimal():
        text = figures.translated_count(
            "One ticket was moved here", "%(num)s tickets were moved here", int(moved)
        )
        toasts.append({"kind": "ok", "text": text})
    if queued.isdecimal() and int(queued):
        text = figures.translated_count("One order is queued", "%(num)s orders are queued", int(queued))
        toasts.append({"kind": "ok", "text": text})
    if masked.isdecimal() and int(masked):
        text = figures.translated_count(
            "One of them has a masked receiver: its channel gives no other",
            "%(num)s of them have masked receivers: their channel gives no others",
            int(masked),
        )
        toasts.append({"kind": "warn", "text": text})
    if held.isdecimal() and int(held):
        text = figures.translated_count("One order is held", "%(num)s orders are held", int(held))
        toasts.append({"kind": "bad", "text": text})
    if watched.isdecimal() and int(watched):
        text = figures.translated_count(
            "One watched order was left out", "%(num)s watched orders were left out", int(watched)
        )
        toasts.append({"kind": "warn", "text": text})
    return toasts
