"""Stations: machines in the shop that hold a key of their own; enrolled with a one-time code, listed, revoked.

The agent makes its key itself, and the desk keeps the public half. A code is 50 random bits that a
manager reads out or copies: it lives 15 minutes, works once, and is read behind the limiter.
"""

import secrets
import unicodedata
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.limiter import Guess, SignInRefused, guarded_verify
from tocsin.access.step_up import require_proof
from tocsin.core.actor import Actor, desk_actor, require
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.schema import big, directory_table, index, merchant_table, text
from tocsin.core.signature import enrolment_text, is_public_key, verifies
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.tenant import merchant
from tocsin.core.text import strip_control

WAITS = "restored"
"""What stands as the problem of a station that came back with a backup, until an owner lets it go on."""
CODE_LIFE_US = 15 * MINUTE_US
NAME_MOST = 40
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_CODE_LETTERS = 10
_TYPED_MOST = 64
_TELLS: dict[str, Any] = {"tells": "station_code_wrong", "about": "station:new"}
_MISREAD = str.maketrans("OIL", "011")

# `reader`: none, ready, vanished. `problem`: clock, restored, or empty. `always`: it is expected even after it said goodbye.
station = merchant_table(
    "enrolled_station", big("id"), text("name"), text("public_key"), text("version"), text("address"), text("problem"),
    text("reader"), text("reader_driver"), big("reader_at_us"), big("always"), big("created_at_us"), big("created_by"),
    big("last_seen_us"), big("left_at_us"), big("vanished_at_us"), big("poll"), big("revoked_at_us"), big("revoked_by"), key=("id",),
)  # fmt: skip
# Read before the merchant is known: a code is all that a new station has.
station_code = directory_table(
    "station_code", text("digest"), big("merchant_id"), big("made_by"), big("created_at_us"), big("expires_at_us"),
    big("used_at_us"), key=("digest",),
)  # fmt: skip
index(station_code, "merchant_id", "used_at_us")


class StationMissing(Refusal):
    """There is no such live station at this merchant: look at the list again"""

    kind, code = "missing", "station_missing"


class StationNameWrong(Refusal):
    """A station's name has 1 to {most} characters: name the place where it stands, such as Counter"""

    kind, code = "invalid", "station_name_wrong"


class StationKeyWrong(Refusal):
    """The station did not show that the key it brings is its own: run the enrolment again with a new code"""

    kind, code = "invalid", "station_key_wrong"


class StationCode(Struct, frozen=True):
    """A code that enrols one station; it is in no table."""

    code: str
    expires_at_us: int


class StationEnrolled(Struct, frozen=True):
    """The station exists, and may come with its key."""

    merchant_id: int
    id: int
    merchant_name: str


class Station(Struct, frozen=True):
    """A station as the list shows it; instants that have not come are 0."""

    id: int
    name: str
    public_key: str
    version: str
    address: str
    problem: str
    reader: str
    reader_driver: str
    always: int
    created_at_us: int
    created_by: int
    last_seen_us: int
    left_at_us: int
    vanished_at_us: int
    revoked_at_us: int


class _Code(Struct, frozen=True):
    merchant_id: int
    made_by: int
    merchant_name: str


_COLUMNS = tuple(station.c[f] for f in Station.__struct_fields__)
_of_id = (own(station), station.c.id == bind("station_id"))
_ADD, _ADD_CODE = insert_into(station), insert_into(station_code)
_LIST = Statement(sa.select(*_COLUMNS).where(own(station)).order_by(station.c.id.desc()), Station)
_GET = Statement(sa.select(*_COLUMNS).where(*_of_id), Station)
_REVOKE = Statement[None](
    sa.update(station).where(*_of_id, station.c.revoked_at_us == 0), sets=("revoked_at_us", "revoked_by")
)
_SET_ALWAYS = Statement[None](
    sa.update(station).where(*_of_id, station.c.revoked_at_us == 0), sets=("always",)
)
_VOID_CODES = Statement[None](
    sa.update(station_code).where(own(station_code), station_code.c.used_at_us == 0), sets=("used_at_us",)
)
_of_code = (
    station_code.c.digest == bind("code_digest", str), station_code.c.used_at_us == 0,
    station_code.c.expires_at_us > bind("now"),
)  # fmt: skip
_FIND_CODE = Statement(
    sa.select(station_code.c.merchant_id, station_code.c.made_by, merchant.c.name.label("merchant_name"))
    .select_from(station_code.join(merchant, merchant.c.id == station_code.c.merchant_id)).where(*_of_code),
    _Code,
)  # fmt: skip
_USE_CODE = Statement[None](sa.update(station_code).where(*_of_code), sets=("used_at_us",))


def create_station_code(tx: Tx, actor: Actor) -> StationCode:
    """Return a new code that enrols one station, once, within 15 minutes; earlier ones are void.

    Raises:
        NotAllowed: the actor may not change shop settings.
        ProofNeeded: he has not proved lately who he is.
    """
    require(actor, "shop_settings")
    require_proof(actor)
    tx.run(_VOID_CODES, used_at_us=tx.now_us)
    made = StationCode(
        "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LETTERS)), tx.now_us + CODE_LIFE_US
    )  # fmt: skip
    tx.run(
        _ADD_CODE, digest=_digest(tx, made.code), made_by=actor.id, created_at_us=tx.now_us, used_at_us=0,
        expires_at_us=made.expires_at_us,
    )  # fmt: skip
    write_journal(tx, actor, verb="access.create_station_code", subject=f"merchant:{tx.merchant_id}")
    return StationCode(f"{made.code[:5]}-{made.code[5:]}", made.expires_at_us)


def enrol_station(
    db: Database, *, code: str, name: str, public_key: str, proof: str, version: str, address: str
) -> StationEnrolled | SignInRefused:
    """Enrol a station by the code that a manager made; `wrong` for one that is unknown, used or too old.

    Args:
        proof: the signature of `enrolment_text` by the key that it brings.

    Raises:
        StationNameWrong, StationKeyWrong: the code stays open.
    """
    plain = strip_control(name).strip()
    if not 0 < len(plain) <= NAME_MOST:
        raise StationNameWrong(most=NAME_MOST)
    if not is_public_key(public_key) or not verifies(
        public_key, proof, enrolment_text(code=code, name=name, public=public_key)
    ):
        raise StationKeyWrong
    digest = db.vault.installation_digest("station code", read_code(code))

    def find() -> _Code | None:
        return db.read(DIRECTORY_SCOPE, lambda tx: tx.one(_FIND_CODE, code_digest=digest, now=tx.now_us))

    def add(tx: Tx) -> StationEnrolled | None:
        if found is None or not tx.run(_USE_CODE, code_digest=digest, now=tx.now_us, used_at_us=tx.now_us):
            return None
        station_id = new_id()
        tx.run(
            _ADD, id=station_id, name=plain, public_key=public_key, version=version[:40], address=address[:64], problem="",
            reader="none", reader_driver="", reader_at_us=0, always=0, created_at_us=tx.now_us, created_by=found.made_by,
            last_seen_us=0, left_at_us=0, vanished_at_us=0, poll=0, revoked_at_us=0, revoked_by=0,
        )  # fmt: skip
        _tell(tx, desk_actor(tx.merchant_id), verb="access.enrol_station", station_id=station_id)
        return StationEnrolled(tx.merchant_id, station_id, found.merchant_name)

    found = find()
    guess = Guess("code", f"station_code:{digest}", address, "", found.merchant_id if found else 0, **_TELLS)
    return guarded_verify(db, guess, secret_check=lambda: find() == found is not None, on_right=add)


def list_stations(tx: Tx, actor: Actor) -> list[Station]:
    """Return the merchant's stations, newest first, the revoked ones too.

    Raises:
        NotAllowed: the actor may not change shop settings.
    """
    require(actor, "shop_settings")
    return tx.rows(_LIST)


def find_station(tx: Tx, *, station_id: int) -> Station | None:
    """Return a station of the transaction's merchant, revoked or not."""
    return tx.one(_GET, station_id=station_id)


def live_stations(tx: Tx) -> list[Station]:
    """Return the merchant's stations that are not revoked, newest first."""
    return [one for one in tx.rows(_LIST) if not one.revoked_at_us]


def named_station(tx: Tx, *, name: str) -> int:
    """Return the id of the newest live station of a name; 0 for no name.

    Raises:
        StationMissing: there is none of that name.
    """
    found = [one.id for one in live_stations(tx) if one.name == name] if name else [0]
    if not found:
        raise StationMissing
    return found[0]


def revoke_station(tx: Tx, actor: Actor, *, station_id: int) -> None:
    """Revoke a station: its next request is refused, and tells the alarm.

    Raises:
        NotAllowed: the actor may not change shop settings.
        StationMissing: there is none such, or it is revoked already.
    """
    require(actor, "shop_settings")
    if not tx.run(_REVOKE, station_id=station_id, revoked_at_us=tx.now_us, revoked_by=actor.id):
        raise StationMissing
    _tell(tx, actor, verb="access.revoke_station", station_id=station_id)


def expect_station(tx: Tx, actor: Actor, *, station_id: int, always: bool) -> None:
    """Say whether a station is expected around the clock: then its absence alarms even after it said goodbye.

    Raises:
        NotAllowed: the actor may not change shop settings.
        StationMissing: there is none such, or it is revoked.
    """
    require(actor, "shop_settings")
    if not tx.run(_SET_ALWAYS, station_id=station_id, always=int(always)):
        raise StationMissing
    _tell(tx, actor, verb="access.expect_station", station_id=station_id)


def read_code(text_: str) -> str:
    """Return a typed code in its one form: capitals without blanks, and letters that look like a digit as that digit."""
    folded = unicodedata.normalize("NFKC", text_[:_TYPED_MOST]).upper()
    return "".join(one for one in folded.translate(_MISREAD) if one in _ALPHABET)


def _digest(tx: Tx, code: str) -> str:
    return tx.vault.installation_digest("station code", code)


def _tell(tx: Tx, actor: Actor, *, verb: str, station_id: int) -> None:
    write_journal(tx, actor, verb=verb, subject=f"station:{station_id}")
    append_event(tx, "station.changed", subject_id=station_id)
