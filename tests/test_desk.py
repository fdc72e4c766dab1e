"""The desk: opened on either database, migrated when behind, with its work in the background."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.databases import PostgresServer
from tests.house import make_draft, make_house
from tocsin.access.limiter import Guess, spend_budget
from tocsin.access.table import attempt
from tocsin.core.actor import desk_actor
from tocsin.core.clock import DAY_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.ident import new_id
from tocsin.core.installation import KeyMismatch, installation
from tocsin.core.sqlite import FileLocked
from tocsin.core.statement import Statement
from tocsin.core.vault import KeyFileMissing
from tocsin.demo.create import create_demo
from tocsin.demo.today import ORDERS
from tocsin.desk import Desk, open_desk
from tocsin.migrations.upgrade import HEAD
from tocsin.opening import newest_version, open_database
from tocsin.orders.intake import take_in
from tocsin.orders.saved_screen import save_screen
from tocsin.orders.screen import Filter, count_rows
from tocsin.orders.stop import count_held
from tocsin.settings import Settings
from tocsin.tickets.auto_print import switch_on
from tocsin.tickets.device import list_printers, printer_plugin, read_options
from tocsin.tickets.job import list_jobs
from tocsin.tickets.papers import find_papers


def test_the_newest_version_is_that_of_the_migrations():
    assert newest_version() == HEAD


def test_a_desk_is_made_on_sqlite_and_opened_again_without_migrating(tmp_path: Path):
    settings = Settings(data_dir=str(tmp_path / "new" / "data"))
    open_desk(settings).close()
    code = (
        "import sys; from tocsin.desk import open_desk; from tocsin.settings import Settings;"
        f"open_desk(Settings(data_dir={settings.data_dir!r})).close(); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_a_desk_may_never_need_is_not_loaded_at_its_start(tmp_path: Path):
    """The drawing engine is never in its own process; what draws pictures, reads certificates or calls out comes when it is needed."""
    settings = Settings(data_dir=str(tmp_path))
    open_desk(settings).close()
    code = f"""
import sys
from tocsin.app import build_app, open_desk
from tocsin.console.listen import listening
from tocsin.server import serve
from tocsin.settings import Settings
desk = open_desk(Settings(data_dir={settings.data_dir!r}))
desk.start()
build_app(desk)
desk.close()
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert {"litestar", "granian", "sqlalchemy", "lark"} <= loaded
    assert loaded & {
        "typst", "PIL", "segno", "fontTools", "webauthn", "OpenSSL", "httpx", "httpcore", "psycopg", "psycopg_pool", "procrastinate",
        "apprise", "pywebpush", "pymodbus", "paho", "serial", "escpos", "alembic", "python_calamine", "dbus_fast", "acme", "pytest",
        "rich", "pygments",
    } == set()  # fmt: skip


def test_a_file_that_is_no_desk_yet_is_migrated(tmp_path: Path):
    (tmp_path / "desk.sqlite").touch()
    desk = open_desk(Settings(data_dir=str(tmp_path)))
    assert desk.merchants() == []
    with pytest.raises(FileLocked):
        open_desk(Settings(data_dir=str(tmp_path)))
    desk.close()


def test_a_desk_is_made_on_postgresql_and_opened_again(postgres_server: PostgresServer, tmp_path: Path):
    name = f"desk_{new_id()}"
    postgres_server.sql(f"CREATE DATABASE {name}")
    settings = Settings(data_dir=str(tmp_path), database_url=postgres_server.url(name))
    for _ in range(2):
        desk = open_desk(settings)
        assert desk.db.dialect == "postgresql"
        assert desk.merchants() == []
        desk.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A desk with a merchant, made and closed."""
    url = ""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        server.sql(f"CREATE DATABASE {(name := f'key_{new_id()}')}")
        url = server.url(name)
    settings = Settings(data_dir=str(tmp_path), database_url=url, key_file=str(tmp_path / "the.key"))
    desk = open_desk(settings)
    make_house(desk.db)
    desk.close()
    return settings


def test_a_lost_key_file_is_not_made_anew(settings: Settings, tmp_path: Path):
    (tmp_path / "the.key").rename(tmp_path / "away")
    with pytest.raises(KeyFileMissing, match=r"the\.key"):
        open_desk(settings)
    assert not (tmp_path / "the.key").exists()
    (tmp_path / "away").rename(tmp_path / "the.key")
    open_desk(settings).close()


@pytest.mark.parametrize("forgotten", [False, True])
def test_another_key_is_refused_before_anything_is_harmed(
    settings: Settings, tmp_path: Path, *, forgotten: bool
):
    if forgotten:  # as a database was before it held a check of its key
        db = open_database(settings)
        db.write(0, lambda tx: tx.run(Statement[None](sa.delete(installation))))
        db.close()
    right = (tmp_path / "the.key").read_bytes()
    (tmp_path / "the.key").write_bytes(b"z" * 32)
    for _ in range(2):
        with pytest.raises(KeyMismatch, match=r"the\.key") as refused:
            open_desk(settings)
    assert refused.value.kind == "broken"
    (tmp_path / "the.key").write_bytes(right)
    open_desk(settings).close()


def _papers(db: Database, merchant_id: int, *, besides: set[int]) -> list[int]:
    found = db.read(merchant_id, lambda tx: list_jobs(tx, limit=200))
    return [job.order_id for job in found if job.id not in besides]


def test_the_background_checks_new_revisions_and_ends(db: Database, tmp_path: Path):
    desk = Desk(Settings(data_dir=str(tmp_path)), db)
    merchant_id = create_demo(db, password="x" * 12, days=0)
    actor, every = desk_actor(merchant_id), Filter(query="state:produced")
    held_before = db.read(merchant_id, count_held)
    old = {job.id for job in db.read(merchant_id, lambda tx: list_jobs(tx, limit=200))}
    screen_id = db.write(
        merchant_id, lambda tx: save_screen(tx, actor, name="new", wanted=every, shared=True)
    )
    db.write(merchant_id, lambda tx: switch_on(tx, actor, screen_id=screen_id))
    desk.start()
    right = make_draft(external_id="right", quantity=7)
    new_order = db.write(merchant_id, lambda tx: take_in(tx, actor, right)).order_id
    wrong = make_draft(external_id="late", payment="unpaid")
    db.write(merchant_id, lambda tx: take_in(tx, desk_actor(merchant_id), wrong))
    until = time.monotonic() + 30
    while db.read(merchant_id, count_held) <= held_before and time.monotonic() < until:
        time.sleep(0.05)
    held = db.read(merchant_id, count_held)
    while not (papers := _papers(db, merchant_id, besides=old)) and time.monotonic() < until:
        time.sleep(0.05)
    desk.stop()
    assert papers == [new_order], "the screen prints what is new, and right"
    assert held == held_before + 1, "the demo's own are held already, and one came late"
    assert db.read(merchant_id, lambda tx: count_rows(tx, wanted=Filter())) == ORDERS + 2
    assert db.read(merchant_id, lambda tx: count_rows(tx, wanted=Filter(query="held:no"))) > ORDERS // 4
    (printer,) = db.read(merchant_id, list_printers)
    plugin, options = printer_plugin(printer.kind), read_options(printer)
    assert plugin.name == "pdf_file"
    assert plugin.probe(options).online
    assert find_papers(options.folder) == tmp_path / "papers"
    desk.close()


def test_old_attempts_are_swept_while_the_desk_runs(db: Database, tmp_path: Path):
    make_house(db)
    guess = Guess("api_key", "api_key:x", "192.0.2.1")
    db.write(0, lambda tx: spend_budget(tx, guess))
    count = Statement[tuple[int]](sa.select(sa.func.count()).select_from(attempt))
    assert db.read(0, lambda tx: tx.value(count)) == 1
    shift_clock(91 * DAY_US)
    desk = Desk(Settings(data_dir=str(tmp_path)), db)
    desk.start()
    until = time.monotonic() + 20
    while db.read(0, lambda tx: tx.value(count)) and time.monotonic() < until:
        time.sleep(0.05)
    left = db.read(0, lambda tx: tx.value(count))
    desk.close()
    assert left == 0


def test_free_memory_goes_back_while_the_desk_runs(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    given_back = threading.Event()
    monkeypatch.setattr("tocsin.desk.give_back", lambda: given_back.set() or 0)
    desk = Desk(Settings(data_dir=str(tmp_path)), db)
    desk.start()
    seen = given_back.wait(20)
    desk.close()
    assert seen


def test_what_cannot_be_given_back_leaves_nothing_else_open(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    desk = Desk(Settings(data_dir=str(tmp_path)), db)
    closed: list[str] = []

    def fail() -> None:
        raise ValueError("broken")

    for part, name in ((desk._lease, "lease"), (desk.bus, "bus"), (db, "database")):
        honest = part.close
        monkeypatch.setattr(part, "close", lambda honest=honest, name=name: closed.append(name) or honest())
    monkeypatch.setattr(desk, "stop", fail)
    with pytest.raises(ValueError, match="broken"):
        desk.close()
    assert closed == ["lease", "bus", "database"]
