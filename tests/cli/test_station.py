"""`tocsin station`: enrolled over the wire, its file kept or taken back, refusals in one line."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.access.stations import make_code
from tests.station.conftest import shop as shop
from tests.station.counter import Shop
from tocsin.access.station import list_stations, revoke_station
from tocsin.cli.main import cli
from tocsin.cli.station import TURNED_AWAY
from tocsin.core.signature import station_ids
from tocsin.station.identity import load_identity


def run(*words: str, file: Path) -> Result:
    return CliRunner().invoke(cli, ["station", *words, "--file", str(file)])


def test_a_machine_enrols_once_and_works_until_it_is_revoked(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "there" / "station.json"
    words = ("enrol", "--server", f"{shop.served.base}/", "--name", "仓库", "--code")
    wrong = run(*words, "AAAAA-AAAAA", file=file)
    assert wrong.exit_code == 2 and "let a manager make a new one" in wrong.stderr
    assert not file.exists(), "a code that was wrong leaves nothing behind"
    made = run(*words, make_code(shop.house).lower(), file=file)
    assert made.exit_code == 0 and f"tocsin station run --file {file}" in made.stdout, made.stderr
    named = load_identity(file)
    assert named.server == shop.served.base and named.key.hex() not in made.stdout
    found = shop.read(lambda tx: list_stations(tx, shop.owner))[0]
    assert (found.id, found.name) == (station_ids(named.station)[1], "仓库")
    again = run(*words, make_code(shop.house), file=file)
    assert again.exit_code == 2 and "holds a station already" in again.stderr
    assert load_identity(file) == named
    shop.write(lambda tx: revoke_station(tx, shop.owner, station_id=found.id))
    ended = run("run", "--reader", "memory", "--reader-option", "tray=cli", file=file)
    assert ended.exit_code == TURNED_AWAY and "enrol it again" in ended.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("enrol", "--server", "http://desk.example", "--code", "x", "--name", "n"), "not reached by HTTPS"),
        (("enrol", "--server", "http://localhost:9", "--code", " ", "--name", "n"), "--code is empty"),
        (("enrol", "--server", "http://localhost:9", "--code", "x", "--name", "n"), "refused"),
        (
            ("enrol", "--server", "https://localhost:9", "--code", "x", "--name", "n", "--ca", "/nowhere"),
            "No such file",
        ),
        (("run",), "is no station's file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    ended = run(*words, file=tmp_path / "station.json")
    assert ended.exit_code == 2 and said in ended.stderr and ended.stderr.count("\n") == 1
    assert not (tmp_path / "station.json").exists()


def test_an_unknown_driver_is_named_with_those_that_there_are(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "station.json"
    run("enrol", "--server", shop.served.base, "--name", "x", "--code", make_code(shop.house), file=file)
    ended = run("run", "--reader", "palm", file=file)
    assert ended.exit_code == 2 and "fprintd" in ended.stderr
    for wrong in ("kitchen", "192.168.1.5/24"):
        ended = run("run", "--printer-network", wrong, "--reader", "palm", file=file)
        assert (
            ended.exit_code == 2 and "--printer-network" in ended.stderr and "192.168.1.0/24" in ended.stderr
        )


def test_a_station_loads_neither_database_nor_what_draws_papers() -> None:
    """A small machine runs it: what the desk alone needs is not even imported."""
    program = (
        "import sys; from tocsin.cli.main import cli; cli(['station', 'run', '--help'], standalone_mode=False);"
        "print([name for name in ('typst', 'PIL', 'sqlalchemy', 'litestar', 'zxingcpp', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "['httpx']"
