"""The command line: operators, the doctor, and one clear line for what is wrong."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.databases import PostgresServer, free_port
from tocsin.access.owner_link import link_is_open
from tocsin.cli.main import cli
from tocsin.cli.serve import create_first_merchant, note_demo, owner_links, say
from tocsin.cli.start import kept_private
from tocsin.core.ident import new_id
from tocsin.core.tenant import Merchant, create_merchant, create_shop
from tocsin.desk import open_desk
from tocsin.opening import newest_version
from tocsin.settings import Settings

PASSWORD = "correct pear harbour violin 47"


def run(*words: str, folder: Path, **given: object) -> Result:
    return CliRunner().invoke(cli, [*words, "--data-dir", str(folder)], **given)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    desk = open_desk(Settings(data_dir=str(tmp_path)))
    create_first_merchant(desk, demo_days=None)
    assert len(owner_links(desk)) == 1
    desk.close()
    return tmp_path


def test_an_operator_is_created_listed_and_suspended(folder: Path):
    for name, role in (("anna", "owner"), ("bo", "owner"), ("cai", "clerk")):
        made = run("operator", "create", name, "--role", role, "--password", PASSWORD, folder=folder)
        assert made.exit_code == 0, made.output
    operator_id = made.output.split("\t")[0]
    assert run("operator", "suspend", operator_id, folder=folder).stdout == f"{operator_id}\tsuspended\n"
    listed = run("operator", "list", folder=folder).output
    assert re.findall(r"\t(\w+)\t(\w+)\t(\w+)\n", listed) == [
        ("owner", "active", "anna"), ("owner", "active", "bo"), ("clerk", "suspended", "cai")
    ]  # fmt: skip
    desk = open_desk(Settings(data_dir=str(folder)))
    assert owner_links(desk) == [], "there is an owner"
    desk.close()


def test_a_weak_password_and_a_taken_name_are_one_line(folder: Path):
    weak = run("operator", "create", "anna", "--password", "password", folder=folder)
    assert weak.exit_code == 2
    assert weak.stderr.startswith("tocsin: ")
    run("operator", "create", "anna", "--password", PASSWORD, folder=folder)
    taken = run("operator", "create", "Anna", "--password", PASSWORD, folder=folder)
    assert (taken.exit_code, taken.stderr.count("\n")) == (2, 1)


def test_a_password_does_not_name_the_merchant(folder: Path):
    named = run("operator", "create", "anna", "--password", "Tocsin pear harbour 47", folder=folder)
    assert (named.exit_code, named.stdout) == (2, "")
    assert "(Tocsin)" in named.stderr


def test_a_link_for_an_owner_is_printed(folder: Path):
    link = run("operator", "owner-link", folder=folder).output
    assert re.fullmatch(r"http://localhost:8717/owner/[\w-]{43}\n", link)


def test_among_several_merchants_one_is_named(folder: Path):
    desk = open_desk(Settings(data_dir=str(folder)))
    other = desk.db.write(0, lambda tx: create_merchant(tx, name="Other"))
    desk.db.write(other, lambda tx: create_shop(tx, code="B", name="B", zone="UTC"))
    desk.close()
    unnamed = run("operator", "list", folder=folder)
    assert unnamed.exit_code == 2
    assert f"{other} Other" in unnamed.stderr
    assert run("operator", "list", "--merchant", str(other), folder=folder).exit_code == 0


def test_while_the_desk_serves_the_file_is_locked(folder: Path):
    desk = open_desk(Settings(data_dir=str(folder)))
    locked = run("operator", "list", folder=folder)
    desk.close()
    assert locked.exit_code == 2
    assert "Another Tocsin serves the data" in locked.stderr


def test_a_setting_that_is_none_is_one_line(tmp_path: Path):
    file = tmp_path / "tocsin.toml"
    for text, said in (("prot = 1", "“prot” is no setting"), ("port = 'x'", "wrong shape"), ("[", "")):
        file.write_text(text, "utf-8")
        ended = run("operator", "list", "--config", str(file), folder=tmp_path)
        assert (ended.exit_code, ended.stderr.count("\n")) == (2, 1), text
        assert said in ended.stderr
    missing = run("operator", "list", "--config", str(tmp_path / "none"), folder=tmp_path)
    assert missing.exit_code == 2


def test_the_doctor_looks_at_the_machine(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ill = run("doctor", "--port", str(port), folder=tmp_path)
    well = run("doctor", "--port", str(port), folder=tmp_path)
    assert (ill.exit_code, well.exit_code) == (1, 0), well.output
    assert f"NO  port: Port {port} is taken on 127.0.0.1" in ill.output
    assert "ok  engine: SQLite 3." in well.output


def test_the_doctor_names_an_engine_and_files_that_are_not_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tocsin.cli.doctor.engine", type("engine", (), {"sqlite_version_info": (3, 40, 1)}))
    monkeypatch.setattr("tocsin.cli.doctor._FILES", ("none.ttf",))
    told = run("doctor", folder=tmp_path).output
    assert "NO  engine: SQLite 3.40.1 can corrupt" in told
    assert "NO  files: missing: none.ttf" in told


def test_a_worker_works_beside_the_desk_on_postgresql_alone(postgres_server: PostgresServer, tmp_path: Path):
    alone = run("worker", folder=tmp_path)
    assert alone.exit_code == 2
    assert "needs PostgreSQL" in alone.stderr
    name = f"desk_{new_id()}"
    postgres_server.sql(f"CREATE DATABASE {name}")
    url = postgres_server.url(name)
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "worker", "--data-dir", str(tmp_path), "--database-url", url],
        stdout=subprocess.PIPE, env={**os.environ},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"Tocsin works\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_a_port_that_is_taken_stops_the_desk_with_one_line(folder: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = run("serve", "--port", str(taken.getsockname()[1]), folder=folder)
    assert ended.exit_code == 2
    assert "is taken on 127.0.0.1" in ended.stderr


def test_a_second_desk_on_postgresql_leaves_the_first_ones_link_open(
    postgres_server: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    postgres_server.sql(f"CREATE DATABASE {(name := f'desk_{new_id()}')}")
    settings = Settings(data_dir=str(tmp_path), database_url=postgres_server.url(name))
    first, second = open_desk(settings), open_desk(settings)
    create_first_merchant(first, demo_days=None)
    (link,) = owner_links(first)
    assert owner_links(second) == [""]
    assert link_is_open(second.db, link.rpartition("/")[2], address="")
    say(settings, [""], "")
    assert "tocsin operator owner-link" in capsys.readouterr().out
    for desk in (first, second):
        desk.close()


def test_empty_beside_a_demo_is_told_how_to_get_a_shop_of_its_own():
    demo, own = Merchant(1, "Demo", 1), Merchant(2, "Own", 0)
    assert "--data-dir" in note_demo([own, demo], empty=True)
    assert not note_demo([own], empty=True) and not note_demo([demo], empty=False)


def test_a_database_that_is_not_there_is_one_line_for_each_command(tmp_path: Path):
    url = f"postgresql://desk:secret-word@127.0.0.1:{free_port()}/desk"
    for words in (("serve",), ("worker",), ("operator", "list")):
        ended = run(*words, "--database-url", url, folder=tmp_path)
        assert (ended.exit_code, ended.stderr.count("\n"), ended.stdout) == (2, 1, ""), words
        assert "PostgreSQL does not let the desk in at 127.0.0.1:" in ended.stderr
        assert "secret-word" not in ended.stderr
    ill = run("doctor", "--database-url", url, folder=tmp_path)
    assert ill.exit_code == 1
    assert "NO  database: PostgreSQL does not let the desk in" in ill.stdout
    assert "secret-word" not in ill.output


def test_an_address_of_no_database_is_one_line_for_each_command(tmp_path: Path):
    for words in (("serve",), ("worker",), ("operator", "list"), ("doctor",)):
        for url in ("mysql://desk:secret-word@localhost/desk", "desk.sqlite"):
            ended = run(*words, "--database-url", url, folder=tmp_path)
            assert (ended.exit_code, ended.stderr.count("\n")) == (2, 1), words
            assert "begins with postgresql://" in ended.stderr
            assert "secret-word" not in ended.stderr
    unread = run("operator", "list", "--database-url", "postgresql://[secret-word", folder=tmp_path)
    assert (unread.exit_code, unread.stderr.count("\n")) == (2, 1)
    assert "secret-word" not in unread.stderr


def test_the_doctor_tells_the_server_and_its_schema(postgres_server: PostgresServer, tmp_path: Path):
    postgres_server.sql(f"CREATE DATABASE {(name := f'desk_{new_id()}')}")
    url = postgres_server.url(name)
    words = ("doctor", "--database-url", url, "--port", str(free_port()))
    fresh = run(*words, folder=tmp_path)
    assert fresh.exit_code == 0
    newest = newest_version()
    assert re.search(rf"ok  database: PostgreSQL \d\S*.*, schema none yet, {newest} after", fresh.output)
    open_desk(Settings(data_dir=str(tmp_path), database_url=url)).close()
    assert re.search(rf"ok  database: PostgreSQL .*, schema {newest}\n", run(*words, folder=tmp_path).output)


def test_an_owner_link_has_the_address_that_is_served(folder: Path):
    by_port = run("operator", "owner-link", "--port", "9001", folder=folder).output
    assert by_port.startswith("http://localhost:9001/owner/")
    named = run("operator", "owner-link", "--public-url", "https://desk.example/", folder=folder).output
    assert named.startswith("https://desk.example/owner/")
    by_environment = run("operator", "owner-link", folder=folder, env={"TOCSIN_PORT": "9002"}).output
    assert by_environment.startswith("http://localhost:9002/owner/")


def test_what_is_written_is_its_owners_alone(tmp_path: Path):
    before = os.umask(0o022)
    try:
        with kept_private():
            open_desk(Settings(data_dir=str(tmp_path / "data"))).close()
        run("operator", "list", folder=tmp_path / "data")
        assert os.umask(0o022) == 0o022, "the process has its own umask back"
    finally:
        os.umask(before)
    data = tmp_path / "data"
    assert data.stat().st_mode & 0o777 == 0o700
    assert [path for path in data.rglob("*") if path.stat().st_mode & 0o077] == []
    assert data.joinpath("desk.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_command_makes_no_installation_by_mistake(tmp_path: Path):
    result = CliRunner().invoke(cli, ["operator", "list", "--data-dir", str(tmp_path / "mistyped")])
    assert result.exit_code == 2 and f"There is no desk in {tmp_path / 'mistyped'}" in result.output
    assert not (tmp_path / "mistyped").exists()
