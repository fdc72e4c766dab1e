"""WeChat Pay v3 (微信支付): notifications signed with RSA-SHA256, sealed with AES-256-GCM; they move the payment alone.

Source: pay.weixin.qq.com, APIv3, signature of answers and notifications.
"""

import base64
import binascii
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from tocsin.core.clock import from_datetime
from tocsin.core.errors import Refusal
from tocsin.orders.axis import AxisNews
from tocsin.orders.documents import Doc, decode_object
from tocsin.orders.draft import Payment
from tocsin.orders.hook import (
    Asked,
    Field,
    Keys,
    KeysWrong,
    News,
    NewsUnreadable,
    Reply,
    SignatureWrong,
    delivery_id_of,
    require_fresh,
    require_same,
)
from tocsin.orders.importer import ImportOptions, Parsed
from tocsin.orders.platform_json import cents_of, text_of, within

_KEY_BYTES = 32
_TAKEN = Reply(body=b'{"code":"SUCCESS"}', content_type="application/json")


class WechatPayHook:
    """Takes WeChat Pay's notifications; `out_trade_no` is the order's number in the channel that sells."""

    name, title, channel = "wechat_pay", "WeChat Pay 微信支付", "wechat"
    fields = (
        Field(name="mchid", label="Merchant number (mchid)", hint="pay.weixin.qq.com → Account centre"),
        Field(name="api_key", label="APIv3 key", secret=True, hint="32 characters, set by yourself at API security"),
        Field(name="public_key", label="Public key of WeChat Pay", long=True, hint="The PEM text of the public key or of the platform certificate"),
        Field(name="serial", label="Its serial number", required=False, hint="Such as PUB_KEY_ID_…: signatures of another key are refused"),
        Field(name="for_channel", label="Channel of the orders that are paid", required=False, hint="wechat, unless your own program sells: then the channel of its orders, such as api"),
    )  # fmt: skip

    def require_fit(self, keys: Keys) -> None:
        """Refuse a key of another length, and a text that is no public key."""
        if len(keys.secrets.get("api_key", "").encode()) != _KEY_BYTES:
            raise KeysWrong(field="api_key", problem="an APIv3 key has 32 characters")
        if _public_key(keys.options.get("public_key", "")) is None:
            raise KeysWrong(
                field="public_key", problem="this is neither a public key nor a certificate in PEM"
            )

    def reach(self, keys: Keys) -> None:
        """Nothing is asked of the platform: its first call shows."""
        del keys

    def greet(self, asked: Asked, keys: Keys) -> Reply | None:
        """Probes of WeChat Pay carry a wrong signature on purpose: they must be refused as any other."""
        return None

    def verify(self, asked: Asked, keys: Keys) -> bytes:
        """Check time, serial number and signature over the raw body; return the resource, opened."""
        stamp, nonce, signature, serial = (
            asked.headers.get(f"wechatpay-{name}", "") for name in ("timestamp", "nonce", "signature", "serial")
        )  # fmt: skip
        require_fresh(stamp, asked.at_us)
        if wanted := keys.options.get("serial", "").strip():
            require_same(serial, wanted)
        key = _public_key(keys.options.get("public_key", ""))
        signed = f"{stamp}\n{nonce}\n".encode("utf-8", "surrogatepass") + asked.body + b"\n"
        try:
            if key is None:
                raise SignatureWrong
            key.verify(base64.b64decode(signature, validate=True), signed, PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            raise SignatureWrong from None
        return _open(asked.body, keys.secrets.get("api_key", "").encode())

    def read(self, asked: Asked, message: bytes, *, keys: Keys, options: ImportOptions) -> News:
        """Read what became of the money."""
        envelope, doc = decode_object(asked.body), decode_object(message)
        delivery_id = delivery_id_of(text_of(envelope, "id"), asked.body)
        if text_of(doc, "mchid") != keys.options.get("mchid", ""):
            raise NewsUnreadable(problem="it is of another merchant")
        kind = text_of(envelope, "event_type")
        payment = _payment(kind, doc)
        if payment is None:
            return News(delivery_id=delivery_id, kind="ignored", reply=_TAKEN)
        paid = AxisNews(
            channel=keys.options.get("for_channel", "").strip() or options.channel, shop=options.shop,
            external_id=text_of(doc, "out_trade_no"), at_us=_instant(text_of(doc, "success_time")), payment=payment,
            paid_minor=cents_of(within(doc, "amount"), "total"),
        )  # fmt: skip
        if not paid.external_id:
            raise NewsUnreadable(problem="it has no out_trade_no")
        return News(delivery_id=delivery_id, kind=kind, axes=(paid,), reply=_TAKEN)

    def fetch(self, order: str, *, keys: Keys, options: ImportOptions) -> Parsed:
        """A payment is not an order."""
        raise KeysWrong(field="name", problem="this platform sends payments alone")


def _payment(kind: str, doc: Doc) -> Payment | None:
    if kind == "TRANSACTION.SUCCESS" and text_of(doc, "trade_state") == "SUCCESS":
        return "paid"
    if kind == "REFUND.SUCCESS" and text_of(doc, "refund_status") == "SUCCESS":
        amount = within(doc, "amount")
        whole = (cents_of(amount, "refund") or 0) >= (cents_of(amount, "total") or 0)
        return "refunded" if whole else "part_refunded"
    return None


def _instant(text: str) -> int:
    try:
        return from_datetime(datetime.fromisoformat(text).astimezone())
    except (ValueError, OverflowError):
        raise NewsUnreadable(problem="its success_time is no time") from None


def _open(body: bytes, key: bytes) -> bytes:
    try:
        resource = within(decode_object(body), "resource")
        if text_of(resource, "algorithm") != "AEAD_AES_256_GCM":
            raise SignatureWrong
        nonce, bound = (text_of(resource, name).encode() for name in ("nonce", "associated_data"))
        sealed = base64.b64decode(text_of(resource, "ciphertext"), validate=True)
        return AESGCM(key).decrypt(nonce, sealed, bound)
    except (Refusal, InvalidTag, ValueError):
        raise SignatureWrong from None


@lru_cache(64)
def _public_key(pem: str) -> RSAPublicKey | None:
    text = pem.strip().encode("utf-8", "surrogatepass")
    try:
        key = (
            load_pem_x509_certificate(text).public_key()
            if b"CERTIFICATE" in text
            else load_pem_public_key(text)
        )
    except ValueError:
        return None
    return key if isinstance(key, RSAPublicKey) else None


PLUGIN = WechatPayHook()
