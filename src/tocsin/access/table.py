"""Tables of the chapter: directory tables are read before the merchant is known."""

from tocsin.core.schema import big, directory_table, index, merchant_table, text

sign_in_name = directory_table(
    "sign_in_name", text("name_key"), big("merchant_id"), big("operator_id"), key=("name_key",)
)  # fmt: skip
index(sign_in_name, "merchant_id", "operator_id", unique=True)

operator = merchant_table(
    "operator", big("id"), text("name"), text("display_name"), text("role"), big("active"), text("locale"),
    text("zone"), big("created_at_us"), big("created_by"), text("shops"), big("home_shop_id"), text("hours"), text("places"),
    big("left_at_us"), key=("id",),
)  # fmt: skip
index(operator, "merchant_id", "role")
# `strength`: full, or desk for one that opens at enrolled desks alone; empty: full, from before there were desks.
password = merchant_table(
    "password", big("operator_id"), text("hash"), big("changed_at_us"), text("strength"), key=("operator_id",)
)

# A browser that a manager has enrolled; `token_hash` is of its cookie.
desk = directory_table(
    "desk", text("token_hash"), big("merchant_id"), big("id"), text("name"), text("place"), big("shop_id"),
    big("created_at_us"), big("created_by"), big("last_seen_us"), big("revoked_at_us", nullable=True), key=("token_hash",),
)  # fmt: skip
index(desk, "merchant_id", "id", unique=True)
pin = merchant_table(
    "pin", big("desk_id"), big("operator_id"), text("hash"), big("failures"), big("set_at_us"), key=("desk_id", "operator_id"),
)  # fmt: skip
index(pin, "merchant_id", "operator_id")

session = directory_table(
    "session", text("token_hash"), big("merchant_id"), big("id"), big("operator_id"), big("created_at_us"),
    big("last_seen_us"), big("expires_at_us"), text("device"), text("address"), big("ended_at_us", nullable=True),
    text("ended_reason"), big("proved_at_us"), text("method"), big("desk_id"), big("locked_at_us"), key=("token_hash",),
)  # fmt: skip
index(session, "merchant_id", "operator_id", "-id")
index(session, "merchant_id", "desk_id", "-id")

known_device = directory_table(
    "known_device", text("device_hash"), text("name_digest"), big("merchant_id"), big("operator_id"), big("last_seen_us"),
    key=("device_hash", "name_digest"),
)  # fmt: skip
index(known_device, "merchant_id", "operator_id")

attempt = directory_table(
    "attempt", big("id"), text("name_digest"), big("merchant_id"), big("operator_id"), text("address"),
    big("known_device"), text("method"), text("outcome"), big("at_us"), key=("id",),
)  # fmt: skip
index(attempt, "merchant_id", "operator_id", "-id")
index(attempt, "at_us")
index(attempt, "merchant_id", "at_us", "outcome")

# Instants of the steady clock. `account`: digest of the account whose locks a person may lift.
limit_bucket = directory_table(
    "limit_bucket", text("name"), big("failures"), big("since_us"), big("locked_until_us"), big("lease_id"),
    big("lease_until_us"), big("touched_at_us"), text("account"), key=("name",),
)  # fmt: skip
index(limit_bucket, "touched_at_us")
index(limit_bucket, "account")

# Names that nobody has: whoever tries one is no colleague.
decoy_name = directory_table(
    "decoy_name", text("name_key"), big("merchant_id"), big("id"), big("created_at_us"), big("created_by"),
    key=("name_key",),
)  # fmt: skip
index(decoy_name, "merchant_id", "id", unique=True)

# `operator_id` 0: the link creates an owner; else it lets that new operator set his own credential.
owner_link = directory_table(
    "owner_link", text("token_hash"), big("merchant_id"), big("operator_id"), big("created_at_us"),
    big("expires_at_us"), big("used_at_us", nullable=True), big("made_by"), key=("token_hash",),
)  # fmt: skip
index(owner_link, "merchant_id", "operator_id")
index(owner_link, "merchant_id", "made_by")

api_key = directory_table(
    "api_key", text("key_hash"), big("merchant_id"), big("id"), text("name"), text("prefix"), text("scopes"),
    big("created_by"), big("created_at_us"), big("last_used_us", nullable=True), big("revoked_at_us", nullable=True),
    big("suspended_at_us"), key=("key_hash",),
)  # fmt: skip
index(api_key, "merchant_id", "id", unique=True)
index(api_key, "merchant_id", "created_by")

# What an account's owner gets back in by: a code that his superior shows him, or one that he has kept himself.
reset_code = merchant_table(
    "reset_code", big("operator_id"), text("digest"), big("created_at_us"), big("expires_at_us"), big("made_by"),
    key=("operator_id",),
)  # fmt: skip
index(reset_code, "merchant_id", "made_by")
recovery_code = merchant_table(
    "recovery_code", big("operator_id"), text("digest"), big("created_at_us"), big("used_at_us", nullable=True),
    key=("operator_id", "digest"),
)  # fmt: skip

# What was changed about an account, until its owner has seen it.
account_notice = merchant_table(
    "account_notice", big("id"), big("operator_id"), text("what"), big("at_us"), big("seen_at_us"), key=("id",),
)  # fmt: skip
index(account_notice, "merchant_id", "operator_id", "seen_at_us", "-id")

# What one act did, each thing with what would undo it: `act_id` is the id of the first of them.
undo_item = merchant_table(
    "undo_item", big("id"), big("act_id"), text("act"), big("about_id"), text("kind"), big("subject_id"), text("subject"),
    big("at_us"), big("actor_id"), big("undone_at_us", nullable=True), big("undone_by"), key=("id",),
)  # fmt: skip
index(undo_item, "merchant_id", "act_id", "id")
index(undo_item, "merchant_id", "act", "about_id", "-id")

# Read before the merchant is known: a passkey alone says who signs in. Ids and keys in Base64url.
passkey = directory_table(
    "passkey", text("credential_hash"), big("merchant_id"), big("id"), big("operator_id"), text("credential_id"),
    text("public_key"), big("algorithm"), big("sign_count"), big("backed_up"), text("name"), big("created_at_us"),
    big("last_used_us", nullable=True), big("revoked_at_us", nullable=True), key=("credential_hash",),
)  # fmt: skip
index(passkey, "merchant_id", "operator_id", "-id")

# A screen on a wall: `token_hash` is of the link that opens it, `screen_hash` of the cookie of the one browser that it was
# opened in last; it shows figures of the desk, and opens nothing else.
wall_link = directory_table(
    "wall_link", text("token_hash"), big("merchant_id"), big("id"), text("name"), big("shop_id"), text("screen_hash"),
    big("times_opened"), big("opened_at_us"), text("address"), big("last_seen_us"), big("created_at_us"),
    big("created_by"), big("revoked_at_us", nullable=True), key=("token_hash",),
)  # fmt: skip
index(wall_link, "merchant_id", "id", unique=True)
