"""Drawing a paper for its printer, in the form that the printer takes, or saying why none should try."""

import hashlib
from typing import Any

from tocsin.tickets.content import TicketContent, canonical_json
from tocsin.tickets.layout import draw_pdf, draw_raster
from tocsin.tickets.printer import Drawn, Form, Printer, PrintOutcome

MOST_LINES = 300  # three metres of paper, a second and 250 MB to draw


def refuse_paper(content: TicketContent, paper_mm: int) -> PrintOutcome | None:
    """Return why no printer with such paper should try a content, None where nothing speaks against it."""
    reason, detail = "", ""
    if content.paper_mm != paper_mm:
        reason, detail = "wrong_paper", f"drawn for {content.paper_mm} mm, the printer has {paper_mm} mm"
    elif len(content.lines) > MOST_LINES:
        reason, detail = "too_long", f"{len(content.lines)} lines, a paper takes {MOST_LINES}"
    return PrintOutcome(result="failed", reason=reason, detail=detail, permanent=True) if reason else None


def draw_paper(plugin: Printer, options: Any, content: TicketContent) -> Drawn | PrintOutcome:
    """Return a paper drawn for a printer, or what came of it where the printer should not try."""
    refused = refuse_paper(content, getattr(options, "paper_mm", content.paper_mm))
    return refused or draw_form(content, plugin.form)


def draw_form(content: TicketContent, form: Form) -> Drawn:
    """Return a paper in a form."""
    match form:
        case "raster":
            dots = draw_raster(content)
            return Drawn(
                form=form, data=dots.bits, serial=content.serial, copy=content.copy, width_px=dots.width_px,
                height_px=dots.height_px, digest=dots.sha256(),
            )  # fmt: skip
        case "pdf":
            return _whole(content, form, draw_pdf(content))
        case "content":
            return _whole(content, form, canonical_json(content))


def print_paper(plugin: Printer, options: Any, content: TicketContent) -> PrintOutcome:
    """Draw a paper and give it to its printer here."""
    drawn = draw_paper(plugin, options, content)
    return plugin.send(options, drawn) if isinstance(drawn, Drawn) else drawn


def _whole(content: TicketContent, form: Form, data: bytes) -> Drawn:
    digest = hashlib.sha256(data).hexdigest()
    return Drawn(form=form, data=data, serial=content.serial, copy=content.copy, digest=digest)
