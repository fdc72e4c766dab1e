"""Settles the alarm of a restored merchant: what was going on then makes no noise now, and wakes nobody."""

import sqlalchemy as sa
from msgspec.structs import replace

from tocsin.alarm.again import BY_RESTORE
from tocsin.alarm.drill import drill
from tocsin.alarm.incident import RESTORED, end_incident
from tocsin.alarm.notice import notice
from tocsin.alarm.record import open_incidents, store_incident
from tocsin.alarm.siren_lease import siren_lease
from tocsin.alarm.table import signal
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, own

_SIGNALS = Statement[None](sa.update(signal).where(signal.c.seen == 0), sets=("seen",))
_NOTICES = Statement[None](
    sa.update(notice).where(own(notice), notice.c.state == "waiting"), sets=("state", "problem")
)
_DRILLS = Statement[None](
    sa.update(drill).where(own(drill), drill.c.state == "running"), sets=("state", "ended_at_us")
)
_LEASES = Statement[None](sa.delete(siren_lease))


def settle_alarm(tx: Tx) -> None:
    """Let open incidents stand in sight, silent and in nobody's hands; drop what nobody was told of yet."""
    for one in open_incidents(tx):
        if (
            one.kind == RESTORED
        ):  # that of an earlier restore: the one of this restore stands after all that came since
            end_incident(tx, None, one, outcome="cleared")
            continue
        changed = replace(one, sound_until_us=0, rings_at_us=0)
        if one.silenced_at_us is None and one.level == "sound":
            changed = replace(changed, silenced_at_us=tx.now_us, silenced_name=BY_RESTORE)
        if one.acknowledged_at_us is None:
            changed = replace(changed, acknowledged_at_us=tx.now_us, acknowledged_name=BY_RESTORE)
        store_incident(tx, changed)
    tx.run(_SIGNALS, seen=1)
    tx.run(_NOTICES, state="dropped", problem="restored")
    tx.run(_DRILLS, state="failed", ended_at_us=tx.now_us)
    tx.run(_LEASES)
