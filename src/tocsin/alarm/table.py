"""Tables of the chapter: signals, incidents and what was done about them."""

import sqlalchemy as sa

from tocsin.core.schema import big, blob, directory_table, index, merchant_table, text
from tocsin.core.statement import NOUGHT

# Of no merchant (0) where an unknown name was tried: the alarm gives it to the installation's only one.
signal = directory_table(
    "signal", big("id"), big("merchant_id"), text("kind"), big("operator_id"), text("name_digest"), text("method"),
    text("address"), text("address_group"), text("device"), text("outcome"), text("subject"), text("data"), big("at_us"), big("incident_id"), big("seen"),
    key=("id",),
)  # fmt: skip
index(signal, "merchant_id", "incident_id", "-id")
index(signal, "merchant_id", "operator_id", "outcome", "-id")
index(signal, "merchant_id", "address_group", "outcome", "-id")
index(signal, "merchant_id", "kind", "outcome", "-id")
index(signal, "at_us")
# What the alarm has not dealt with: read by this and not by an event's position, which on PostgreSQL would
# wait for every older transaction that is still open, however long.
UNSEEN = signal.c.seen == NOUGHT
sa.Index("ix_signal_unseen", signal.c.id, sqlite_where=UNSEEN, postgresql_where=UNSEEN)

# `key` is what coalesces: one open incident of a merchant has it. Levels: light, sound. `rules` are the
# codes that have fired, each once; `loud_since_us` is when it first sounded.
incident = merchant_table(
    "incident", big("id"), text("kind"), text("key"), text("level"), text("why"), text("why_data"), text("rules"), big("operator_id"),
    big("signals"), big("refused"), big("accounts"), big("addresses"), big("raised_at_us"), big("last_at_us"),
    big("counted_at_us"), big("loud_since_us", nullable=True), big("sounded_at_us", nullable=True), big("sound_until_us"),
    big("rings_at_us"),
    big("silenced_at_us", nullable=True), big("silenced_by"), text("silenced_name"),
    big("acknowledged_at_us", nullable=True), big("acknowledged_by"), text("acknowledged_name"),
    big("escalated"), big("escalated_at_us", nullable=True),
    big("cleared_at_us", nullable=True), big("cleared_by"), text("cleared_name"), text("outcome"), text("note"), key=("id",),
)  # fmt: skip
index(incident, "merchant_id", "-id")
_open = incident.c.cleared_at_us.is_(None)
sa.Index(
    "ix_incident_open",
    incident.c.merchant_id,
    incident.c.id.desc(),
    sqlite_where=_open,
    postgresql_where=_open,
)
sa.Index(
    "uq_incident_open", incident.c.merchant_id, incident.c.key, unique=True, sqlite_where=_open, postgresql_where=_open
)  # fmt: skip

# The timeline: each thing that happened or was done, once; the signals themselves are in `signal`.
incident_entry = merchant_table(
    "incident_entry", big("id"), big("incident_id"), big("at_us"), text("kind"), text("actor_kind"), big("actor_id"),
    text("actor_name"), text("data"), key=("id",), append_only=True,
)  # fmt: skip
index(incident_entry, "merchant_id", "incident_id", "-id")

# What an incident's signals came from and were about: kind account, address or device, counted.
# `reached`: 1 for an account that has had as many failures as the account rule asks for.
incident_source = merchant_table(
    "incident_source", big("incident_id"), text("kind"), text("value"), big("signals"), big("last_at_us"), big("reached"),
    key=("incident_id", "kind", "value"),
)  # fmt: skip
index(incident_source, "merchant_id", "last_at_us")

# Newest row of a merchant holds: calm, alert, lockdown.
posture = merchant_table(
    "posture", big("id"), text("state"), text("why"), big("incident_id"), big("actor_id"), text("actor_name"),
    text("undo"), big("at_us"), key=("id",), append_only=True,
)  # fmt: skip

# State: empty (never seen), off, light, on, failed; `vanished`: the alarm was told of it. `secrets` are sealed.
# `night_us` is when the shop closed, `night_sounded_us` how long it has sounded since.
siren = merchant_table(
    "siren", big("id"), text("name"), text("driver"), text("profile"), text("place"), big("station_id"), text("options"),
    blob("secrets"), big("rank"), big("backup"), big("removed"), big("changed_at_us"), text("state"), text("problem"),
    text("detail"), big("vanished"), big("state_at_us"), big("probed_at_us"), big("sounded_at_us"), big("test_until_us"),
    big("tested_at_us"), big("night_us"), big("night_sounded_us"), key=("id",),
)  # fmt: skip
