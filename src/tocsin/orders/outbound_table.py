"""The tables of webhooks out: a merchant's endpoints, what is told, and what became of it at each endpoint.

A message's body holds ids, states and amounts alone; address and secrets of an endpoint are sealed.
"""

import sqlalchemy as sa

from tocsin.core.schema import big, blob, index, merchant_table, text

outbound_endpoint = merchant_table(
    "outbound_endpoint", big("id"), text("name"), text("host"), blob("sealed"), text("kinds"), text("shops"),
    text("state"), text("problem"), big("failures"), big("failing_since_us", nullable=True), big("retry_at_us"),
    big("leased_until_us"), big("sent_at_us", nullable=True), big("created_at_us"), big("created_by"), key=("id",),
)  # fmt: skip
index(outbound_endpoint, "merchant_id", "state", "retry_at_us")
outbound_message = merchant_table(
    "outbound_message", big("event_id"), text("kind"), big("order_id"), big("shop_id"), big("sequence"), text("body"),
    big("at_us"), key=("event_id",),
)  # fmt: skip
index(outbound_message, "merchant_id", "at_us", "event_id")
outbound_sequence = merchant_table("outbound_sequence", big("order_id"), big("last"), key=("order_id",))
outbound_delivery = merchant_table(
    "outbound_delivery", big("id"), big("endpoint_id"), big("event_id"), text("kind"), big("order_id"), big("sequence"),
    text("state"), big("tries"), big("due_at_us"), big("sent_at_us", nullable=True), big("status"), text("problem"),
    big("milliseconds"), big("at_us"), key=("id",),
)  # fmt: skip
index(outbound_delivery, "merchant_id", "endpoint_id", "event_id", unique=True)
index(outbound_delivery, "merchant_id", "endpoint_id", "-id")
index(outbound_delivery, "merchant_id", "at_us")
_unsent = outbound_delivery.c.state == sa.literal_column("'waiting'")
sa.Index(
    "ix_outbound_delivery_due", outbound_delivery.c.merchant_id, outbound_delivery.c.endpoint_id,
    outbound_delivery.c.due_at_us, outbound_delivery.c.id, sqlite_where=_unsent, postgresql_where=_unsent,
)  # fmt: skip
sa.Index(
    "ix_outbound_delivery_order", outbound_delivery.c.merchant_id, outbound_delivery.c.endpoint_id,
    outbound_delivery.c.order_id, outbound_delivery.c.sequence, sqlite_where=_unsent, postgresql_where=_unsent,
)  # fmt: skip
