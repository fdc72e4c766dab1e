"""Sample contexts of papers on the screen."""

from tests.web.sample_parts import Context, shell
from tocsin.core.tenant import Shop
from tocsin.tickets.copy_choice import CopyPreference
from tocsin.tickets.sample import Chosen, Lint, draw_sample, sample_paper

_PAGE: Context = {
    "shell": shell("/orders/A-20260921-0001/ticket", "orders"), "number": "A-20260921-0001", "serial": "", "queue": "3",
    "queues": {"3": "前台", "4": "吧台"}, "copy": "merchant", "copies": ("merchant", "customer", "kitchen", "delivery"), "paper": "80 mm",
    "form_of": "raster", "picture": "/sample/merchant/80/0", "hidden": [], "head": True, "purposes": ("deliver", "audit"),
    "form": {}, "error": "",
}  # fmt: skip
_COPIES = ("merchant", "customer", "kitchen", "delivery")
_BLOCKS = ("logo", "payment", "prices", "phone", "full_phone", "qr", "barcode")
_TEMPLATES: Context = {
    "shell": shell("/settings/templates", "settings"), "shops": {"1": "合肥店", "2": "南京店"}, "shop": "", "logo": "0" * 64, "logo_revision": 1,
    "copies": {copy: {block: (block != "full_phone" or copy == "merchant", copy != "merchant") for block in _BLOCKS} for copy in _COPIES},
    "blocks": _BLOCKS, "revision": 1, "sample": "zh_CN", "most_bytes": 1 << 20, "errors": {},
    "sizes": [{"name": size, "papers": [
        {"copy_kind": copy, "picture": f"/sample/{copy}/{wide}/{high}", "lints": [Lint("no_room", "lines"), Lint("glyph", "𠮷"), Lint("unmasked", "phone")]}
        for copy in _COPIES
    ]} for size, wide, high in (("80 mm", 80, 0), ("60 × 40 mm", 60, 40))],
}  # fmt: skip
PAPER_SAMPLES: dict[str, tuple[str, Context]] = {
    "preview": ("tickets/preview.html", _PAGE),
    "preview_of_a_ticket": ("tickets/preview.html", {**_PAGE, "picture": "/sample/customer/80/0", "hidden": ["name", "phone"], "serial": "A-260921-T0001", "queues": {}}),
    "templates": ("settings/templates.html", _TEMPLATES),
    "templates_new": ("settings/templates.html", {**_TEMPLATES, "logo": "", "shops": {"1": "合肥店"}, "errors": {"logo": "The picture can't be used", "copies": "It can't be set so"}}),
    "preview_of_a_page": ("tickets/preview.html", {**_PAGE, "form_of": "pdf", "picture": "/sample/customer/210/297", "hidden": [], "copy": "customer", "paper": "A4"}),
    "preview_of_a_cloud": ("tickets/preview.html", {**_PAGE, "form_of": "content", "hidden": ["name", "phone"], "error": "Say what you need it for"}),
}  # fmt: skip


def draw_paper(path: str, *, locale: str) -> bytes:
    """Return the PNG that stands at `/sample/COPY/WIDTH/HEIGHT` of a sample page, its sides in millimetres."""
    _, _, copy, *size = path.split("/")
    chosen = Chosen(Shop(1, "HF", "合肥店", "Asia/Shanghai", "CNY", 0), "", CopyPreference())
    wide, high = map(int, size)
    return draw_sample(
        sample_paper(chosen, copy=copy, locale=locale, size=(wide, high), base_url="http://desk.test")
    )
