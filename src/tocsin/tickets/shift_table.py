"""The tables of the shift handover: the shift that runs at a place, and what both persons have signed."""

import sqlalchemy as sa

from tocsin.core.schema import big, index, merchant_table, text
from tocsin.core.statement import among

# A shift of a place (`desk_id` 0: no enrolled desk): open, offered (its operator has signed), over. `body` is the JSON that
# was frozen when it was offered, `to_id` whom it is for (0: whoever of the shop).
# personal: `note` is free text; the names of an erased receiver are taken out of it
shift = merchant_table(
    "shift", big("id"), big("shop_id"), big("desk_id"), text("state"), big("begun_at_us"), big("operator_id"),
    text("operator_name"), big("to_id"), big("offered_at_us"), big("session_id"), text("method"), text("body"), text("note"), big("over_at_us"),
    key=("id",),
)  # fmt: skip
_running = among(shift.c.state, "open", "offered")
sa.Index(
    "uq_shift_running", shift.c.merchant_id, shift.c.shop_id, shift.c.desk_id, unique=True, sqlite_where=_running,
    postgresql_where=_running,
)  # fmt: skip
# What both have signed: `body` with its SHA-256, who handed over and who took over, and what each proved himself with.
shift_signed = merchant_table(
    "shift_signed", big("id"), big("shift_id"), big("shop_id"), big("desk_id"), big("begun_at_us"), text("body"), text("digest"),
    big("out_id"), text("out_name"), text("out_method"), big("out_at_us"), big("in_id"), text("in_name"), text("in_method"),
    big("in_at_us"), big("sessions_ended"), key=("id",), append_only=True,
)  # fmt: skip
index(shift_signed, "merchant_id", "shift_id", unique=True)
index(shift_signed, "merchant_id", "shop_id", "-id")
