"""`tocsin backup` beside a desk that serves, and `tocsin restore`: what they say, and what they refuse in one line."""

import os
from pathlib import Path

from click.testing import CliRunner, Result

from tests.backup.installation import PASSPHRASE, make_settings
from tests.backup.lived import Lived
from tests.databases import PostgresServer
from tocsin.backup.work import clear_work
from tocsin.cli.main import cli
from tocsin.opening import open_database
from tocsin.settings import Settings


def run(*words: str, settings: Settings) -> Result:
    given = ["--database-url", settings.database_url] if settings.database_url else []
    return CliRunner().invoke(cli, [*words, "--data-dir", settings.data_dir, *given])


def test_a_desk_is_backed_up_while_it_is_open_and_brought_back(
    lived: Lived, server: PostgresServer | None, tmp_path: Path
) -> None:
    secret, place = tmp_path / "passphrase", tmp_path / "kept"
    secret.write_text(PASSPHRASE + "\n", "utf-8")
    word = ("--passphrase-file", str(secret))
    lived.settings.path("erased.txt").write_text("7 8\n", "ascii")
    db = open_database(lived.settings)
    made = [run("backup", str(place), *word, "--keep", "1", settings=lived.settings) for _ in range(1)]
    db.close()
    assert [one.exit_code for one in made] == [0], made[0].output
    (file,) = place.glob("*.backup")
    assert (file.stat().st_mode & 0o777, [*Path(lived.settings.data_dir).glob(".backup-*")]) == (0o600, [])
    listed = run("backup", str(place), "--list", settings=lived.settings)
    assert listed.stdout.startswith(f"{file.name}\t{file.stat().st_size}\t20")
    after = make_settings(tmp_path / "after", server, empty=True)
    assert "whole" in run("restore", str(place), *word, "--check", settings=after).stdout
    (place / f"{file.name[:15]}-erased.txt").write_text("7 8\n7 9\n", "ascii")
    done = run("restore", str(file), *word, settings=after)
    assert Path(after.data_dir, "erased.txt").read_text("ascii") == "7 8\n7 9\n", (
        "the newer list goes with an older backup"
    )
    assert (done.exit_code, "restored" in done.stdout) == (0, True), done.output
    key = Path(after.data_dir, "keys", "installation.key")
    assert (key.read_bytes(), key.stat().st_mode & 0o777) == (lived.settings.key_path().read_bytes(), 0o600)
    again = run("restore", str(place), *word, settings=after)
    assert (again.exit_code, again.stderr.count("\n")) == (2, 1)


def test_what_can_not_be_done_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("too short", "utf-8")
    empty, word = Settings(data_dir=str(tmp_path / "none")), ("--passphrase-file", str(tmp_path / "short"))
    for words, said in (
        (("backup",), "say where"), (("backup", str(tmp_path)), "say the passphrase"),
        (("backup", str(tmp_path), *word), "12 characters"), (("restore", str(tmp_path), *word), "there is no backup"),
        (("backup", str(tmp_path), "--passphrase-file", "none"), "can't be read"),
    ):  # fmt: skip
        ended = run(*words, settings=empty)
        assert (ended.exit_code, ended.stderr.count("\n")) == (2, 1), ended.output
        assert said in ended.stderr


def test_a_copy_that_a_kill_left_behind_goes_with_the_next_start(tmp_path: Path) -> None:
    old, young = tmp_path / ".backup-old", tmp_path / ".backup-young"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (1, 1))
    assert (clear_work(tmp_path), old.exists(), young.exists()) == (1, False, True)
