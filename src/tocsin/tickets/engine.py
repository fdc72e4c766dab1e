"""The drawing engine of papers: typst templates and the package's own fonts."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from tocsin.core.typeset import EngineFault, Template, query, typeset
from tocsin.tickets.paper_size import DOTS_PER_MM

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
FONT_FILES = ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf")
TEMPLATES = HERE / "templates"
TEMPLATE_OF = {"roll": "ticket.typ", "sheet": "a4.typ", "label": "label.typ"}
PPI = DOTS_PER_MM * 25.4  # what printers call 203 dpi


@cache
def engine_digest() -> str:
    """Return the SHA-256, in hex, over all that shapes a paper beside its content.

    Raises:
        FileNotFoundError: the package lacks a font or the template.
    """
    parts = [hashlib.sha256((FONTS / name).read_bytes()).hexdigest() for name in FONT_FILES]
    parts += [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(TEMPLATES.glob("*.typ"))] + [
        version("typst")
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def compile_ticket(
    inputs: dict[str, str],
    form: Literal["pdf", "png"],
    *,
    template: str = "ticket.typ",
    first_page: bool = False,
) -> bytes:
    """Return the page that a template makes of its inputs, as PDF or as PNG of 203 dpi.

    Args:
        first_page: of several pages the first will do, on a screen: a printer must never be given a part of a paper.

    Raises:
        EngineFault: the engine warned (a font is missing, say) or made several pages.
    """
    pages = typeset(_template(template), inputs, form, ppi=PPI)
    if len(pages) != 1 and not first_page:
        raise EngineFault("the template made several pages")
    return pages[0]


def ask_ticket(inputs: dict[str, str], *, template: str) -> list[str]:
    """Return what a template says of itself, as metadata labelled `no-room`, once it is drawn."""
    return query(_template(template), inputs, label="<no-room>")


def _template(name: str) -> Template:
    engine_digest()  # names the missing file, where typst would draw empty boxes
    return Template(TEMPLATES / name, FONTS)
