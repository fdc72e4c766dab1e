"""Box 14's saved screens: personal, shared, one's opening one; each a query and the columns that it shows."""

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into, own, upsert
from tocsin.core.text import read_name
from tocsin.orders.screen import Filter, read_filter
from tocsin.orders.screen_query import kept_filter
from tocsin.orders.table import screen, screen_default

COLUMNS = (
    "receiver", "goods", "payable", "state", "axes", "placed", "campaign", "pickup", "channel", "method", "produced", "checked"
)  # fmt: skip
_NAME_MOST = 80
FIRST_COLUMNS = ("receiver", "goods", "payable", "state", "axes", "placed")


class ScreenMissing(Refusal):
    """There is no such saved screen, or it is not shared with you: choose one on the page of screens"""

    kind, code = "missing", "screen_missing"


class ScreenNameWrong(Refusal):
    """A screen's name has 1 to {most} characters that can be seen: give it another"""

    kind, code = "invalid", "screen_name_wrong"


class ScreenColumnUnknown(Refusal):
    """A list has no column “{column}”: choose among {columns}"""

    kind, code = "invalid", "screen_column_unknown"


class Screen(Struct, frozen=True):
    """A saved screen, personal or shared; `columns` are names with spaces between, empty for the usual ones."""

    id: int
    name: str
    owner_id: int
    shared: int
    filter: str
    columns: str

    def saved_filter(self, tx: Tx) -> Filter:
        """Return the filter that was saved."""
        return kept_filter(tx, self.filter)

    def shown_columns(self) -> tuple[str, ...]:
        """Return the columns to show."""
        return tuple(name for name in self.columns.split() if name in COLUMNS) or FIRST_COLUMNS


_SCREEN_COLUMNS = tuple(screen.c[name] for name in Screen.__struct_fields__)
_ADD = insert_into(screen)
_visible = sa.or_(screen.c.owner_id == bind("actor_id"), screen.c.shared == 1)
_LIST = Statement(
    sa.select(*_SCREEN_COLUMNS).where(own(screen), _visible).order_by(screen.c.name).limit(200), Screen
)
_ONE = Statement(sa.select(*_SCREEN_COLUMNS).where(own(screen), _visible, screen.c.id == bind("id")), Screen)
_DROP = Statement[None](
    sa.delete(screen).where(own(screen), screen.c.id == bind("id"), screen.c.owner_id == bind("actor_id"))
)
_DEFAULT = Statement[tuple[int]](
    sa.select(screen_default.c.screen_id).where(own(screen_default), screen_default.c.operator_id == bind("actor_id"))
)  # fmt: skip
_choosing = upsert(screen_default)
_CHOOSE = Statement[None](
    _choosing.on_conflict_do_update(
        index_elements=["merchant_id", "operator_id"], set_={"screen_id": _choosing.excluded.screen_id}
    ),
    sets=("merchant_id", "operator_id", "screen_id"),
)


def save_screen(
    tx: Tx, actor: Actor, *, name: str, wanted: Filter, shared: bool, columns: tuple[str, ...] = ()
) -> int:
    """Save a filter under a name; return the screen's id.

    Raises:
        NotAllowed: the actor may not query; or not share, which needs `amend` or `shop_settings`.
        ScreenNameWrong: nothing is left of it, or more than 80 characters.
        ScreenColumnUnknown
        QueryUnreadable and its like: the query can't be read.
    """
    require(actor, "query")
    if shared and not actor.may("shop_settings"):
        require(actor, "amend")
    plain = read_name(name, most=_NAME_MOST)
    if not plain:
        raise ScreenNameWrong(most=_NAME_MOST)
    if unknown := [column for column in columns if column not in COLUMNS]:
        raise ScreenColumnUnknown(column=unknown[0][:40], columns=", ".join(COLUMNS))
    read_filter(tx, wanted)
    screen_id = new_id()
    tx.run(
        _ADD, id=screen_id, name=plain, owner_id=actor.id, shared=int(shared),
        filter=msgspec.json.encode(wanted).decode(), columns=" ".join(columns), at_us=tx.now_us,
    )  # fmt: skip
    write_journal(
        tx, actor, verb="orders.save_screen", subject=f"screen:{screen_id}", data={"shared": shared}
    )
    return screen_id


def list_screens(tx: Tx, actor: Actor) -> list[Screen]:
    """Return the screens an actor sees: his own and shared ones, by name."""
    return tx.rows(_LIST, actor_id=actor.id)


def get_screen(tx: Tx, actor: Actor, *, screen_id: int) -> Screen:
    """Return a saved screen.

    Raises:
        ScreenMissing: there is none, or it is somebody else's own.
    """
    found = tx.one(_ONE, id=screen_id, actor_id=actor.id)
    if found is None:
        raise ScreenMissing
    return found


def drop_screen(tx: Tx, actor: Actor, *, screen_id: int) -> Screen:
    """Delete an own screen; return it.

    Raises:
        ScreenMissing: there is none, or it is somebody else's.
    """
    found = get_screen(tx, actor, screen_id=screen_id)
    if not tx.run(_DROP, id=screen_id, actor_id=actor.id):
        raise ScreenMissing
    write_journal(tx, actor, verb="orders.drop_screen", subject=f"screen:{screen_id}")
    return found


def restore_screen(tx: Tx, actor: Actor, found: Screen) -> None:
    """Put a screen back that its owner has deleted, as it was; what prints by itself is chosen anew.

    Raises:
        NotAllowed: he may not query, or not share any more.
    """
    require(actor, "query")
    if found.shared and not actor.may("shop_settings"):
        require(actor, "amend")
    columns = {name: getattr(found, name) for name in Screen.__struct_fields__}
    tx.run(_ADD, **columns | {"owner_id": actor.id}, at_us=tx.now_us)
    write_journal(
        tx,
        actor,
        verb="orders.save_screen",
        subject=f"screen:{found.id}",
        data={"shared": bool(found.shared)},
    )


def open_with(tx: Tx, actor: Actor, *, screen_id: int) -> None:
    """Choose the screen that one's desk opens with; 0 is all orders.

    Raises:
        ScreenMissing: there is none, or it is somebody else's own.
    """
    require(actor, "query")
    if screen_id:
        get_screen(tx, actor, screen_id=screen_id)
    tx.run(_CHOOSE, operator_id=actor.id, screen_id=screen_id)


def opening_screen(tx: Tx, actor: Actor) -> Screen | None:
    """Return the screen that one's desk opens with, None where none was chosen or it is gone."""
    chosen = tx.value(_DEFAULT, actor_id=actor.id)
    return tx.one(_ONE, id=int(chosen), actor_id=actor.id) if chosen else None
