"""What a browser can do where it stands, as far as it says itself: WeChat's own, and an address without HTTPS, take much away.

Only what is offered goes by it: whoever pretends to be another browser gains nothing.
"""

from typing import Any
from urllib.parse import urlsplit

from tocsin.web.guard import PageRequest, desk_of

_WECHAT = "micromessenger"


def in_wechat(request: PageRequest) -> bool:
    """Tell whether WeChat's own browser asks: it has no passkeys, takes no push and installs nothing."""
    return _WECHAT in request.headers.get("user-agent", "").lower()


def is_secure(request: PageRequest) -> bool:
    """Tell whether the page was opened where browsers let a desk be installed: by its HTTPS address, or on the machine itself."""
    address = urlsplit(desk_of(request).settings.base_url())
    here = request.headers.get("host", "").lower()
    return here.partition(":")[0] == "localhost" or (address.scheme == "https" and address.netloc == here)


def show_browser(request: PageRequest) -> dict[str, Any]:
    """Return what pages say of the browser: `wechat`, `secure`, and the desk's own address; see phone/browser.html."""
    address = desk_of(request).settings.base_url()
    return {
        "wechat": in_wechat(request), "secure": is_secure(request), "address": address,
        "https": address.startswith("https:"),
    }  # fmt: skip
