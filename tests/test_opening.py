"""A database is opened by the version that it is of, or brought to it; never by an older one."""

from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.databases import PostgresServer
from tocsin.core.ident import new_id
from tocsin.core.sqlite import engine
from tocsin.opening import SchemaOther, newest_version, open_database
from tocsin.settings import Settings

_LATER = "UPDATE alembic_version SET version_num = '9999'"


def test_an_older_version_does_not_open_the_file_of_a_newer_one(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path))
    open_database(settings).close()
    with closing(engine.connect(str(tmp_path / "desk.sqlite"))) as connection:
        connection.execute(_LATER)
        connection.commit()
    assert _refused(settings) == {"schema": "9999", "newest": newest_version()}


def test_an_older_version_does_not_open_the_database_of_a_newer_one(
    tmp_path: Path, postgres_server: PostgresServer, postgres_template: str
) -> None:
    name = f"later_{new_id()}"
    postgres_server.copy(postgres_template, name)
    settings = Settings(data_dir=str(tmp_path), database_url=postgres_server.url(name))
    with psycopg.connect(settings.database_url) as owner:
        owner.execute(_LATER)
    assert _refused(settings) == {"schema": "9999", "newest": newest_version()}


def _refused(settings: Settings) -> dict[str, object]:
    with pytest.raises(SchemaOther) as refused:
        open_database(settings)
    return refused.value.data
