"""Sample contexts of papers on the screen."""

from tests.web.sample_parts import Context, shell

_PAGE: Context = {
    "shell": shell("/orders/A-20260921-0001/ticket", "orders"), "number": "A-20260921-0001", "serial": "", "queue": "3",
    "queues": {"3": "前台", "4": "吧台"}, "copy": "merchant", "copies": ("merchant", "customer", "kitchen", "delivery"), "paper": "80 mm",
    "form_of": "raster", "picture": "/static/bell.svg", "hidden": ["name", "phone"], "head": True, "purposes": ("deliver", "audit"),
    "form": {}, "error": "",
}  # fmt: skip
PAPER_SAMPLES: dict[str, tuple[str, Context]] = {
    "preview": ("tickets/preview.html", _PAGE),
    "preview_of_a_ticket": ("tickets/preview.html", {**_PAGE, "serial": "A-260921-T0001", "queues": {}}),
    "preview_of_a_page": ("tickets/preview.html", {**_PAGE, "form_of": "pdf", "hidden": [], "copy": "customer", "paper": "A4"}),
    "preview_of_a_cloud": ("tickets/preview.html", {**_PAGE, "form_of": "content", "error": "Say what you need it for"}),
}  # fmt: skip
