"""Which reader stands at which enrolled desk: a reader alone is no factor, it counts together with its desk."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.desk import DeskMissing, name_of_desk
from tocsin.access.presence import is_there
from tocsin.access.station import Station, StationMissing, find_station
from tocsin.access.step_up import require_proof
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.schema import big, merchant_table
from tocsin.core.statement import Statement, bind, own, upsert

desk_reader = merchant_table("desk_reader", big("desk_id"), big("station_id"), big("at_us"), key=("desk_id",))


class AtDesk(Struct, frozen=True):
    """A station whose reader stands at a desk."""

    desk_id: int
    station_id: int


_adding = upsert(desk_reader)
_SET = Statement[None](
    _adding.on_conflict_do_update(
        index_elements=["merchant_id", "desk_id"],
        set_={name: _adding.excluded[name] for name in ("station_id", "at_us")},
    ),
    sets=[c.name for c in desk_reader.columns],
)
_DROP = Statement[None](
    sa.delete(desk_reader).where(own(desk_reader), desk_reader.c.desk_id == bind("of_desk"))
)
_OF_DESK = Statement(
    sa.select(desk_reader.c.desk_id, desk_reader.c.station_id).where(
        own(desk_reader), desk_reader.c.desk_id == bind("of_desk")
    ),
    AtDesk,
)
_ALL = Statement(
    sa.select(desk_reader.c.desk_id, desk_reader.c.station_id).where(own(desk_reader)).order_by(desk_reader.c.desk_id),
    AtDesk,
)  # fmt: skip


def place_reader(tx: Tx, actor: Actor, *, desk_id: int, station_id: int) -> None:
    """Say which station's reader stands at an enrolled desk; 0: none does.

    Raises:
        NotAllowed, ProofNeeded: the actor may not change the shop's settings, or has not proved lately who he is.
        DeskMissing, StationMissing: there is none such.
    """
    require(actor, "shop_settings")
    require_proof(actor)
    if not name_of_desk(tx, desk_id=desk_id):
        raise DeskMissing
    if station_id:
        found = find_station(tx, station_id=station_id)
        if found is None or found.revoked_at_us:
            raise StationMissing
        tx.run(_SET, desk_id=desk_id, station_id=station_id, at_us=tx.now_us)
    else:
        tx.run(_DROP, of_desk=desk_id)
    data = {"station": str(station_id)}
    write_journal(tx, actor, verb="access.place_reader", subject=f"desk:{desk_id}", data=data)
    append_event(tx, "station.changed", subject_id=station_id)


def list_placed(tx: Tx) -> list[AtDesk]:
    """Return which readers stand at which desks."""
    return tx.rows(_ALL)


def reader_at(tx: Tx, *, desk_id: int) -> Station | None:
    """Return the station whose reader stands at a desk and can be asked now."""
    placed = tx.one(_OF_DESK, of_desk=desk_id)
    found = find_station(tx, station_id=placed.station_id) if placed else None
    if found is None or found.reader != "ready" or not is_there(found, tx.now_us):
        return None
    return found
