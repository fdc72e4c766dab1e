"""`tocsin verify`: beside an open desk, with what waits, exported checkpoints, and a breach that ends it with 1."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.backup.installation import make_settings
from tests.databases import PostgresServer
from tests.house import make_house
from tocsin.alarm.watch_seal import seal_journals
from tocsin.cli.main import cli
from tocsin.core import clock
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.journal import write_journal
from tocsin.opening import open_database
from tocsin.settings import Settings


def run(settings: Settings, *words: str) -> Result:
    given = ["--database-url", settings.database_url] if settings.database_url else []
    return CliRunner().invoke(cli, ["verify", "--data-dir", settings.data_dir, *given, *words])


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_journal_is_verified_and_its_checkpoint_kept_elsewhere(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: PostgresServer | None = (
        request.getfixturevalue("postgres_server") if engine == "postgresql" else None
    )
    settings = make_settings(tmp_path / "data", server)
    db = open_database(settings)
    house = make_house(db)
    note = lambda tx: write_journal(tx, house.actor(), verb="orders.hold", subject="order:1")
    for minutes in (2, 4):
        db.write(house.merchant_id, note)
        clock.shift_clock(minutes * MINUTE_US)
        assert seal_journals(db, settings.path("keys", "journal")) == 1
    db.write(house.merchant_id, note)
    whole = run(settings, "--export", str(tmp_path / "elsewhere"))
    assert whole.exit_code == 0, whole.output
    assert (
        "2 entries sealed" in whole.stdout
        and "1 wait, the oldest for" in whole.stdout
        and "whole" in whole.stdout
    )
    (exported,) = (tmp_path / "elsewhere").iterdir()
    assert run(settings, "--checkpoint", str(exported)).exit_code == 0

    def cut(tx: Tx) -> None:
        if engine == "sqlite":
            tx._cursor.execute("DROP TRIGGER journal_seal_no_delete")
            tx._cursor.execute("DELETE FROM journal_seal WHERE size = 2")

    db.write(house.merchant_id, cut)
    if server is not None:
        server.sql(
            "DELETE FROM journal_seal WHERE size = 2", database=settings.database_url.rpartition("/")[2]
        )
    broken = run(settings)
    assert (broken.exit_code, "BROKEN at entry 2: the journal was cut short" in broken.stdout) == (1, True), (
        broken.output
    )
    settings.path("keys", "journal", f"{house.merchant_id}.json").unlink()
    assert run(settings).exit_code == 0, "nobody is left to say so here"
    assert "cut short" in run(settings, "--checkpoint", str(exported)).stdout
    db.close()


def test_where_there_is_nothing_to_verify_it_says_so(tmp_path: Path) -> None:
    ended = run(Settings(data_dir=str(tmp_path)))
    assert (ended.exit_code, ended.stderr.count("\n")) == (2, 1)
