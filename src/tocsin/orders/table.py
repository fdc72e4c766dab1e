"""The tables of boxes 10 to 15.

The head holds what lists and screens need and the axes that the shop moves; a revision and its
lines are immutable; numbers and sources are small tables of their own.
"""

import sqlalchemy as sa

from tocsin.core.schema import big, blob, directory_table, index, merchant_table, text
from tocsin.core.statement import NOUGHT, among

order_head = merchant_table(
    "order_head", big("id"), big("shop_id"), text("number"), big("revision"), text("channel"), text("external_id"),
    text("external_status"), big("status_known"), text("desk_state"), text("payment"), text("payment_method"), text("fulfilment"), text("delivery"),
    text("campaign"), text("currency"), big("payable_minor"), big("paid_minor", nullable=True),
    big("placed_at_us"), big("paid_at_us", nullable=True), big("produced_at_us"), text("receiver_name"),
    text("receiver_phone"), text("summary"), big("holds_open"), text("checked"), text("pickup_point"), text("community"), text("group_state"), key=("id",),
)  # fmt: skip
# The other axes stand behind the id, so that a count of several asks for no row.
index(order_head, "merchant_id", "desk_state", "-id", "payment", "fulfilment", "holds_open")
index(order_head, "merchant_id", "payment", "-id", "desk_state", "fulfilment", "holds_open")
index(order_head, "merchant_id", "fulfilment", "-id", "desk_state", "payment", "holds_open")
index(order_head, "merchant_id", "campaign", "-id")
index(order_head, "merchant_id", "pickup_point", "-id")
index(order_head, "merchant_id", "community", "-id")
# What pictures count by stands behind the id, so that a month of orders asks for no row.
index(order_head, "merchant_id", "-placed_at_us", "-id", "shop_id", "campaign", "desk_state")
index(order_head, "merchant_id", "payable_minor", "-id")
index(order_head, "merchant_id", "number")
_held = order_head.c.holds_open > NOUGHT
sa.Index(
    "ix_order_head_held",
    order_head.c.merchant_id,
    order_head.c.id.desc(),
    sqlite_where=_held,
    postgresql_where=_held,
)
# What should be paper and is not yet: each page counts them, and most orders of a week are none. The state stands in the
# key: SQLite prefers a longer key to a shorter index. Its condition can't be the index's as well: PostgreSQL would not
# look it up in the key, and walk.
NO_PAPER = (
    order_head.c.desk_state != sa.literal_column("'printed'"), among(order_head.c.fulfilment, "unfulfilled", "partial"), order_head.c.holds_open <= NOUGHT,
)  # fmt: skip
_no_paper = sa.and_(*NO_PAPER)
sa.Index(
    "ix_order_head_no_paper", order_head.c.merchant_id, order_head.c.desk_state, order_head.c.id, order_head.c.revision, order_head.c.payment,
    order_head.c.produced_at_us, sqlite_where=_no_paper, postgresql_where=_no_paper,
)  # fmt: skip

order_revision = merchant_table(
    "order_revision", big("order_id"), big("revision"), big("party_version"), text("body"), text("content_hash"),
    big("computed_goods_minor"), big("computed_payable_minor"), text("reason"), text("actor_kind"), big("actor_id"),
    text("actor_name"), big("at_us"), key=("order_id", "revision"), append_only=True,
)  # fmt: skip

order_line = merchant_table(
    "order_line", big("order_id"), big("revision"), big("position"), text("line_id"), text("sku"), text("title"),
    text("spec"), text("unit"), big("quantity_micro"), big("unit_price_micro"), big("discount_minor"),
    big("total_minor", nullable=True), big("gift"), key=("order_id", "revision", "position"), append_only=True,
)  # fmt: skip

order_number = merchant_table("order_number", text("number"), big("order_id"), key=("number",))
order_source = merchant_table(
    "order_source", text("channel"), big("shop_id"), text("external_id"), big("order_id"), text("content_digest"),
    text("axes"), big("version_us", nullable=True), big("source_revision"), text("news"),
    key=("channel", "shop_id", "external_id"),
)  # fmt: skip
number_counter = merchant_table(
    "number_counter", big("shop_id"), text("day"), big("last"), key=("shop_id", "day")
)

hold = merchant_table(
    "hold", big("id"), big("order_id"), big("revision"), text("kind"), text("reason"), text("findings"),
    big("job_id", nullable=True), text("copy"), big("since_us"), big("by_id"), text("by_name"),
    big("until_us", nullable=True), big("closed_at_us", nullable=True), text("closed_by"), text("closed_reason"),
    big("told_at_us", nullable=True), key=("id",),
)  # fmt: skip
_open = hold.c.closed_at_us.is_(None)
index(hold, "merchant_id", "order_id", "-id")
sa.Index(
    "ix_hold_open_order", hold.c.merchant_id, hold.c.order_id, hold.c.id, sqlite_where=_open,
    postgresql_where=_open,
)  # fmt: skip
sa.Index(
    "ix_hold_open_kind", hold.c.merchant_id, hold.c.kind, hold.c.order_id.desc(), sqlite_where=_open,
    postgresql_where=_open,
)  # fmt: skip

order_finding = merchant_table(
    "order_finding", big("order_id"), big("position"), big("revision"), text("code"), text("level"), text("field"),
    text("data"), key=("order_id", "position"),
)  # fmt: skip
index(order_finding, "merchant_id", "code", "-order_id")

acknowledgement = merchant_table(
    "acknowledgement", big("order_id"), big("revision"), text("code"), big("at_us"), big("actor_id"),
    text("actor_name"), key=("order_id", "revision", "code"), append_only=True,
)  # fmt: skip

lookup = merchant_table(
    "lookup", big("id"), big("at_us"), text("actor_kind"), big("actor_id"), text("actor_name"), text("door"),
    text("kind"), text("purpose"), text("query_digest"), blob("sealed_query"), big("count"), blob("hits"), text("fields"),
    text("place"), blob("states", nullable=True), big("of_id"), key=("id",),
)  # fmt: skip
index(lookup, "merchant_id", "actor_id", "-id")
index(lookup, "merchant_id", "door", "-id")
index(lookup, "merchant_id", "query_digest", "-id")
_of_file = lookup.c.of_id > NOUGHT
sa.Index(
    "ix_lookup_file", lookup.c.merchant_id, lookup.c.id.desc(), sqlite_where=_of_file, postgresql_where=_of_file
)  # fmt: skip
lookup_order = merchant_table(
    "lookup_order", big("order_id"), big("lookup_id"), key=("order_id", "lookup_id")
)
lookup_shop = merchant_table("lookup_shop", big("shop_id"), big("lookup_id"), key=("shop_id", "lookup_id"))
# The orders of files, packed by the time that they were made: a file of a million is some hundred rows.
lookup_span = merchant_table(
    "lookup_span", big("bucket"), big("lookup_id"), big("low"), big("high"), big("count"), blob("hits"),
    key=("bucket", "lookup_id", "low"),
)  # fmt: skip
index(lookup_span, "merchant_id", "lookup_id")
lookup_mark = merchant_table("lookup_mark", big("indexed_to"), key=())

screen = merchant_table(
    "screen", big("id"), text("name"), big("owner_id"), big("shared"), text("filter"), big("at_us"), text("columns"), key=("id",)
)  # fmt: skip
screen_default = merchant_table("screen_default", big("operator_id"), big("screen_id"), key=("operator_id",))

import_batch = merchant_table(
    "import_batch", big("id"), text("filename"), text("sha256"), text("importer"), text("options"), text("status"),
    big("orders"), big("created"), big("changed"), big("unchanged"), big("conflicts"), big("bad_rows"),
    big("actor_id"), text("actor_name"), big("at_us"), big("done_at_us", nullable=True),
    blob("sealed_file", nullable=True), text("headings"), key=("id",),
)  # fmt: skip
# personal: what can't be read, as it came; sealed, 30 days
quarantine = merchant_table(
    "quarantine", big("id"), big("batch_id"), big("row"), text("field"), text("code"), text("reason"), text("data"),
    blob("sealed_raw"), text("status"), big("at_us"), key=("id",),
)  # fmt: skip
index(quarantine, "merchant_id", "status", "-id")

download = merchant_table(
    "download", big("id"), text("name"), text("format"), text("filter"), big("real"), text("reason"), text("status"),
    big("rows"), big("total"), big("size_bytes"), text("sha256"), text("path"), text("fault"), big("lookup_id"),
    big("actor_id"), text("actor_name"), big("at_us"), big("done_at_us", nullable=True), big("orders"), text("columns"),
    big("withheld"), key=("id",),
)  # fmt: skip
index(download, "merchant_id", "status", "done_at_us")
batch = merchant_table(
    "batch", big("id"), text("kind"), text("items"), text("sha256"), big("count"), big("actor_id"),
    text("actor_name"), big("at_us"), key=("id",), append_only=True,
)  # fmt: skip

# News of one axis of an order that has not come yet: ids and states, no personal data.
waiting_news = merchant_table(
    "waiting_news", text("channel"), big("shop_id"), text("external_id"), text("news"), big("at_us"),
    key=("channel", "shop_id", "external_id"),
)  # fmt: skip
index(waiting_news, "merchant_id", "at_us")

# personal: none; `sealed` holds the platform's secrets, until the connection is removed
connection = merchant_table(
    "connection", big("id"), text("kind"), text("name"), big("shop_id"), text("options"), blob("sealed"),
    blob("sealed_before", nullable=True), big("rotated_at_us", nullable=True), text("state"), big("created_at_us"),
    big("last_at_us", nullable=True), text("last_result"), text("fault"), big("fault_at_us", nullable=True),
    big("refused"), key=("id",),
)  # fmt: skip
# Read before the merchant is known: the path token of a connection, hashed.
hook_route = directory_table(
    "hook_route", text("token_hash"), big("merchant_id"), big("connection_id"), key=("token_hash",)
)
# What came in by a connection, 30 days: its id there and a digest, never the body.
delivery = merchant_table(
    "delivery", big("connection_id"), text("delivery_id"), text("digest"), text("kind"), text("result"),
    big("order_id"), big("at_us"), key=("connection_id", "delivery_id"),
)  # fmt: skip
index(delivery, "merchant_id", "connection_id", "-at_us")
index(delivery, "merchant_id", "at_us")
# personal: the draft that a source brought against the desk's amendment, under its person's key, until the conflict closes or 30 days
conflict_draft = merchant_table(
    "conflict_draft", big("order_id"), big("hold_id"), big("base_revision"), big("person_id"), blob("sealed"), big("at_us"),
    key=("order_id",),
)  # fmt: skip
index(conflict_draft, "merchant_id", "person_id")
index(conflict_draft, "merchant_id", "at_us")
platform_request = merchant_table(
    "platform_request", big("id"), big("order_id"), big("revision"), text("part"), text("digest"), text("state"),
    big("hold_id"), big("at_us"), text("by_name"), big("ended_at_us"), text("ended_by"), text("reason"),
    key=("order_id", "id"),
)  # fmt: skip
order_editor = merchant_table(
    "order_editor", big("order_id"), big("operator_id"), text("name"), text("token"), big("since_us"), big("until_us"),
    text("taken_from"), key=("order_id",),
)  # fmt: skip
index(order_editor, "merchant_id", "until_us")

# How far the commit of an import is: apart from the import, whose row holds its file.
import_progress = merchant_table(
    "import_progress", big("import_id"), big("alive_us"), big("taken"), big("created"), big("changed"), big("unchanged"),
    big("conflicts"), big("bad_rows"), big("actor_id"), text("actor_name"), key=("import_id",),
)  # fmt: skip
# personal: the texts that a sweep looks for, sealed, until the sweep is done
erasure = merchant_table(
    "erasure", big("id"), big("person_id"), big("orders"), text("reason"), text("state"), blob("sealed", nullable=True),
    text("found"), big("actor_id"), text("actor_name"), big("at_us"), big("done_at_us", nullable=True), key=("id",),
)  # fmt: skip
legal_hold = merchant_table(
    "legal_hold",
    big("order_id"),
    text("reason"),
    big("by_id"),
    text("by_name"),
    big("at_us"),
    key=("order_id",),
)

import_profile = merchant_table(
    "import_profile", big("id"), text("name"), text("body"), big("at_us"), key=("id",)
)  # fmt: skip
index(quarantine, "merchant_id", "batch_id", "id")
# personal: none; names of columns, as long as the operator is known
download_columns = merchant_table(
    "download_columns", big("actor_id"), text("name"), text("columns"), key=("actor_id", "name")
)
# personal: none; names of columns, as long as the operator is known
own_columns = merchant_table("own_columns", big("operator_id"), text("columns"), key=("operator_id",))

# personal: a phone or a query that names somebody, sealed, until it is taken off the list or its day has come
watch = merchant_table(
    "watch", big("id"), text("kind"), big("order_id"), text("phone_digest"), blob("sealed"), text("reason"), big("by_id"),
    text("by_name"), big("at_us"), big("until_us"), key=("id",),
)  # fmt: skip
second_ask = merchant_table(
    "second_ask", big("id"), big("order_id"), text("act"), text("reason"), text("asked_kind"), big("asked_by"),
    text("asked_name"), big("maker_id"), big("at_us"), text("state"), big("decided_by"), text("decided_name"),
    big("decided_at_us", nullable=True), big("until_us"), key=("id",),
)  # fmt: skip
index(second_ask, "merchant_id", "state", "-id")
index(second_ask, "merchant_id", "order_id", "-id")
index(second_ask, "merchant_id", "asked_by", "-id")
# personal: none; that the files were written anew after an erasure, and what could not be
compaction = merchant_table(
    "compaction", big("id"), text("state"), text("left_over"), big("size_before"), big("size_after"), big("at_us"),
    big("due_at_us"), big("began_at_us"), big("done_at_us"), key=("id",),
)  # fmt: skip
index(compaction, "merchant_id", "state")
