"""A desk with a reader: the server, the station's agent and fprintd as processes of their own, a browser, a hand."""

import re
import signal
import subprocess
import sys
import time
from typing import Any

import httpx

from tests.access.people import PASSWORD, right_hash
from tests.near import uncounted
from tests.peers.fprintd_peer import FprintdPeer
from tests.peers.recording_line import RecordingLine
from tests.proofs.asking import Unexpected, hidden_fields
from tests.proofs.running import ROOT, RunningDesk, wait_until
from tocsin.access.desk import enrol_desk
from tocsin.access.operator import add_operator
from tocsin.access.reader import FINGERS
from tocsin.access.station import create_station_code
from tocsin.core.actor import ROLES, Actor, desk_actor
from tocsin.core.clock import now_us
from tocsin.core.tenant import create_merchant, create_shop
from tocsin.desk import open_desk
from tocsin.settings import Settings

PEOPLE = {"owner": "whorl", "clerk": "arch"}
"""Who works there, and the print of each one's finger; others' are `STRANGERS`."""
STRANGERS = ("loop-right", "tented_arch")
_PAGE_SECONDS = 40.0


class ReaderDesk:
    """One shop: what stands in it, and what is done at it."""

    def __init__(self, desk: RunningDesk, peer: FprintdPeer) -> None:
        self.desk, self.peer = desk, peer
        self.file = desk.folder / "station.json"
        self.ids, self.code, self.desk_id, desk_token = _prepare(desk)
        self.browser = httpx.Client(
            base_url=desk.base, headers={"origin": desk.base}, timeout=30, trust_env=False, cookies={"tocsin_desk": desk_token}
        )  # fmt: skip
        self.station: subprocess.Popen[bytes] | None = None

    def open(self, *, fault: str = "", station_fault: str = "") -> None:
        """Serve, enrol the station, let it work, and teach it a finger of each person."""
        self.desk.start(fault=fault)
        self.line = RecordingLine(self.desk.port)
        self._run(
            "tocsin",
            "station",
            "enrol",
            "--server",
            f"http://localhost:{self.line.port}",
            "--code",
            self.code,
            "--name",
            "Counter",
        )
        self.start_station(station_fault)
        self.sign_in_by_password("owner")
        ((station_id,),) = self.desk.rows("SELECT id FROM enrolled_station")
        self.submit(f"/settings/stations/desks/{self.desk_id}", station=str(station_id))
        for name, print_ in PEOPLE.items():
            self.teach(name, print_, station_id=str(station_id))
        self.browser.cookies.delete("tocsin_session")

    def start_station(self, fault: str = "") -> None:
        """Start the agent, broken as `fault` says, and wait until the desk knows that its reader is ready."""
        program, began_us = ["tests.proofs.broken_station", fault] if fault else ["tocsin"], now_us()
        with (self.desk.folder / "station.log").open("ab") as log:
            self.station = subprocess.Popen(
                [sys.executable, "-m", *program, "station", "run", "--file", str(self.file), "--reader", "fprintd",
                 "--reader-option", f"bus={self.peer.address}"],
                cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip
        self.wait_reader("ready", since_us=began_us)

    def end_station(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the agent."""
        if self.station is not None:
            self.station.send_signal(how)
            self.station.wait(20)
            self.station = None

    def wait_reader(self, state: str, *, since_us: int = 0) -> None:
        """Wait until the desk knows, from the station itself, that the reader is in a state."""
        sql = f"SELECT count(*) FROM enrolled_station WHERE reader = '{state}' AND left_at_us = 0 AND last_seen_us > {since_us}"
        if not wait_until(lambda: self.desk.rows(sql)[0][0] == 1, seconds=30):
            raise Unexpected(f"the reader is not {state}: {self.log_end()}")

    def close(self) -> None:
        """End all that was started."""
        self.end_station(signal.SIGKILL)
        self.browser.close()
        if hasattr(self, "line"):
            self.line.close()

    def submit(self, path: str, **fields: str) -> httpx.Response:
        """Send a form as its page would, with the token of its session."""
        if "tocsin_session" in self.browser.cookies:
            page = self.browser.get("/settings/sessions").text
            fields["csrf"] = hidden_fields(page)["csrf"]
        return self.browser.post(path, data=fields)

    def sign_in_by_password(self, name: str) -> None:
        """Sign in at the desk."""
        answer = self.submit("/sign-in/password", username=name, password=PASSWORD)
        if answer.status_code != 303:
            raise Unexpected(f"the password of {name}: {answer.status_code}")

    def teach(self, name: str, print_: str, *, station_id: str) -> None:
        """Enrol a finger of a person, as the page has it done."""
        asked = self.submit(
            "/settings/fingers", operator=str(self.ids[name]), station=station_id, finger=FINGERS[0]
        )
        if "asked=" not in asked.headers.get("location", ""):
            raise Unexpected(f"the enrolment of {name}: {asked.status_code} {asked.text[:300]}")
        where, seed, began = asked.headers["location"], 0, time.monotonic()
        while "finger is enrolled" not in (page := self.browser.get(f"{where}&locale=en").text):
            if time.monotonic() - began > 60:
                raise Unexpected(f"{name}'s finger was not enrolled: {re.sub('<[^>]*>', ' ', page)[-900:]}")
            if self.peer.asks_for_a_finger():
                self.peer.lay(print_, seed=seed, mild=True)
                seed += 1
            time.sleep(0.05)
        self.peer.lift()

    def ask(self, name: str) -> str:
        """Press the button at the sign-in; return the attempt's token."""
        shown = self.submit("/sign-in/finger", name=name)
        found = re.search(r'name="attempt" value="([^"]+)"', shown.text)
        if shown.status_code != 200 or not found:
            raise Unexpected(
                f"no attempt for {name}: {shown.status_code} {re.sub('<[^>]*>', ' ', shown.text)[-600:]}"
            )
        return found[1]

    def wait(self, token: str, *, asking: bool = False) -> str:
        """Return how an attempt ended, as the page hears it; or as soon as the page asks for the finger."""
        until, seen = time.monotonic() + _PAGE_SECONDS, "open"
        while time.monotonic() < until:
            seen = self.browser.post("/finger/state", data={"attempt": token, "seen": seen}).text
            if seen != "open" and (asking or seen != "asking"):
                return seen
        raise Unexpected("the page waits in vain")

    def enter(self, token: str, name: str) -> bool:
        """Go on from the page; tell whether that signed in. The session is left at once."""
        answer = self.browser.post("/sign-in/finger/session", data={"attempt": token, "name": name})
        entered = answer.status_code == 303 and "tocsin_session" in self.browser.cookies
        self.browser.cookies.delete("tocsin_session") if entered else None
        return entered

    def log_end(self) -> str:
        """Return the last lines of what server and station said."""
        path = self.desk.folder / "station.log"
        return self.desk.log_end() + (path.read_text(errors="replace")[-1500:] if path.exists() else "")

    def _run(self, module: str, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", module, *words, "--file", str(self.file)], cwd=ROOT, capture_output=True, text=True,
            env=uncounted(),
        )  # fmt: skip
        if done.returncode:
            raise Unexpected(f"{' '.join(words)}: {done.stderr}")


def _prepare(desk: RunningDesk) -> tuple[dict[str, int], str, int, str]:
    """Make an installation with a shop, its people and an enrolled desk, and a code for a station."""
    opened = open_desk(Settings(data_dir=str(desk.folder / "data"), database_url=desk.database_url))
    try:
        db = opened.db
        merchant_id = db.write(0, lambda tx: create_merchant(tx, name="梨园果业"))
        db.write(merchant_id, lambda tx: create_shop(tx, code="S1", name="店", zone="Asia/Shanghai"))
        ids = {name: _add(db, merchant_id, name) for name in PEOPLE}
        owner = Actor(
            kind="operator", id=ids["owner"], merchant_id=merchant_id, name="owner", role="owner", rights=ROLES["owner"],
            proved_at_us=now_us(),
        )  # fmt: skip
        made = db.write(merchant_id, lambda tx: enrol_desk(tx, owner, name="前台", place="", shop_id=0))
        code = db.write(merchant_id, lambda tx: create_station_code(tx, desk_actor(merchant_id))).code
        return ids, code, made.id, made.token
    finally:
        opened.close()


def _add(db: Any, merchant_id: int, name: str) -> int:
    return int(db.write(merchant_id, lambda tx: add_operator(
        tx, name=name, display_name=name, role=name, password_hash=right_hash(), locale="en", zone="UTC", created_by=0
    )))  # fmt: skip
