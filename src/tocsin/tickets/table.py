"""The tables of boxes 16 to 20: stations, printers, verdicts, jobs and the codes on paper."""

import sqlalchemy as sa

from tocsin.core.schema import big, blob, directory_table, index, merchant_table, text
from tocsin.core.statement import among

station = merchant_table("station", text("name"), text("holder"), big("leased_until_us"), key=("name",))

printer = merchant_table(
    "printer", big("id"), text("name"), text("kind"), text("options"), text("station"), big("paper_mm"), big("paper_high_mm"),
    text("locale"), text("copies"), big("paused"), big("removed"), text("status"), big("seen_at_us", nullable=True),
    key=("id",),
)  # fmt: skip

verdict = merchant_table(
    "verdict", big("id"), big("order_id"), big("revision"), big("job_id", nullable=True), text("content_hash"),
    text("axes"), big("passed"), text("findings"), big("at_us"), key=("id",), append_only=True,
)  # fmt: skip
index(verdict, "merchant_id", "order_id", "-id")
index(verdict, "merchant_id", "job_id")

print_job = merchant_table(
    "print_job", big("id"), big("batch_id"), big("queue_id"), big("part_id"), big("printer_id"), big("order_id"), big("revision"), text("copy"),
    text("serial"), big("reprint_no"), big("replaces"), big("amended_from"), text("state"), text("reason"), blob("sealed_content"),
    text("content_digest"), big("verdict_id"), big("asked_by"), text("asked_name"), big("asked_at_us"),
    big("expires_at_us"), big("started_at_us", nullable=True), big("ended_at_us", nullable=True), text("outcome"),
    text("settled_by"), big("answer_by_us"), key=("id",),
)  # fmt: skip
index(print_job, "merchant_id", "order_id", "-id")
index(print_job, "merchant_id", "batch_id")
index(print_job, "merchant_id", "queue_id", "-id")
# What pictures count of papers stands behind the id.
index(
    print_job, "merchant_id", "state", "id", "printer_id", "reprint_no", "replaces", "amended_from", "order_id", "ended_at_us"
)  # fmt: skip
_waiting = among(print_job.c.state, "queued", "sending")
sa.Index(
    "ix_print_job_waiting", print_job.c.merchant_id, print_job.c.printer_id, print_job.c.id, sqlite_where=_waiting,
    postgresql_where=_waiting,
)  # fmt: skip
serial_counter = merchant_table(
    "serial_counter", big("shop_id"), text("day"), big("last"), key=("shop_id", "day")
)

ticket_code = directory_table(
    "ticket_code", text("code_digest"), big("merchant_id"), big("job_id"), key=("code_digest",)
)
index(ticket_code, "merchant_id", "job_id")

# A bulk act under way, 30 days; `orders` is JSON of [order id, revision as seen].
# personal: `sealed` may hold a note that is to be written, until the act has ended
bulk_job = merchant_table(
    "bulk_job", big("id"), text("act"), text("orders"), blob("sealed"), text("base_url"), text("state"), big("total"),
    big("done"), big("refused"), text("fault"), text("actor_kind"), big("actor_id"), text("actor_name"), big("at_us"),
    big("ended_at_us", nullable=True), key=("id",),
)  # fmt: skip
index(bulk_job, "merchant_id", "at_us")
bulk_row = merchant_table(
    "bulk_row", big("job_id"), big("place"), big("order_id"), text("number"), text("result"), text("code"), text("told"),
    text("data"), key=("job_id", "place"),
)  # fmt: skip

hand_over = merchant_table(
    "hand_over", big("id"), big("job_id"), big("order_id"), text("copy"), text("serial"), big("at_us"), big("by_id"),
    text("by_name"), key=("id",), append_only=True,
)  # fmt: skip
index(hand_over, "merchant_id", "order_id", "-id")

# `takes` is empty for what is given by hand, `*` for every order, else a query.
print_queue = merchant_table(
    "print_queue", big("id"), text("name"), text("role"), big("shop_id"), big("printer_id"), big("backup_id"),
    big("backup_minutes"), text("copies"), text("takes"), big("own_lines"), big("paused"), big("removed"), key=("id",),
)  # fmt: skip

# A slip that warns of a ticket of a void order, where that ticket came out; what it says is that ticket's own content.
intercept = merchant_table(
    "intercept", big("id"), big("order_id"), big("job_id"), big("printer_id"), text("state"), text("reason"), big("tries"),
    big("due_us"), big("asked_at_us"), big("ended_at_us", nullable=True), text("pulled_by"), text("remote"), key=("id",),
)  # fmt: skip
index(intercept, "merchant_id", "order_id", "id")
_slip_waits = among(intercept.c.state, "queued", "sending")
sa.Index(
    "ix_intercept_waiting", intercept.c.merchant_id, intercept.c.printer_id, intercept.c.id, sqlite_where=_slip_waits,
    postgresql_where=_slip_waits,
)  # fmt: skip

_slip_unknown = among(intercept.c.state, "unknown")
sa.Index(
    "ix_intercept_unknown", intercept.c.merchant_id, intercept.c.printer_id, intercept.c.id, sqlite_where=_slip_unknown,
    postgresql_where=_slip_unknown,
)  # fmt: skip

# personal: a keyed digest of a receiver's name, phone and address; 400 days, or until he is erased from the order
remembered = merchant_table(
    "remembered", text("digest"), text("code"), big("order_id"), big("at_us"), big("actor_id"), text("actor_name"), key=("digest", "code"),
)  # fmt: skip
index(remembered, "merchant_id", "at_us")
index(remembered, "merchant_id", "order_id")

# A shared screen that prints by itself, and what it has asked for: an order's revision, once for ever.
auto_print = merchant_table(
    "auto_print", big("screen_id"), big("since_us"), big("since_id"), big("by_id"), text("by_name"), key=("screen_id",)
)  # fmt: skip
auto_asked = merchant_table(
    "auto_asked", big("order_id"), big("revision"), big("screen_id"), big("at_us"), key=("order_id", "revision"),
    append_only=True,
)  # fmt: skip

# What a printer is secret by: the hash of the address at which it comes for papers (`earlier_hash` is the one before it),
# and the sealed keys of a vendor's cloud; `test_until_us` until when a test page waits for one that comes.
printer_key = merchant_table(
    "printer_key", big("printer_id"), text("secret_hash"), text("earlier_hash"), blob("sealed"), big("test_until_us"),
    key=("printer_id",),
)  # fmt: skip

# A logo of tickets, grey pixels alone, by its digest; one that nobody uses any more 30 days
ticket_logo = merchant_table("ticket_logo", text("digest"), blob("picture"), big("at_us"), key=("digest",))

# What a printer is known again by, as JSON: asked at `place`, then and when; `other` is who answers there instead,
# `rests` whether papers wait while it does.
printer_identity = merchant_table(
    "printer_identity", big("printer_id"), text("identity"), text("place"), big("asked_at_us"), text("other"), big("rests"),
    key=("printer_id",),
)  # fmt: skip

# Who has acknowledged a finding as the first of two; a day, or until the second one has. `mark` is of what was found.
first_signature = merchant_table(
    "first_signature", big("order_id"), big("revision"), text("code"), text("mark"), big("at_us"), big("person_id"), big("key_id"),
    text("actor_name"), key=("order_id", "revision", "code"),
)  # fmt: skip
index(first_signature, "merchant_id", "at_us")

# A printer's place taken by another one: what was changed, as JSON, so that it can be undone while nothing was printed there.
printer_swap = merchant_table(
    "printer_swap", big("id"), big("old_id"), big("new_id"), text("queues"), text("jobs"), text("slips"), big("at_us"),
    big("undone_at_us"), key=("id",),
)  # fmt: skip
index(printer_swap, "merchant_id", "old_id", "-id")
