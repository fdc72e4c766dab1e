"""The desk's icon as a PNG: the bell of `bell.svg`, drawn by its own figures, the same in each process."""

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageDraw

_GROUND, _LINE = "#2848b8", "#ffffff"
_OVER = 4
_GRID = 16


@cache
def draw_icon(size_px: int, *, padded: bool) -> bytes:
    """Return the icon as a PNG.

    Args:
        padded: the bell stands within the inner 80 %, the ground fills the square: a launcher cuts its own shape.
    """
    from PIL import Image, ImageDraw

    over = size_px * _OVER
    image = Image.new("RGBA", (over, over), _GROUND if padded else (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    if not padded:
        pen.rounded_rectangle((0, 0, over - 1, over - 1), over * 3.5 / _GRID, fill=_GROUND)
    _draw_bell(pen, over, scale=0.75 if padded else 1.0)
    out = BytesIO()
    image.resize((size_px, size_px), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _draw_bell(pen: "ImageDraw.ImageDraw", over: int, *, scale: float) -> None:
    def at(x: float, y: float) -> tuple[float, float]:
        return (((x - 8) * scale + 8) * over / _GRID, ((y - 8) * scale + 8) * over / _GRID)

    width = round(1.3 * scale * over / _GRID)

    def line(*points: tuple[float, float]) -> None:
        placed = [at(*point) for point in points]
        pen.line(placed, fill=_LINE, width=width, joint="curve")
        for x, y in placed:
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=_LINE)

    line((8, 2.6), (8, 3.4))
    line((5.2, 7), (5.2, 9.6), (4.2, 11), (11.8, 11), (10.8, 9.6), (10.8, 7))
    half = width / 2
    for box, start, end in (
        ((5.2, 4.2, 10.8, 9.8), 180, 360),
        ((6.6, 11.0, 9.4, 13.8), 40, 140),
    ):
        (left, top), (right, bottom) = at(*box[:2]), at(*box[2:])
        pen.arc((left - half, top - half, right + half, bottom + half), start, end, fill=_LINE, width=width)
