"""The desk: opened on either database, migrated when behind, with its work in the background."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.databases import PostgresServer
from tests.house import make_draft
from tocsin.core.actor import desk_actor
from tocsin.core.db import Database
from tocsin.core.ident import new_id
from tocsin.core.sqlite import FileLocked
from tocsin.demo import ORDERS, create_demo
from tocsin.desk import Desk, newest_version, open_desk
from tocsin.migrations.upgrade import HEAD
from tocsin.orders.intake import take_in
from tocsin.orders.screen import Filter, count_rows
from tocsin.orders.stop import count_held
from tocsin.settings import Settings
from tocsin.tickets.device import list_printers


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


def test_the_background_checks_new_revisions_and_ends(db: Database, tmp_path: Path):
    desk = Desk(Settings(data_dir=str(tmp_path)), db)
    merchant_id = create_demo(db, papers=tmp_path / "papers")
    desk.start()
    wrong = make_draft(external_id="late", payment="unpaid")
    db.write(merchant_id, lambda tx: take_in(tx, desk_actor(merchant_id), wrong))
    until = time.monotonic() + 30
    while db.read(merchant_id, count_held) < 9 and time.monotonic() < until:
        time.sleep(0.05)
    held = db.read(merchant_id, count_held)
    desk.stop()
    assert held >= 9, "eight of the demo's orders are wrong on purpose, and one came late"
    assert db.read(merchant_id, lambda tx: count_rows(tx, wanted=Filter())) == ORDERS + 1
    assert db.read(merchant_id, lambda tx: count_rows(tx, wanted=Filter(held="no"))) > ORDERS // 2
    (printer,) = db.read(merchant_id, list_printers)
    assert printer.kind == "pdf_file"
    desk.close()
