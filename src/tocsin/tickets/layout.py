"""The layout: a template for each shape of paper draws it as PDF and as the dots of a 203 dpi printer."""

import io
from functools import lru_cache

from tocsin.tickets.barcode import code128_svg, qr_svg
from tocsin.tickets.content import TicketContent, canonical_json
from tocsin.tickets.engine import TEMPLATE_OF, ask_ticket, compile_ticket
from tocsin.tickets.logo import fit_logo, logo_at_hand
from tocsin.tickets.paper_size import dots_of, logo_room, shape_of
from tocsin.tickets.printer import Form
from tocsin.tickets.raster import Raster, without_commands

_DARK_BELOW = 150  # of 255: smoothed strokes stay whole on thermal paper


def draw_pdf(content: TicketContent) -> bytes:
    """Return a paper as a PDF page as wide as the paper."""
    return compile_ticket(_inputs(content, "pdf"), "pdf", template=_template(content))


def draw_raster(content: TicketContent) -> Raster:
    """Return a paper as dots: 384 wide on 58 mm paper, 576 on 80 mm, eight a mm on labels."""
    from PIL import Image

    page = Image.open(
        io.BytesIO(compile_ticket(_inputs(content, "raster"), "png", template=_template(content)))
    ).convert("L")
    width = dots_of(content.paper_mm, content.paper_high_mm)
    if page.width != width:
        raise ValueError(f"the template drew {page.width} dots where the paper takes {width}")
    dark = page.point([255 if grey < _DARK_BELOW else 0 for grey in range(256)]).convert(
        "1", dither=Image.Dither.NONE
    )
    return Raster(width, page.height, without_commands(dark.tobytes()))


def draw_png(content: TicketContent, *, form: Form = "raster") -> bytes:
    """Return a paper as PNG for a screen: of printers of dots those very dots, of others the first page in shades of grey."""
    from PIL import Image

    if form != "raster":
        return compile_ticket(_inputs(content, "pdf"), "png", template=_template(content), first_page=True)
    dots, kept = draw_raster(content), io.BytesIO()
    white = bytes(byte ^ 0xFF for byte in dots.bits)  # 1 is black on paper, white in a picture
    Image.frombytes("1", (dots.width_px, dots.height_px), white).save(kept, "PNG")
    return kept.getvalue()


def blocks_without_room(content: TicketContent) -> tuple[str, ...]:
    """Return which blocks a label leaves out or cuts short because they have no room on it."""
    said = ask_ticket(_inputs(content, "raster"), template=_template(content))
    if content.logo and logo_room(content.paper_mm, content.paper_high_mm) is None:
        said.append("logo")
    return tuple(dict.fromkeys(said))


def _template(content: TicketContent) -> str:
    shape = shape_of(content.paper_mm, content.paper_high_mm)
    if shape is None:
        raise ValueError(f"no template draws paper of {content.paper_mm} × {content.paper_high_mm} mm")
    return TEMPLATE_OF[shape]


def _inputs(content: TicketContent, target: str) -> dict[str, str]:
    logo, logo_wide = _logo_of(content, target)
    qr, qr_modules = qr_svg(content.scan_url)
    bars, bar_modules = code128_svg(content.code128)
    return {
        "ticket": canonical_json(content).decode(),
        "target": target,
        "logo": logo,
        "logo_wide": str(logo_wide),
        "qr": qr,
        "qr_modules": str(qr_modules),
        "bars": bars,
        "bar_modules": str(bar_modules),
    }


def _logo_of(content: TicketContent, target: str) -> tuple[str, int]:
    """Return the bytes of the logo as JSON, as the template takes them, and its width in dots; none on an intercept slip."""
    room = logo_room(content.paper_mm, content.paper_high_mm)
    if not content.logo or content.void or room is None:
        return "[]", 0
    return _fit_logo(logo_at_hand(content.logo), room, dither=target == "raster")


@lru_cache(maxsize=64)
def _fit_logo(picture: bytes, room: tuple[int, int], *, dither: bool) -> tuple[str, int]:
    """Return it once for each kind of paper: four milliseconds a paper saved."""
    fitted, wide = fit_logo(picture, wide_px=room[0], high_px=room[1], dither=dither)
    return f"[{','.join(map(str, fitted))}]", wide
