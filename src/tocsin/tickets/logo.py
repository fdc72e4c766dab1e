"""The logo on top of tickets: a merchant's, or a shop's own; a paper names it by its digest.

What is uploaded is hostile: it is decoded within bounds, and only its grey pixels are kept.
"""

import hashlib
import io
import struct
import zlib
from typing import TYPE_CHECKING

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.clock import DAY_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.preference import change_preference, read_preference
from tocsin.core.statement import Statement, any_of, bind, own, upsert
from tocsin.core.tenant import list_shops
from tocsin.tickets.table import ticket_logo

if TYPE_CHECKING:
    from PIL import Image

BOX = "tickets.logo"
SENT_MOST_BYTES = 1 << 20
SIDE_LEAST, SIDE_MOST, PIXELS_MOST = 16, 4_000, 4_000_000
WIDE_MOST, HIGH_MOST = 576, 240
_UNUSED_KEPT_US = 30 * DAY_US
_KNOWN_MOST = 64
# What Pillow raises of pictures that are none, are cut off, or lie about themselves.
_UNSOUND = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, OverflowError, EOFError, struct.error, zlib.error,
)  # fmt: skip
_known: dict[str, bytes] = {}


class LogoWrong(Refusal):
    """The picture can't be used: {problem}"""

    kind, code = "invalid", "logo_wrong"


class LogoPreference(Struct, frozen=True, kw_only=True):
    """Which picture stands on top of tickets, by its digest; empty for none."""

    digest: str = ""


_ADD = Statement[None](
    upsert(ticket_logo).on_conflict_do_nothing(), sets=("merchant_id", "digest", "picture", "at_us")
)
_ONE = Statement[tuple[bytes]](
    sa.select(ticket_logo.c.picture).where(own(ticket_logo), ticket_logo.c.digest == bind("digest", str))
)
_DROP = Statement[None](
    sa.delete(ticket_logo).where(
        own(ticket_logo), ticket_logo.c.at_us < bind("before"), sa.not_(any_of(ticket_logo.c.digest, "codes"))
    )
)


def prepare_logo(data: bytes) -> bytes:
    """Return an uploaded PNG or JPEG as a grey PNG of its pixels alone: its white edge cut off, 576 × 240 at most.

    Takes tens of milliseconds: never in a transaction.

    Raises:
        LogoWrong: it is too long, neither of the two, broken, too large or too small, or all white.
    """
    from PIL import Image

    if not 0 < len(data) <= SENT_MOST_BYTES:
        raise LogoWrong(problem="choose a file of at most 1 MB")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            _require_size(picture)
            grey = _flatten(picture)
    except (*_UNSOUND, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise LogoWrong(problem="it is no PNG or JPEG, or is broken: save it anew as PNG") from None
    inked = grey.point([255 if shade < 250 else 0 for shade in range(256)]).getbbox()
    if inked is None:
        raise LogoWrong(problem="it is all white: choose a dark picture on white")
    grey = grey.crop(inked)
    grey.thumbnail((WIDE_MOST, HIGH_MOST), Image.Resampling.LANCZOS)
    return _as_png(grey)


def choose_logo(tx: Tx, actor: Actor, *, picture: bytes, revision: int, shop_id: int = 0) -> int:
    """Put a prepared picture, or none (b""), on top of a merchant's or a shop's tickets; return the new revision.

    Raises:
        NotAllowed, PreferenceMoved
    """
    require(actor, "shop_settings")
    digest = hashlib.sha256(picture).hexdigest() if picture else ""
    if picture:
        tx.run(_ADD, digest=digest, picture=picture, at_us=tx.now_us)
    made = change_preference(
        tx, actor, LogoPreference(digest=digest), box=BOX, revision=revision, shop_id=shop_id
    )
    used = {read_logo(tx, shop_id=one) for one in (0, *(shop.id for shop in list_shops(tx)))}
    tx.run(_DROP, before=tx.now_us - _UNUSED_KEPT_US, codes=sorted(used))
    return made


def read_logo(tx: Tx, *, shop_id: int = 0) -> str:
    """Return the digest of the logo of a shop, else of its merchant; empty for none."""
    return read_preference(tx, LogoPreference, box=BOX, shop_id=shop_id).digest


def bring_logo(tx: Tx, digest: str) -> bool:
    """Have a logo at hand for drawing in this process; tell whether it is still kept."""
    # Those that are in use stay: one that was brought may be drawn outside this transaction.
    if (kept := _known.pop(digest, None)) is not None:
        _known[digest] = kept
        return True
    found = tx.one(_ONE, digest=digest)
    if found is None:
        return False
    while len(_known) >= _KNOWN_MOST:
        _known.pop(next(iter(_known)), None)
    _known[digest] = found[0]
    return True


def logo_at_hand(digest: str) -> bytes:
    """Return a logo that was brought.

    Raises:
        KeyError: it was not.
    """
    return _known[digest]


def fit_logo(picture: bytes, *, wide_px: int, high_px: int, dither: bool) -> tuple[bytes, int]:
    """Return a logo as PNG, dithered to the paper's dots or as it is, and how many dots wide it fits: an even number."""
    from PIL import Image

    grey = Image.open(io.BytesIO(picture), formats=("PNG",))
    scale = min(1.0, wide_px / grey.width, high_px / grey.height)
    size = (max(2, int(grey.width * scale) // 2 * 2), max(1, int(grey.height * scale)))
    if not dither:
        return picture, size[0]
    dots = grey.resize(size, Image.Resampling.LANCZOS).convert("1", dither=Image.Dither.FLOYDSTEINBERG)
    return _as_png(dots), size[0]


def _require_size(picture: "Image.Image") -> None:
    """Refuse by what its head says, before a pixel is decoded."""
    wide, high = picture.size
    if min(wide, high) < SIDE_LEAST or max(wide, high) > SIDE_MOST or wide * high > PIXELS_MOST:
        raise LogoWrong(
            problem="its sides are 16 to 4000 pixels long, 4 million in all: save it in another size"
        )


def _flatten(picture: "Image.Image") -> "Image.Image":
    """Return a picture in grey, on white where it is transparent; the right way up; decodes it."""
    from PIL import Image, ImageOps

    seen = ImageOps.exif_transpose(picture).convert("RGBA")  # a phone says so beside the pixels
    white = Image.new("RGBA", seen.size, "white")
    white.alpha_composite(seen)
    return white.convert("L")


def _as_png(picture: "Image.Image") -> bytes:
    kept = io.BytesIO()
    picture.save(kept, "PNG")
    return kept.getvalue()
