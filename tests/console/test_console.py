"""The console: who sits at the machine gets the right person in, and the alarm in hand, while the desk runs."""

import os
import re
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.access.people import ELSEWHERE, HOME, PASSWORD, WRONG, attempt, enter, make_desk, make_operator
from tests.core.test_telemetry import Heard, watched
from tests.served import Served
from tocsin.access import guess
from tocsin.access.limiter import SignInRefused
from tocsin.access.owner_link import link_is_open
from tocsin.access.recovery import redeem_code
from tocsin.alarm.incident import raise_incident
from tocsin.cli.main import cli
from tocsin.console import listen
from tocsin.console.ask import ConsoleRefused, ConsoleSilent, ask
from tocsin.console.listen import listening, may_ask
from tocsin.console.operators import MerchantIn, OperatorOut
from tocsin.console.wire import LONGEST_BYTES, connect, console_path, peer_user, receive, short_address
from tocsin.core.db import Database
from tocsin.core.journal import JournalEntry, read_journal
from tocsin.desk import Desk, open_desk
from tocsin.settings import Settings

NEW = "seven green kettles sing"


@pytest.fixture
def desk(db: Database, tmp_path: Path) -> Iterator[Desk]:
    """A desk that runs, with its console."""
    made = Desk(Settings(data_dir=str(tmp_path)), db)
    with listening(made):
        yield made
    made.close()


def run(desk: Desk, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--data-dir", desk.settings.data_dir])


def done(desk: Desk, *words: str) -> str:
    ended = run(desk, *words)
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def by_console(desk: Desk, merchant_id: int) -> list[JournalEntry]:
    """Return what the journal says that the console did."""
    rows = desk.db.read(merchant_id, read_journal)
    found = [one for one in rows if one.actor_name == "console"]
    assert all((one.actor_kind, one.actor_id) == ("desk", -1 - os.getuid()) for one in found)
    return found


def test_operators_are_made_listed_and_suspended_while_the_desk_runs(desk: Desk) -> None:
    shop = make_desk(desk.db)
    made = done(desk, "operator", "create", "cai", "--role", "clerk", "--password", PASSWORD)
    operator_id = made.partition("\t")[0]
    enter(desk.db, "cai")
    assert f"{operator_id}\tclerk\tactive\tcai\n" in done(desk, "operator", "list")
    done(desk, "operator", "suspend", operator_id)
    assert attempt(desk.db, "cai", password=PASSWORD, address=HOME) == SignInRefused("wrong")
    verbs = [one.verb for one in by_console(desk, shop.merchant_id)]
    assert verbs == ["access.suspend_operator", "access.create_operator"]


def test_a_locked_account_is_unlocked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guess, "FREE_IN_A_ROW", 5)
    shop = make_desk(desk.db)
    for _ in range(5):
        attempt(desk.db, shop.owner)
    locked = attempt(desk.db, shop.owner, password=PASSWORD)
    assert isinstance(locked, SignInRefused) and locked.code == "locked"
    assert re.fullmatch(
        rf"{shop.owner}\tunlocked\t[3-9] counters\n", done(desk, "operator", "unlock", shop.owner)
    )
    enter(desk.db, shop.owner, address=ELSEWHERE)
    assert [one.verb for one in by_console(desk, shop.merchant_id)] == ["access.unlock_operator"]
    unknown = run(desk, "operator", "unlock", "nobody")
    assert unknown.exit_code == 2
    assert unknown.stderr.endswith(
        "\ntocsin: There is no such operator at this merchant: look at the list again\n"
    )


def test_a_printed_code_gives_an_operator_a_new_password_and_ends_his_locks(desk: Desk) -> None:
    shop = make_desk(desk.db)
    make_operator(desk.db, shop, "clerk", name="cai")
    for _ in range(6):
        attempt(desk.db, "cai", address=HOME)
    for name in ("cai", shop.owner):
        code, address, minutes = done(desk, "operator", "reset", name).strip().split("\t")
        assert (address, minutes) == ("http://localhost:8717/reset", "15 minutes")
        made = redeem_code(desk.db, name=name, code=code, password=NEW, address=HOME)
        assert not isinstance(made, SignInRefused)
        enter(desk.db, name, password=NEW, address=HOME)
    assert [one.verb for one in by_console(desk, shop.merchant_id)] == ["access.make_reset_code"] * 2


def test_an_owner_link_has_the_address_of_the_running_desk(db: Database, tmp_path: Path) -> None:
    desk = Desk(Settings(data_dir=str(tmp_path), public_url="https://desk.example"), db)
    make_desk(db)
    with listening(desk):
        link = done(desk, "operator", "owner-link").strip()
    assert link.startswith("https://desk.example/owner/")
    assert link_is_open(db, link.rpartition("/")[2], address=HOME)
    desk.close()


def test_among_several_merchants_one_is_named(desk: Desk) -> None:
    first, other = make_desk(desk.db), make_desk(desk.db, "别家")
    unnamed = run(desk, "operator", "list")
    assert unnamed.exit_code == 2 and f"{other.merchant_id} 别家" in unnamed.stderr
    assert first.owner in done(desk, "operator", "list", "--merchant", str(first.merchant_id))
    done(desk, "operator", "unlock", other.owner)
    assert by_console(desk, other.merchant_id) and not by_console(desk, first.merchant_id)


def test_the_alarm_is_listed_silenced_acknowledged_and_cleared(desk: Desk) -> None:
    shop = make_desk(desk.db)
    incident_id, second = (
        desk.db.write(
            shop.merchant_id,
            lambda tx, key=key: raise_incident(
                tx, kind="attack", key=key, level="sound", why="account_failures", why_data={}
            ),
        )
        for key in ("attack", "device:1:x")
    )
    listed = done(desk, "alarm", "list")
    assert listed.startswith("posture\talert\n") and listed.count("\tsound\topen\t") == 2
    assert done(desk, "alarm", "silence", str(incident_id)) == f"{incident_id}\tsilence\n"
    assert done(desk, "alarm", "silence") == f"{second}\tsilence\n", "the other one is silent already"
    again = run(desk, "alarm", "silence", str(incident_id))
    assert again.exit_code == 2 and "console has silenced this incident already" in again.stderr
    assert (
        done(desk, "alarm", "acknowledge", str(second), "--note", "it was me") == f"{second}\tacknowledge\n"
    )
    assert "\tsilenced\t" in (listed := done(desk, "alarm", "list")) and "\tacknowledged\t" in listed
    assert done(desk, "alarm", "clear").count("\tclear\n") == 2
    assert done(desk, "alarm", "list").count("\n") == 1
    assert done(desk, "alarm", "list", "--all").count("\tover\t") == 2
    assert done(desk, "alarm", "posture", "lockdown", "--reason", "key was stolen") == "posture\tlockdown\n"
    assert run(desk, "alarm", "posture", "lockdown", "--reason", "again").exit_code == 2
    assert done(desk, "alarm", "list") == "posture\tlockdown\n"
    verbs = [one.verb for one in by_console(desk, shop.merchant_id)]
    assert verbs[0] == "alarm.posture" and {"alarm.silence", "alarm.acknowledge", "alarm.clear"} < set(verbs)


def test_the_socket_is_for_the_desks_user_and_root_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = console_path(desk.settings)
    assert stat.S_ISSOCK(path.stat().st_mode) and path.stat().st_mode & 0o777 == 0o600
    assert may_ask(os.geteuid()) and may_ask(0) and not may_ask(os.geteuid() + 1)
    one, other = socket.socketpair()
    assert peer_user(one) == os.getuid()
    one.close(), other.close()
    make_desk(desk.db)
    monkeypatch.setattr(listen, "may_ask", lambda _: False)
    foreign = run(desk, "operator", "list")
    assert (foreign.exit_code, foreign.stdout) == (
        2,
        "",
    ) and "did not answer at its console" in foreign.stderr


@pytest.mark.parametrize(
    "line",
    [
        b"\n", b"{}\n", b"\0\xff\n", b"[" * 100_000 + b"\n", b"x" * (LONGEST_BYTES + 2),
        b'{"command":"operator.list","given":{"merchant":"x"}}\n', b'{"command":"operator.list","given":7}\n',
        b'{"command":"desk.burn","given":{}}\n', b'{"command":"__class__","given":{}}\n', b'{"command":"operator.list"',
    ],
)  # fmt: skip
def test_what_is_no_command_is_refused_and_the_console_goes_on(desk: Desk, line: bytes) -> None:
    make_desk(desk.db)
    connection = connect(console_path(desk.settings))
    assert connection is not None
    with connection:
        connection.settimeout(10)
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        assert b"does not know this command" in receive(connection)
    assert "owner-" in done(desk, "operator", "list")


def test_a_fault_is_told_and_logged_without_what_was_given(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    make_desk(desk.db)

    def break_(*_: object) -> None:
        raise RuntimeError("lamp went out")

    monkeypatch.setattr(desk, "merchants", break_)
    with pytest.raises(ConsoleRefused, match="the desk made a mistake"):
        ask(desk.settings, "operator.list", MerchantIn(), result=list[OperatorOut])
    told = capfd.readouterr()
    assert WRONG not in told.out + told.err


def test_who_is_not_answered_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "answer", lambda *_, **__: (_ for _ in ()).throw(OSError("gone")))
    with pytest.raises(ConsoleSilent):
        ask(desk.settings, "operator.list", MerchantIn(), result=list[OperatorOut])


def test_a_deep_folder_and_a_socket_left_behind_are_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    settings = Settings(data_dir=str(deep))
    desk = open_desk(settings)
    make_desk(desk.db)
    dead = socket.socket(socket.AF_UNIX)
    with short_address(console_path(settings)) as address:
        dead.bind(address)
    dead.close()  # as after a power cut: the file is there, and nobody listens
    with listening(desk):
        assert "owner-" in done(desk, "operator", "list")
    assert not console_path(settings).exists()
    desk.close()
    assert "owner-" in done(desk, "operator", "list"), "no desk runs: the installation itself is opened"


def test_of_two_processes_over_one_folder_the_first_answers(desk: Desk) -> None:
    make_desk(desk.db)
    number = console_path(desk.settings).stat().st_ino
    with listening(desk):
        assert console_path(desk.settings).stat().st_ino == number
    assert console_path(desk.settings).stat().st_ino == number
    assert "owner-" in done(desk, "operator", "list")


def test_the_served_desk_answers_its_console(tmp_path: Path) -> None:
    served = Served(tmp_path, "--empty", counted=True)
    made = CliRunner().invoke(
        cli, ["operator", "create", "anna", "--role", "owner", "--password", PASSWORD, "--data-dir", str(tmp_path)]
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    code = CliRunner().invoke(cli, ["operator", "reset", "anna", "--data-dir", str(tmp_path)])
    assert served.url("/reset") in code.output, "the port is the running desk's"
    served.stop()
    assert not (tmp_path / "console.sock").exists()


def test_a_command_is_told_to_who_watches_by_its_name(desk: Desk) -> None:
    make_desk(desk.db)
    heard = Heard()
    with watched(heard):
        done(desk, "merchant", "list")
    assert heard.ended[-1] == ("task", "console merchant.list") and ("read", "core.tenant") in heard.ended
