"""Drills: the whole chain is tried, and each link's time is kept.

A drill is a signal like any other: the watch makes an incident of it that sounds a few seconds, the
sirens confirm ON and OFF, people are told, open screens show it. It says that it is a drill everywhere.
"""

from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.alarm.record import open_incidents
from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import NEWEST, write_journal
from tocsin.core.schema import big, index, merchant_table, text
from tocsin.core.statement import Statement, bind, insert_into, own

DRILLED = "alarm.drill"

# States: running, passed, failed. `links` is JSON.
drill = merchant_table(
    "drill", big("id"), big("at_us"), big("actor_id"), text("actor_name"), big("by_hand"), big("incident_id"),
    big("raised_at_us"), big("cleared_at_us"), big("ended_at_us"), text("state"), text("links"), key=("id",),
)  # fmt: skip
index(drill, "merchant_id", "-id")


class DrillMissing(Refusal):
    """There is no such drill: look at the list of drills"""

    kind, code = "missing", "drill_missing"


class DrillRunning(Refusal):
    """A drill is running: wait until it has ended"""

    kind, code = "conflict", "drill_running"


class DrillUntimely(Refusal):
    """An alarm is open: see to it first, and drill when all is quiet"""

    kind, code = "conflict", "drill_untimely"


class Link(Struct, frozen=True):
    """One link of the chain.

    Args:
        link: signal, siren_on, siren_off, person or screen; `name` of the siren or the recipient.
        state: ok (confirmed by the other side), sent (handed over, not confirmed), none (there is nobody), failed.
        ms: since the drill began; for siren_off since it was cleared.
        problem: a sentence to translate; `number` may follow it.
    """

    link: str
    state: str
    name: str = ""
    ms: int = 0
    problem: str = ""
    number: str = ""


class Drill(Struct, frozen=True):
    """One drill; instants are 0 where they have not come."""

    id: int
    at_us: int
    actor_id: int
    actor_name: str
    by_hand: int
    incident_id: int
    raised_at_us: int
    cleared_at_us: int
    ended_at_us: int
    state: str
    links: str

    def chain(self) -> list[Link]:
        """Return the links, as they stood when it ended."""
        return msgspec.json.decode(self.links, type=list[Link])


_COLUMNS = tuple(drill.c[name] for name in Drill.__struct_fields__)
_ADD = insert_into(drill)
_PAGE = Statement(
    sa.select(*_COLUMNS).where(own(drill), drill.c.id < bind("before")).order_by(drill.c.id.desc()).limit(bind("limit")),
    Drill,
)  # fmt: skip
_GET = Statement(
    sa.select(*_COLUMNS).where(own(drill), drill.c.id == bind("drill_id")).with_for_update(), Drill
)
_STORE = Statement[None](
    sa.update(drill).where(own(drill), drill.c.id == bind("b_id")),
    sets=("incident_id", "raised_at_us", "cleared_at_us", "ended_at_us", "state", "links"),
)


def start_drill(tx: Tx, actor: Actor, *, by_hand: bool = True) -> int:
    """Begin a drill; return its id.

    Raises:
        NotAllowed: the actor may not change shop settings.
        DrillRunning, DrillUntimely
    """
    require(actor, "shop_settings")
    if any(one.state == "running" for one in list_drills(tx, limit=1)):
        raise DrillRunning
    if open_incidents(tx):
        raise DrillUntimely
    drill_id = new_id()
    tx.run(
        _ADD, id=drill_id, at_us=tx.now_us, actor_id=actor.id, actor_name=actor.name, by_hand=int(by_hand), incident_id=0,
        raised_at_us=0, cleared_at_us=0, ended_at_us=0, state="running", links="[]",
    )  # fmt: skip
    send_signal(tx, Signal(kind="drill", subject=f"drill:{drill_id}"))
    write_journal(tx, actor, verb="alarm.drill", subject=f"drill:{drill_id}")
    return drill_id


def list_drills(tx: Tx, *, before: int = NEWEST, limit: int = 20) -> list[Drill]:
    """Return drills, the newest first."""
    return tx.rows(_PAGE, before=before, limit=limit)


def get_drill(tx: Tx, *, drill_id: int) -> Drill:
    """Return a drill, which nobody else changes until this transaction ends.

    Raises:
        DrillMissing
    """
    found = tx.one(_GET, drill_id=drill_id)
    if found is None:
        raise DrillMissing
    return found


def store_drill(tx: Tx, changed: Drill) -> None:
    """Store what can change of a locked drill."""
    fields: dict[str, Any] = msgspec.structs.asdict(changed)
    names = ("incident_id", "raised_at_us", "cleared_at_us", "ended_at_us", "state", "links")
    tx.run(_STORE, b_id=changed.id, **{name: fields[name] for name in names})


def end_drill(tx: Tx, present: Drill, *, links: list[Link]) -> Drill:
    """Keep a drill's result; it has failed where a link has, or where the chain leads to nobody."""
    reached = any(one.state in ("ok", "sent") for one in links if one.link in ("siren_on", "person"))
    passed = reached and not any(one.state == "failed" for one in links)
    ended = replace(
        present,
        ended_at_us=tx.now_us,
        state="passed" if passed else "failed",
        links=msgspec.json.encode(links).decode(),
    )
    store_drill(tx, ended)
    append_event(tx, DRILLED, subject_id=ended.id, data={"state": ended.state})
    return ended
