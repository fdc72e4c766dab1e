"""Sirens as a merchant's rows: which driver with which settings, where, and how they were last seen.

Secrets among the settings are sealed; a form that leaves one empty keeps it.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.siren import Siren, SirenDriver, read_options
from tocsin.alarm.table import siren
from tocsin.core.actor import Actor, require
from tocsin.core.clock import SECOND_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.plugins import load_plugins
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.text import strip_control
from tocsin.core.vault import seal, unseal

CHANGED = "alarm.siren"
NAME_MOST, SIRENS_MOST, RANK_MOST = 60, 50, 99
TEST_SECONDS = 2


class SirenMissing(Refusal):
    """There is no such siren: look at the list again"""

    kind, code = "missing", "siren_missing"


class SirenWrong(Refusal):
    """The siren can't be set up so ({field}): {problem}"""

    kind, code = "invalid", "siren_wrong"


class SirenKindUnknown(Refusal):
    """There is no kind of siren “{driver}”: choose one of {drivers}"""

    kind, code = "invalid", "siren_kind_unknown"


class SirenRow(Struct, frozen=True):
    """A siren that was set up.

    Args:
        profile: what is wired to its relay, such as `LTD-1101J`.
        station_id: the station that it hangs on; 0: this server.
        options: JSON of its settings, without the secret ones.
        rank, backup: its place in the order; a backup sounds only where others fail.
        state: empty (never seen), off, light, on, failed; `problem` is a msgid, `detail` the device's own words.
        vanished: the alarm was told that it does not answer.
        night_us, night_sounded_us: since when the shop is closed, and how long it has sounded since.
    """

    id: int
    name: str
    driver: str
    profile: str
    place: str
    station_id: int
    options: str
    rank: int
    backup: int
    changed_at_us: int
    state: str
    problem: str
    detail: str
    vanished: int
    state_at_us: int
    probed_at_us: int
    sounded_at_us: int
    test_until_us: int
    tested_at_us: int
    night_us: int
    night_sounded_us: int

    def plain_options(self) -> dict[str, Any]:
        """Return its settings without the secret ones."""
        return msgspec.json.decode(self.options, type=dict[str, Any])


_COLUMNS = tuple(siren.c[name] for name in SirenRow.__struct_fields__)
_one = (own(siren), siren.c.id == bind("siren_id"), siren.c.removed == 0)
_ADD = insert_into(siren)
_LIST = Statement(
    sa.select(*_COLUMNS).where(own(siren), siren.c.removed == 0).order_by(siren.c.backup, siren.c.rank, siren.c.id),
    SirenRow,
)  # fmt: skip
_GET = Statement(sa.select(*_COLUMNS).where(*_one), SirenRow)
_SECRETS = Statement[tuple[bytes]](sa.select(siren.c.secrets).where(*_one))
_change = sa.update(siren).where(*_one)
_CHANGE = Statement[None](
    _change, sets=("name", "profile", "place", "station_id", "options", "secrets", "rank", "backup", "changed_at_us")
)  # fmt: skip
_REMOVE = Statement[None](_change, sets=("removed", "secrets"))
_TEST = Statement[None](_change, sets=("test_until_us", "tested_at_us"))


def siren_driver(name: str) -> SirenDriver:
    """Return a kind of siren.

    Raises:
        SirenKindUnknown: no such kind is installed.
    """
    found: dict[str, SirenDriver] = load_plugins("alarm.sirens")
    if name not in found:
        raise SirenKindUnknown(driver=name[:40], drivers=", ".join(found))
    return found[name]


def list_sirens(tx: Tx) -> list[SirenRow]:
    """Return the merchant's sirens: the others before the backups, each by rank."""
    return tx.rows(_LIST)


def get_siren(tx: Tx, *, siren_id: int) -> SirenRow:
    """Return one siren.

    Raises:
        SirenMissing: the merchant has no such siren.
    """
    found = tx.one(_GET, siren_id=siren_id)
    if found is None:
        raise SirenMissing
    return found


def add_siren(
    tx: Tx, actor: Actor, *, name: str, driver: str, options: Mapping[str, Any], place: str = "", station_id: int = 0,
    rank: int = 1, backup: bool = False,
) -> int:  # fmt: skip
    """Set up a siren; return its id. It is spoken to once this is durable.

    Raises:
        NotAllowed: the actor may not change shop settings.
        SirenWrong, SirenKindUnknown, SirenOptionWrong
    """
    require(actor, "shop_settings")
    plugin = siren_driver(driver)
    read = _read_sound(plugin, options)
    if len(list_sirens(tx)) >= SIRENS_MOST:
        raise SirenWrong(field="name", problem="so many sirens are more than anybody hears: remove one first")
    siren_id = new_id()
    values = _values(tx, siren_id, plugin, options=read, name=name, place=place, rank=rank, backup=backup)
    tx.run(
        _ADD, id=siren_id, driver=driver, station_id=station_id, removed=0, state="", problem="", detail="",
        vanished=0, state_at_us=0, probed_at_us=0, sounded_at_us=0, test_until_us=0, tested_at_us=0, night_us=0,
        night_sounded_us=0, **values,
    )  # fmt: skip
    _tell(tx, actor, siren_id, verb="add")
    return siren_id


def change_siren(
    tx: Tx, actor: Actor, *, siren_id: int, name: str, options: Mapping[str, Any], place: str = "", station_id: int = 0,
    rank: int = 1, backup: bool = False,
) -> None:  # fmt: skip
    """Change a siren's settings; a secret one that is empty stays as it was.

    Raises:
        NotAllowed, SirenMissing, SirenWrong, SirenOptionWrong
    """
    require(actor, "shop_settings")
    present = get_siren(tx, siren_id=siren_id)
    plugin, kept = siren_driver(present.driver), read_siren_options(tx, present)
    secret = [option.name for option in plugin.options if option.kind == "secret"]
    given = {**options, **{name: options.get(name) or kept.get(name, "") for name in secret}}
    read = _read_sound(plugin, given)
    values = _values(tx, siren_id, plugin, options=read, name=name, place=place, rank=rank, backup=backup)
    tx.run(_CHANGE, siren_id=siren_id, station_id=station_id, **values)
    _tell(tx, actor, siren_id, verb="change")


def remove_siren(tx: Tx, actor: Actor, *, siren_id: int) -> None:
    """Take a siren away: it is switched off and let go; what it did stays in the timelines.

    Raises:
        NotAllowed, SirenMissing
    """
    require(actor, "shop_settings")
    get_siren(tx, siren_id=siren_id)
    tx.run(_REMOVE, siren_id=siren_id, removed=1, secrets=b"")
    _tell(tx, actor, siren_id, verb="remove")


def try_siren(tx: Tx, actor: Actor, *, siren_id: int) -> None:
    """Let a siren really sound and flash for two seconds; `tested_at_us` says when it was done, or failed.

    Raises:
        NotAllowed, SirenMissing
    """
    require(actor, "shop_settings")
    get_siren(tx, siren_id=siren_id)
    tx.run(_TEST, siren_id=siren_id, test_until_us=tx.now_us + TEST_SECONDS * SECOND_US, tested_at_us=0)
    _tell(tx, actor, siren_id, verb="try")


def read_siren_options(tx: Tx, row: SirenRow) -> dict[str, Any]:
    """Return a siren's settings, the secret ones unsealed."""
    sealed = tx.value(_SECRETS, siren_id=row.id) or b""
    if not sealed:
        return row.plain_options()
    plain = unseal(tx.vault.keys(tx).wrapping, bytes(sealed), bound_to=_bound_to(row.id))
    return {**row.plain_options(), **msgspec.json.decode(plain, type=dict[str, Any])}


def open_siren(driver: str, options: Mapping[str, Any]) -> Siren:
    """Open a siren by its stored settings; those that a newer driver has gained take their defaults.

    Raises:
        SirenKindUnknown, SirenOptionWrong
    """
    plugin = siren_driver(driver)
    known = {option.name for option in plugin.options}
    return plugin.open(read_options(plugin, {name: options[name] for name in options if name in known}))


def _read_sound(plugin: SirenDriver, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options that the driver takes: opening sends nothing."""
    read = read_options(plugin, options)
    plugin.open(read).close()
    return read


def _values(
    tx: Tx, siren_id: int, plugin: SirenDriver, *, options: dict[str, Any], name: str, place: str, rank: int, backup: bool,
) -> dict[str, Any]:  # fmt: skip
    name, place = strip_control(name).strip(), strip_control(place).strip()
    if not 0 < len(name) <= NAME_MOST:
        raise SirenWrong(field="name", problem="a name has 1 to 60 characters")
    if len(place) > NAME_MOST:
        raise SirenWrong(field="place", problem="a place has at most 60 characters")
    if not 1 <= rank <= RANK_MOST:
        raise SirenWrong(field="rank", problem="a rank is a number from 1 to 99")
    hidden = {option.name for option in plugin.options if option.kind == "secret"}
    secrets = {key: value for key, value in options.items() if key in hidden and value}
    sealed = b""
    if secrets:
        plain = msgspec.json.encode(secrets)
        sealed = seal(tx.vault.keys(tx).wrapping, plain, bound_to=_bound_to(siren_id))
    shown = {key: value for key, value in options.items() if key not in hidden}
    return {
        "name": name, "place": place, "rank": rank, "backup": int(backup), "profile": str(options.get("profile", "")),
        "options": msgspec.json.encode(shown).decode(), "secrets": sealed, "changed_at_us": tx.now_us,
    }  # fmt: skip


def _tell(tx: Tx, actor: Actor, siren_id: int, *, verb: str) -> None:
    write_journal(tx, actor, verb=f"alarm.{verb}_siren", subject=f"siren:{siren_id}")
    append_event(tx, CHANGED, subject_id=siren_id, data={"siren": str(siren_id), "did": verb})


def _bound_to(siren_id: int) -> bytes:
    return b"siren %d" % siren_id
