"""The drawing engine: typst templates, the package's own fonts, and compilers kept warm.

Customers' text reaches the template as JSON in `sys.inputs`: it is data, never markup.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import typst

from tocsin.tickets.paper_size import DOTS_PER_MM

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
FONT_FILES = ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf")
TEMPLATES = HERE / "templates"
TEMPLATE_OF = {"roll": "ticket.typ", "sheet": "a4.typ", "label": "label.typ"}
PPI = DOTS_PER_MM * 25.4  # what printers call 203 dpi

_idle: dict[str, list[typst.Compiler]] = {name: [] for name in TEMPLATE_OF.values()}
_lock = threading.Lock()


class EngineFault(RuntimeError):
    """The engine warned or drew more than one page: the paper would not be what was checked."""


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

    A compiler serves one thread at a time, so each call borrows one; a kept one draws in
    milliseconds where a new one takes a tenth of a second.

    Args:
        first_page: of several pages the first will do, on a screen: a printer must never be given a part of a paper.

    Raises:
        EngineFault: the engine warned (a font is missing, say) or made several pages.
    """
    with _borrowed(template) as compiler:
        page, warnings = compiler.compile_with_warnings(
            format=form, ppi=PPI, sys_inputs=inputs, pdf_tags=False, timestamp=0
        )
    if warnings:
        raise EngineFault("; ".join(str(warning) for warning in warnings))
    if isinstance(page, list) and first_page:
        page = page[0]
    if not isinstance(page, bytes):
        raise EngineFault("the template made several pages")
    return page


def ask_ticket(inputs: dict[str, str], *, template: str) -> list[str]:
    """Return what a template says of itself, as metadata labelled `no-room`, once it is drawn."""
    with _borrowed(template) as compiler:
        compiler.compile_with_warnings(format="png", ppi=36, sys_inputs=inputs, timestamp=0)
        found: list[str] = json.loads(compiler.query("<no-room>", field="value"))  # of what was compiled last
    return found


@contextmanager
def _borrowed(template: str) -> Iterator[typst.Compiler]:
    """Lend a warm compiler; one that broke is not taken back."""
    with _lock:
        compiler = _idle[template].pop() if _idle[template] else _new_compiler(template)
    yield compiler
    with _lock:
        _idle[template].append(compiler)


@cache
def _fonts() -> typst.Fonts:
    engine_digest()  # names the missing file, where typst would draw empty boxes
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _new_compiler(template: str) -> typst.Compiler:
    return typst.Compiler(
        str(TEMPLATES / template), root=str(TEMPLATES), font_paths=_fonts(), ignore_system_fonts=True
    )
