"""WooCommerce: topics `order.…`, signed with HMAC-SHA256 over the raw body, and an unsigned greeting `webhook_id=7`.

Source: woocommerce-rest-api-docs, webhooks.
"""

import base64
import hashlib
import hmac
import re

from tocsin.orders.axis import AxisNews
from tocsin.orders.documents import decode_object
from tocsin.orders.hook import (
    Asked,
    Field,
    Keys,
    KeysWrong,
    News,
    NewsUnreadable,
    Reply,
    delivery_id_of,
    require_same,
)
from tocsin.orders.importer import ImportOptions, Parsed, Source, parse_source
from tocsin.orders.platform_json import text_of

_GREETING = re.compile(rb"webhook_id=\d{1,12}")
_TOPICS = frozenset({"order.created", "order.updated", "order.restored"})


class WooCommerceHook:
    """Takes WooCommerce's calls; whole orders come with each but the one of a deletion."""

    name, title, channel = "woocommerce", "WooCommerce", "woocommerce"
    fields = (
        Field(name="secret", label="Secret", secret=True, made=True, hint="WooCommerce → Settings → Advanced → Webhooks: the same secret there and here"),
    )  # fmt: skip

    def require_fit(self, keys: Keys) -> None:
        """Any secret may be right."""
        del keys

    def reach(self, keys: Keys) -> None:
        """Nothing is asked of the platform: its first call shows."""
        del keys

    def greet(self, asked: Asked, keys: Keys) -> Reply | None:
        """Answer the greeting of a webhook that was just saved: it says nothing and changes nothing."""
        del keys
        return Reply(body=b"ok") if _GREETING.fullmatch(asked.body.strip()) else None

    def verify(self, asked: Asked, keys: Keys) -> bytes:
        """Compare X-WC-Webhook-Signature."""
        signed = hmac.digest(keys.secrets.get("secret", "").encode(), asked.body, hashlib.sha256)
        require_same(asked.headers.get("x-wc-webhook-signature", ""), base64.b64encode(signed).decode())
        return asked.body

    def read(self, asked: Asked, message: bytes, *, keys: Keys, options: ImportOptions) -> News:
        """Read the order of a topic that brings one, and which order was deleted."""
        del keys
        topic = asked.headers.get("x-wc-webhook-topic", "")
        delivery_id = delivery_id_of(asked.headers.get("x-wc-webhook-delivery-id", ""), message)
        if topic == "order.deleted":
            doc = decode_object(message)
            number = text_of(doc, "id")
            # The topic is not signed: a whole order that is called a deletion is none.
            if not number or set(doc) != {"id"}:
                raise NewsUnreadable(problem="a deletion has an id and nothing else")
            gone = AxisNews(
                channel=options.channel, shop=options.shop, external_id=number, at_us=asked.at_us, cancelled=True
            )  # fmt: skip
            return News(delivery_id=delivery_id, kind=topic, axes=(gone,))
        if topic not in _TOPICS:
            return News(delivery_id=delivery_id, kind="ignored")
        parsed = parse_source(Source("hook", "application/json", message), options, "woocommerce")
        return News(delivery_id=delivery_id, kind=topic, parsed=parsed)

    def fetch(self, order: str, *, keys: Keys, options: ImportOptions) -> Parsed:
        """Whole orders come by themselves."""
        raise KeysWrong(field="name", problem="this platform sends whole orders")


PLUGIN = WooCommerceHook()
