"""Tables of the chapter: directory tables are read before the merchant is known."""

from tocsin.core.schema import big, directory_table, index, merchant_table, text

sign_in_name = directory_table(
    "sign_in_name", text("name_key"), big("merchant_id"), big("operator_id"), key=("name_key",)
)  # fmt: skip
index(sign_in_name, "merchant_id", "operator_id", unique=True)

operator = merchant_table(
    "operator", big("id"), text("name"), text("display_name"), text("role"), big("active"), text("locale"),
    text("zone"), big("created_at_us"), big("created_by"), key=("id",),
)  # fmt: skip
password = merchant_table(
    "password", big("operator_id"), text("hash"), big("changed_at_us"), key=("operator_id",)
)

session = directory_table(
    "session", text("token_hash"), big("merchant_id"), big("id"), big("operator_id"), big("created_at_us"),
    big("last_seen_us"), big("expires_at_us"), text("device"), text("address"), big("ended_at_us", nullable=True),
    text("ended_reason"), big("proved_at_us"), text("method"), key=("token_hash",),
)  # fmt: skip
index(session, "merchant_id", "operator_id", "-id")

known_device = directory_table(
    "known_device", text("device_hash"), text("name_digest"), big("merchant_id"), big("operator_id"), big("last_seen_us"),
    key=("device_hash", "name_digest"),
)  # fmt: skip

attempt = directory_table(
    "attempt", big("id"), text("name_digest"), big("merchant_id"), big("operator_id"), text("address"),
    big("known_device"), text("method"), text("outcome"), big("at_us"), key=("id",),
)  # fmt: skip
index(attempt, "merchant_id", "operator_id", "-id")
index(attempt, "at_us")

limit_bucket = directory_table(
    "limit_bucket", text("name"), big("failures"), big("since_us"), big("locked_until_us"), big("lease_id"),
    big("lease_until_us"), big("touched_at_us"), key=("name",),
)  # fmt: skip
index(limit_bucket, "touched_at_us")

# `operator_id` 0: the link creates an owner; else it gives that operator a new password.
owner_link = directory_table(
    "owner_link", text("token_hash"), big("merchant_id"), big("operator_id"), big("created_at_us"),
    big("expires_at_us"), big("used_at_us", nullable=True), big("made_by"), key=("token_hash",),
)  # fmt: skip

api_key = directory_table(
    "api_key", text("key_hash"), big("merchant_id"), big("id"), text("name"), text("prefix"), text("scopes"),
    big("created_by"), big("created_at_us"), big("last_used_us", nullable=True), big("revoked_at_us", nullable=True),
    key=("key_hash",),
)  # fmt: skip
index(api_key, "merchant_id", "id", unique=True)
