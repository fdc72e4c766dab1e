"""Settles who may enter a restored desk: sessions have ended, links are void, keys and stations wait for an owner's word.

What was taken from somebody after the backup was made has come back with it: nobody goes on where he was.
"""

import sqlalchemy as sa

from tocsin.access.api_key import suspend_api_keys
from tocsin.access.link import void_all_links
from tocsin.access.station import WAITS, live_stations, station
from tocsin.access.table import limit_bucket, session, wall_link
from tocsin.access.undo import Act
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, own

_SESSIONS = Statement[None](
    sa.update(session).where(own(session), session.c.ended_at_us.is_(None)),
    sets=("ended_at_us", "ended_reason"),
)
_WALLS = Statement[None](
    sa.update(wall_link).where(own(wall_link), wall_link.c.revoked_at_us.is_(None)), sets=("revoked_at_us",)
)
_STATIONS = Statement[None](
    sa.update(station).where(own(station), station.c.revoked_at_us == 0),
    sets=("problem", "vanished_at_us", "left_at_us"),
)
# They count by the steady clock of a machine that is no more.
_BUCKETS = Statement[None](sa.delete(limit_bucket))


def settle_access(tx: Tx, act: Act) -> None:
    """End, void and suspend; what is suspended is noted, to be let go on one by one."""
    tx.run(_SESSIONS, ended_at_us=tx.now_us, ended_reason="restored")
    tx.run(_WALLS, revoked_at_us=tx.now_us)
    tx.run(_BUCKETS)
    void_all_links(tx)
    for key_id in suspend_api_keys(tx):
        act.note("api_key", subject_id=key_id)
    for one in live_stations(tx):
        act.note("station", subject_id=one.id, subject=one.name)
    # Not let in, it is not missed either: the alarm is told of it already.
    tx.run(_STATIONS, problem=WAITS, vanished_at_us=tx.now_us, left_at_us=tx.now_us)
