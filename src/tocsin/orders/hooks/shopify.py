"""Shopify: topics `orders/…`, signed with HMAC-SHA256 over the raw body.

Source: shopify.dev, verify webhook deliveries.
"""

import base64
import hashlib
import hmac

from tocsin.orders.hook import Asked, Field, Keys, KeysWrong, News, Reply, delivery_id_of, require_same
from tocsin.orders.importer import ImportOptions, Parsed, Source, parse_source

_TOPICS = frozenset(
    f"orders/{word}" for word in ("create", "updated", "edited", "cancelled", "paid", "partially_fulfilled", "fulfilled")
)  # fmt: skip


class ShopifyHook:
    """Takes Shopify's calls; whole orders come with each."""

    name, title, channel = "shopify", "Shopify", "shopify"
    fields = (
        Field(name="secret", label="Signing secret", secret=True, hint="Settings → Notifications → Webhooks: the secret stands below the list"),
        Field(name="domain", label="Domain of the shop", required=False, hint="Such as name.myshopify.com: calls for another shop are refused"),
    )  # fmt: skip

    def require_fit(self, keys: Keys) -> None:
        """Any secret may be right."""
        del keys

    def reach(self, keys: Keys) -> None:
        """Nothing is asked of the platform: its first call shows."""
        del keys

    def greet(self, asked: Asked, keys: Keys) -> Reply | None:
        """Shopify sends no greeting."""
        return None

    def verify(self, asked: Asked, keys: Keys) -> bytes:
        """Compare X-Shopify-Hmac-Sha256."""
        signed = hmac.digest(keys.secrets.get("secret", "").encode(), asked.body, hashlib.sha256)
        require_same(asked.headers.get("x-shopify-hmac-sha256", ""), base64.b64encode(signed).decode())
        wanted = keys.options.get("domain", "").strip().casefold()
        if wanted:
            require_same(asked.headers.get("x-shopify-shop-domain", "").casefold(), wanted)
        return asked.body

    def read(self, asked: Asked, message: bytes, *, keys: Keys, options: ImportOptions) -> News:
        """Read the order of a topic that brings one."""
        del keys
        topic = asked.headers.get("x-shopify-topic", "")
        parsed = (
            parse_source(Source("hook", "application/json", message), options, "shopify_json")
            if topic in _TOPICS
            else None
        )
        return News(
            delivery_id=delivery_id_of(asked.headers.get("x-shopify-webhook-id", ""), message),
            kind=topic if parsed else "ignored",
            parsed=parsed,
        )

    def fetch(self, order: str, *, keys: Keys, options: ImportOptions) -> Parsed:
        """Whole orders come by themselves."""
        raise KeysWrong(field="name", problem="this platform sends whole orders")


PLUGIN = ShopifyHook()
