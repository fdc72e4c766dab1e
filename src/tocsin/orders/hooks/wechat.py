"""WeChat shop (微信小店): pushes in safe mode carry an order's number alone; the order is fetched by `order/get`.

Source: developers.weixin.qq.com, message push (safe mode), `stable_token`, channels-shop-order `order/get`.
"""

import base64
import binascii
import hashlib
import re
import struct
import time
from typing import Any

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from tocsin.core.errors import Refusal
from tocsin.orders.documents import decode_object
from tocsin.orders.hook import (
    BASES,
    Asked,
    Field,
    Keys,
    KeysWrong,
    News,
    Reply,
    SignatureWrong,
    require_fresh,
    require_same,
)
from tocsin.orders.importer import ImportOptions, Parsed, Source, parse_source
from tocsin.orders.platform_json import text_of, within

API_BASE = "https://api.weixin.qq.com"
_AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
_BLOCK, _RANDOM_BYTES, _SECONDS = 32, 16, 8.0
_STALE_TOKEN = {"40001", "40014", "42001"}
_TAKEN = Reply(body=b"success")


class PlatformRefused(Refusal):
    """WeChat does not give the order (code {errcode}): compare the AppID and the AppSecret, and the addresses it lets in"""

    kind, code = "invalid", "platform_refused"


class WechatHook:
    """Takes a WeChat shop's pushes; tokens of access are kept in memory until they end."""

    name, title, channel = "wechat", "WeChat shop 微信小店", "wechat"
    fields = (
        Field(name="app_id", label="AppID", hint="The shop's own, such as wx…"),
        Field(name="app_secret", label="AppSecret", secret=True, hint="With it the desk fetches the orders"),
        Field(name="token", label="Token", secret=True, made=True, hint="Message push settings: the same there and here"),
        Field(name="aes_key", label="EncodingAESKey", secret=True, hint="43 characters; choose safe mode and JSON there"),
    )  # fmt: skip

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], tuple[str, float]] = {}

    def require_fit(self, keys: Keys) -> None:
        """Refuse an EncodingAESKey of another length."""
        if _aes_key(keys) is None:
            raise KeysWrong(field="aes_key", problem="an EncodingAESKey has 43 letters and digits")

    def reach(self, keys: Keys) -> None:
        """Ask for a token of access."""
        self._token(keys, fresh=True)

    def greet(self, asked: Asked, keys: Keys) -> Reply | None:
        """Echo what the platform sends to test the address."""
        if asked.method != "GET":
            return None
        require_same(asked.query.get("signature", ""), _sign(keys, asked))
        return Reply(body=asked.query.get("echostr", "")[:200].encode("utf-8", "replace"))

    def verify(self, asked: Asked, keys: Keys) -> bytes:
        """Check the signature over the sealed text, and its time; open it, and compare the AppID in it."""
        try:
            sealed = text_of(decode_object(asked.body), "Encrypt")
        except Refusal:
            raise SignatureWrong from None
        require_same(asked.query.get("msg_signature", ""), _sign(keys, asked, sealed))
        require_fresh(asked.query.get("timestamp", ""), asked.at_us)
        return _open(sealed, keys)

    def read(self, asked: Asked, message: bytes, *, keys: Keys, options: ImportOptions) -> News:
        """Read which order is to be fetched."""
        del asked, keys, options
        doc = decode_object(message)
        event, order = text_of(doc, "Event"), text_of(within(doc, "order_info"), "order_id")
        named = f"{event}:{order}:{text_of(doc, 'CreateTime')}"
        delivery_id = named if len(named) <= 100 else hashlib.sha256(message).hexdigest()
        if not event.startswith("channels_ec_order_") or not order:
            return News(delivery_id=delivery_id, kind="ignored", reply=_TAKEN)
        return News(delivery_id=delivery_id, kind=event, fetch=(order,), reply=_TAKEN)

    def fetch(self, order: str, *, keys: Keys, options: ImportOptions) -> Parsed:
        """Ask for the order; a token that the platform has ended is asked for anew, once."""
        for fresh in (False, True):
            answer = self._ask(
                f"/channels/ec/order/get?access_token={self._token(keys, fresh=fresh)}", {"order_id": order}
            )
            code = text_of(decode_object(answer), "errcode")
            if code not in _STALE_TOKEN:
                break
        if code not in ("", "0"):
            raise PlatformRefused(errcode=code[:12])
        return parse_source(Source("order/get", "application/json", answer), options, "wechat")

    def _token(self, keys: Keys, *, fresh: bool) -> str:
        app_id, secret = keys.options.get("app_id", ""), keys.secrets.get("app_secret", "")
        kept = self._tokens.get((app_id, secret))
        if kept and kept[1] > time.monotonic() and not fresh:
            return kept[0]
        given = {"grant_type": "client_credential", "appid": app_id, "secret": secret, "force_refresh": fresh}
        doc = decode_object(self._ask("/cgi-bin/stable_token", given))
        token, seconds = text_of(doc, "access_token"), text_of(doc, "expires_in")
        if not token:
            raise PlatformRefused(errcode=text_of(doc, "errcode")[:12])
        life = int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 7 else 0
        self._tokens[(app_id, secret)] = (token, time.monotonic() + max(0, life - 300))
        return token

    def _ask(self, path: str, given: dict[str, Any]) -> bytes:
        try:
            answer = httpx.post(
                f"{BASES.get(self.name, API_BASE)}{path}",
                json=given,
                timeout=_SECONDS,
                follow_redirects=False,
            )
        except httpx.HTTPError as fault:  # its text may hold the address, and that the token
            raise PlatformRefused(errcode=type(fault).__name__) from None
        if answer.status_code != 200:
            raise PlatformRefused(errcode=f"HTTP {answer.status_code}")
        return answer.content


def _sign(keys: Keys, asked: Asked, *parts: str) -> str:
    given = [
        keys.secrets.get("token", ""),
        *(asked.query.get(name, "") for name in ("timestamp", "nonce")),
        *parts,
    ]
    joined = "".join(sorted(given)).encode("utf-8", "surrogatepass")
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def _aes_key(keys: Keys) -> bytes | None:
    text = keys.secrets.get("aes_key", "")
    return base64.b64decode(text + "=") if _AES_KEY.fullmatch(text) else None


def _open(sealed: str, keys: Keys) -> bytes:
    """Return the message in an encrypted text: 16 random bytes, its length, itself, the AppID; padded to 32 bytes.

    The signature over the text was right: a wrong padding is no oracle, but a wrong key.
    """
    key = _aes_key(keys)
    try:
        if key is None:
            raise SignatureWrong
        opener = Cipher(AES(key), CBC(key[:16])).decryptor()
        plain = opener.update(base64.b64decode(sealed, validate=True)) + opener.finalize()
    except (binascii.Error, ValueError):
        raise SignatureWrong from None
    pad = plain[-1] if plain else 0
    if not 1 <= pad <= _BLOCK or len(plain) % _BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise SignatureWrong
    content = plain[_RANDOM_BYTES:-pad]
    length = struct.unpack(">I", content[:4])[0] if len(content) >= 4 else len(content)
    message, app_id = content[4 : 4 + length], content[4 + length :]
    if len(message) != length:
        raise SignatureWrong
    require_same(app_id.decode("utf-8", "replace"), keys.options.get("app_id", ""))
    return message


PLUGIN = WechatHook()
