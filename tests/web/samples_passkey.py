"""Sample contexts of the pages of passkeys and of a fresh proof."""

from tests.web.sample_parts import T0, Context, shell
from tocsin.access.passkey import Passkey

_KEYS = [
    Passkey(id=8, name="收银台电脑", backed_up=0, created_at_us=T0, last_used_us=T0),
    Passkey(id=7, name="我的手机", backed_up=1, created_at_us=T0, last_used_us=None),
]
_PAGE: Context = {
    "shell": shell("/settings/passkeys", "settings"), "passkeys": _KEYS, "most": 6, "possible": True, "proved": True,
    "address": "http://localhost:8717", "name": "Chrome 140 · Windows", "errors": {},
}  # fmt: skip
_PROVE: Context = {
    "shell": shell("/prove", "settings"),
    "back": "/settings/keys",
    "errors": {},
    "passkeys": True,
    "reader": True,
}

PASSKEY_SAMPLES: dict[str, tuple[str, Context]] = {
    "passkeys": ("access/passkeys.html", _PAGE),
    "passkeys_stale": ("access/passkeys.html", {**_PAGE, "proved": False, "passkeys": []}),
    "passkeys_off": ("access/passkeys.html", {**_PAGE, "possible": False, "passkeys": []}),
    "passkeys_refused": (
        "access/passkeys.html", {**_PAGE, "errors": {"name": "名称为 1 到 60 个字符", "passkey": "没有建立通行密钥"}}
    ),
    "prove": ("access/prove.html", _PROVE),
    "prove_wrong": ("access/prove.html", {**_PROVE, "errors": {"password": "密码不对", "passkey": "指纹未通过验证"}}),
    "prove_no_passkeys": ("access/prove.html", {**_PROVE, "passkeys": False}),
}  # fmt: skip
