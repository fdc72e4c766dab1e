"""Youzan (有赞): pushes signed with md5 over client_id + msg + client_secret, the message still URL-encoded.

Source: doc.youzanyun.com, message push; the form with headers is newer and not told there.
"""

import hashlib
from urllib.parse import unquote_plus

from tocsin.core.errors import Refusal
from tocsin.orders.axis import AxisNews
from tocsin.orders.documents import Doc, decode_object
from tocsin.orders.hook import (
    Asked,
    Field,
    Keys,
    KeysWrong,
    News,
    NewsUnreadable,
    Reply,
    SignatureWrong,
    require_same,
)
from tocsin.orders.importer import ImportOptions, Parsed, Source, parse_source
from tocsin.orders.platform_json import holds, instant_of, text_of

_TAKEN = Reply(body=b'{"code":0,"msg":"success"}', content_type="application/json")


class YouzanHook:
    """Takes Youzan's pushes of trades; some bring the whole trade, some one axis of it."""

    name, title, channel = "youzan", "Youzan 有赞", "youzan"
    fields = (
        Field(name="client_id", label="client_id", hint="Youzan cloud → your application"),
        Field(
            name="client_secret", label="client_secret", secret=True, hint="Youzan cloud → your application"
        ),
    )

    def require_fit(self, keys: Keys) -> None:
        """Any secret may be right."""
        del keys

    def reach(self, keys: Keys) -> None:
        """Nothing is asked of the platform: its first call shows."""
        del keys

    def greet(self, asked: Asked, keys: Keys) -> Reply | None:
        """Youzan's test is signed as any push."""
        return None

    def verify(self, asked: Asked, keys: Keys) -> bytes:
        """Compare the sign in the body; return the message, decoded."""
        envelope = _envelope(asked.body)
        message, client_id = str(envelope.get("msg", "")), keys.options.get("client_id", "")
        signed = f"{client_id}{message}{keys.secrets.get('client_secret', '')}".encode(
            "utf-8", "surrogatepass"
        )
        require_same(
            text_of(envelope, "sign").lower(), hashlib.md5(signed, usedforsecurity=False).hexdigest()
        )
        require_same(text_of(envelope, "client_id"), client_id)
        return unquote_plus(message).encode("utf-8", "surrogatepass")

    def read(self, asked: Asked, message: bytes, *, keys: Keys, options: ImportOptions) -> News:
        """Read the trade, or which axis of it moved."""
        del keys
        envelope = _envelope(asked.body)
        kind = text_of(envelope, "type")
        # Neither the type nor the id beside the message is signed: by another name it is the same delivery.
        delivery_id = hashlib.sha256(message).hexdigest()
        if envelope.get("test") is True or not kind.lower().startswith("trade_"):
            return News(delivery_id=delivery_id, kind="ignored", reply=_TAKEN)
        source = Source("hook", "application/json", message)
        if holds(source, "order_info"):
            parsed = parse_source(source, options, "youzan")
            return News(delivery_id=delivery_id, kind=kind, parsed=parsed, reply=_TAKEN)
        axes = _axis(
            kind.rpartition("_")[2], decode_object(message), options=options, number=text_of(envelope, "id")
        )
        return News(delivery_id=delivery_id, kind=kind if axes else "ignored", axes=axes, reply=_TAKEN)

    def fetch(self, order: str, *, keys: Keys, options: ImportOptions) -> Parsed:
        """Trades come by themselves."""
        raise KeysWrong(field="name", problem="this platform sends whole orders")


def _axis(word: str, doc: Doc, *, options: ImportOptions, number: str) -> tuple[AxisNews, ...]:
    moved = {
        "TradePaid": AxisNews(channel="", external_id="", at_us=0, payment="paid"),
        "TradeClose": AxisNews(channel="", external_id="", at_us=0, cancelled=True),
        "TradePartlySellerShip": AxisNews(channel="", external_id="", at_us=0, fulfilment="partial"),
        "TradeSellerShip": AxisNews(channel="", external_id="", at_us=0, fulfilment="shipped"),
        "TradeSuccess": AxisNews(channel="", external_id="", at_us=0, fulfilment="delivered"),
    }.get(word)
    if moved is None:
        return ()
    at_us, tid = instant_of(doc, "update_time", "Asia/Shanghai"), text_of(doc, "tid") or number
    if at_us is None or not tid:
        raise NewsUnreadable(problem="the trade has no number or no time")
    return (
        AxisNews(
            channel=options.channel, shop=options.shop, external_id=tid, at_us=at_us, payment=moved.payment,
            fulfilment=moved.fulfilment, cancelled=moved.cancelled,
        ),
    )  # fmt: skip


def _envelope(body: bytes) -> Doc:
    try:
        return decode_object(body)
    except Refusal:
        raise SignatureWrong from None


PLUGIN = YouzanHook()
