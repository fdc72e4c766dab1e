"""Upgrades that are killed: the schema is the old one, whole, or the new one; its orders are there, and its people sign in afterwards."""

import random
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.access.people import PASSWORD, right_hash
from tests.near import uncounted
from tests.proofs.running import ROOT, Ground, RunningDesk, wait_until
from tocsin.access.login import SignedIn, sign_in
from tocsin.core.sqlite import engine as sqlite
from tocsin.migrations.upgrade import migrate
from tocsin.opening import open_database
from tocsin.settings import Settings

BEFORE, ORDERS = "0002", 2000
PEOPLE = (
    "INSERT INTO merchant (id, name, demo, created_at_us) VALUES (7, 'm', 0, 1)",
    "INSERT INTO sign_in_name (name_key, merchant_id, operator_id) VALUES ('anne', 7, 9)",
    "INSERT INTO operator (merchant_id, id, name, display_name, role, active, locale, zone, created_at_us, created_by) "
    "VALUES (7, 9, 'anne', 'Anne', 'owner', 1, 'en', 'UTC', 1, 0)",
    f"INSERT INTO password (merchant_id, operator_id, hash, changed_at_us) VALUES (7, 9, '{right_hash()}', 1)",
)


def run_upgrades(
    ground: Ground, engine: str, *, kills: int, seed: int, in_pieces: bool = False
) -> dict[str, Any]:
    """Kill so many upgrades at random moments, each of a database of its own; return how many could not be used."""
    dice = random.Random(f"{seed} {engine} upgrade")
    found = {"killed_upgrades": 0, "killed_half_way": 0, "unusable": 0}
    first = _old_desk(ground, engine)
    whole = _old_desk(ground, engine, like=first)
    took = _upgrade(whole, in_pieces=in_pieces)
    old, new = _shape_of(first), _shape_of(whole)
    for _ in range(kills):
        desk = _old_desk(ground, engine, like=first)
        ended = _upgrade(desk, kill_after=dice.uniform(0, took), in_pieces=in_pieces)
        shape = _shape_of(desk)
        found["killed_upgrades"] += 1
        found["killed_half_way"] += int(shape == old and ended > 0)
        found["unusable"] += int(shape not in (old, new) or not _opens(desk))
    return found


def find_piecemeal(ground: Ground, engine: str, *, seed: int) -> bool:
    """Tell whether an upgrade that commits as it goes is seen."""
    return any(
        run_upgrades(ground, engine, kills=4, seed=seed + turn, in_pieces=True)["unusable"]
        for turn in range(6)
    )


def _old_desk(ground: Ground, engine: str, *, like: RunningDesk | None = None) -> RunningDesk:
    """Return a desk of before, made anew or like another."""
    if like is not None and like.database_url:
        desk = ground.make_desk(engine, empty=True, template=like.database_url.rpartition("/")[2])
    else:
        desk = ground.make_desk(engine, empty=True)
    (desk.folder / "data").mkdir()
    if like is None:
        _migrate(desk)
    elif not desk.database_url:
        shutil.copy(_file(like), _file(desk))
    return desk


def _migrate(desk: RunningDesk) -> None:
    made = sa.create_engine(
        _engine_url(desk), poolclass=sa.NullPool, **({} if desk.database_url else {"module": sqlite})
    )
    with made.begin() as connection:
        migrate(connection, to=BEFORE)
        for statement in PEOPLE:
            connection.exec_driver_sql(statement)
        # What later columns and indexes of the table must take in.
        heads = sa.Table("order_head", sa.MetaData(), autoload_with=connection)
        connection.execute(heads.insert(), [_head(heads, n) for n in range(ORDERS)])
    made.dispose()


def _head(heads: sa.Table, n: int) -> dict[str, object]:
    said: dict[str, object] = {"merchant_id": 7, "id": n + 1}
    kinds: dict[type, object] = {int: 1, bytes: b"x", str: "x"}
    return {column.name: kinds[column.type.python_type] for column in heads.columns} | said


def _upgrade(desk: RunningDesk, *, kill_after: float = 0, in_pieces: bool = False) -> float:
    """Upgrade in a process of its own; return how long it took, or how long until it was killed."""
    place = (
        repr(desk.database_url) if desk.database_url else f"__import__('pathlib').Path({str(_file(desk))!r})"
    )
    name = "tests.proofs.broken_upgrade" if in_pieces else "tocsin.migrations.upgrade"
    program = f"from {name} import upgrade_{'postgres' if desk.database_url else 'sqlite'} as up; print('begin', flush=True); up({place})"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=uncounted(PYTHONPATH=f"{ROOT}/src:{ROOT}"),
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begin\n", "it did not begin"
        began = time.monotonic()
        try:
            process.wait(kill_after or 60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)
        took = time.monotonic() - began
    if desk.database_url:  # its server notices that it is gone, and takes back what it had begun
        wait_until(lambda: _is_alone(desk), seconds=20)
    return took


def _is_alone(desk: RunningDesk) -> bool:
    others = desk.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    return not others[0][0]


def _shape_of(desk: RunningDesk) -> str:
    """Return what the database is made of."""
    if desk.database_url:
        return repr(desk.rows(
            "SELECT c.relname, c.relkind::text, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_class c"
            " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1, 3"
        ))  # fmt: skip
    with closing(sqlite.connect(str(_file(desk)))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return repr(connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall())


def _opens(desk: RunningDesk) -> bool:
    """Tell whether the new version starts from it, the orders of before are there, and the people of before sign in."""
    try:
        db = open_database(Settings(data_dir=str(desk.folder / "data"), database_url=desk.database_url))
    except Exception:
        return False
    try:
        kept = desk.rows("SELECT count(*) FROM order_head WHERE group_state = ''")
        return kept == [(ORDERS,)] and isinstance(
            sign_in(db, name="Anne", password=PASSWORD, address="192.0.2.1"), SignedIn
        )
    finally:
        db.close()


def _file(desk: RunningDesk) -> Path:
    return desk.folder / "data" / "desk.sqlite"


def _engine_url(desk: RunningDesk) -> str:
    url = desk.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    return url or f"sqlite:///{_file(desk)}"
