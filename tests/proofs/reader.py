"""`bin/prove reader`: each wrong finger is seen and nothing else is one; what a station signed counts once."""

import argparse
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import msgspec
from msgspec.structs import replace

from tests.peers.fprintd_peer import FprintdPeer
from tests.peers.recording_line import send_raw
from tests.proofs.reading import PEOPLE, STRANGERS, ReaderDesk
from tests.proofs.running import ENGINES, Ground, open_ground, wait_until
from tocsin.access.reader import ReaderAnswer, answer_text
from tocsin.core.clock import now_us
from tocsin.core.signature import make_key, sealed_header, sign
from tocsin.station.identity import load_identity

ANSWERS = "/api/v1/station/answers"
# Where each planted fault is, the figure that must give it away, and what is done for it to show.
FAULTS = {
    "count_stops": ("station", "false_alarms", ("stop", "unplug")), "see_nothing": ("station", "wrong_finger_missed", ("wrong",)),
    "take_twice": ("server", "replays_accepted", ("match", "wrong")),
}  # fmt: skip
ACTS = ("match", "wrong", "wrong", "retry", "stop", "fail", "unplug")
_FREE = 4  # wrong ones in a row at one name, before a right one: the fifth would lock


class Walk:
    """What is done at one desk, and how each attempt ended beside how it should have."""

    def __init__(self, shop: ReaderDesk, chance: random.Random) -> None:
        self.shop, self.chance = shop, chance
        self.done: Counter[str] = Counter()
        self.ended: list[tuple[str, str]] = []
        self.entered = self.entered_wrongly = 0
        self._wrong = Counter[str]()

    def attempt(self, kind: str, wanted: str, hand: Callable[[], None], *, name: str = "") -> str:
        """Ask for a finger, let the hand do something, and note how it ended."""
        name = name or self.chance.choice([*PEOPLE])
        token = self.shop.ask(name)
        self.shop.wait(token, asking=True)
        try:
            hand()
        except TimeoutError:
            print(f"{kind}: the reader asks for no finger", flush=True)
        state = self.shop.wait(token)
        self.shop.peer.lift()
        entered = self.shop.enter(token, name)
        self.entered += entered and wanted == "matched"
        self.entered_wrongly += entered and wanted != "matched"
        self._note(kind, wanted, state)
        return state

    def match(self) -> None:
        """Lay the right finger, a little otherwise each time."""
        name = self.chance.choice([*PEOPLE])
        self.attempt("matches", "matched", partial(self._lay, PEOPLE[name]), name=name)
        self._wrong[name] = 0

    def wrong(self) -> None:
        """Lay a finger that is enrolled for nobody, or for somebody else."""
        name = self.chance.choice([*PEOPLE])
        others = [*STRANGERS, *(print_ for other, print_ in PEOPLE.items() if other != name)]
        self.attempt(
            "no_matches", "no_match", partial(self.shop.peer.lay, self.chance.choice(others)), name=name
        )
        self._wrong[name] += 1
        if self._wrong[name] >= _FREE:
            self.attempt("matches", "matched", partial(self._lay, PEOPLE[name]), name=name)
            self._wrong[name] = 0

    def retry(self) -> None:
        """Lay what can't be read, once or more, and then the right finger."""
        name = self.chance.choice([*PEOPLE])
        bad = [self.shop.peer.blank, *(partial(self.shop.peer.bad, kind) for kind in (0, 1, 2, 3))]

        def hand() -> None:
            for _ in range(self.chance.randint(1, 3)):
                self.chance.choice(bad)()
            self._lay(PEOPLE[name])

        self.attempt("retries", "matched", hand, name=name)
        self._wrong[name] = 0

    def stop(self) -> None:
        """Stop an attempt by beginning another one, with nothing laid, or with what could not be read."""
        first = self.shop.ask(self.chance.choice([*PEOPLE]))
        self.shop.wait(first, asking=True)
        if self.chance.random() < 0.5:
            self.shop.peer.blank()
        self.match()
        self._note("false_stops", "cancelled", self.shop.wait(first))

    def leave(self) -> None:
        """Ask for a finger and lay none until the time is over."""
        self.attempt("left_alone", "cancelled", self.shop.peer.wait_for_need)

    def unplug(self) -> None:
        """Take the reader away while it waits; plug it in again."""
        how = self.chance.choice([self.shop.peer.unplug, self.shop.peer.kill_fprintd])

        def hand() -> None:
            self.shop.peer.wait_for_need()
            how()

        self.attempt("unplugs", "vanished", hand)
        self.shop.wait_reader("vanished")
        if how == self.shop.peer.unplug:
            self.shop.peer.kill_fprintd()
        self.shop.peer.start_fprintd()
        self.shop.wait_reader("ready")

    def fail(self) -> None:
        """Let the reader fail."""
        self.attempt("device_errors", "device_error", self.shop.peer.fault)

    def restart_station(self) -> None:
        """Stop the agent properly while it waits for a finger, and start it again."""
        token = self.shop.ask(self.chance.choice([*PEOPLE]))
        self.shop.peer.wait_for_need()
        self.shop.end_station(signal.SIGTERM)
        self._note("station_stops", "cancelled", self.shop.wait(token))
        self.shop.start_station()

    def _lay(self, print_: str) -> None:
        self.shop.peer.lay(print_, seed=self.chance.randrange(10_000), mild=True)

    def _note(self, kind: str, wanted: str, state: str) -> None:
        self.done[kind] += 1
        self.ended.append((wanted, state))
        if wanted != state:
            print(f"{kind}: {wanted} was to come, {state} came", flush=True)


def count_fingers(walk: Walk) -> dict[str, Any]:
    """Return the figures of a walk: as pages saw it, and as the tables have it."""
    laid = sum(wanted == "no_match" for wanted, _ in walk.ended)
    recorded = walk.shop.desk.rows(
        "SELECT count(*) FROM signal WHERE kind = 'credential_wrong' AND method = 'reader'"
    )[0][0]
    attempts = walk.shop.desk.rows(
        "SELECT count(*) FROM attempt WHERE method = 'reader' AND outcome = 'wrong'"
    )[0][0]
    vanished = walk.shop.desk.rows("SELECT count(*) FROM signal WHERE kind = 'reader_vanished'")[0][0]
    missed = sum(wanted == "no_match" != state for wanted, state in walk.ended)
    false = sum(state == "no_match" != wanted for wanted, state in walk.ended)
    return {
        **walk.done, "attempts": len(walk.ended), "wrong_finger_missed": max(missed, laid - min(recorded, attempts)),
        "false_alarms": max(false, max(recorded, attempts) - laid), "entered": walk.entered,
        "entered_wrongly": walk.entered_wrongly, "otherwise": sum(wanted != state for wanted, state in walk.ended) - missed - false,
        "vanished_told": int(vanished),
    }  # fmt: skip


def replay(shop: ReaderDesk, *, replays: int) -> dict[str, int]:
    """Send what a station signed again: byte for byte, in new requests, altered, and signed by another key."""
    identity = load_identity(shop.file)
    said = [msgspec.json.decode(one.partition(b"\r\n\r\n")[2]) for one in shop.line.kept(ANSWERS.encode())]
    said = [one for one in said if one.get("said")]
    before = shop.desk.rows("SELECT id, state, answered_at_us FROM finger_attempt ORDER BY id")
    with ThreadPoolExecutor(8) as hands:
        statuses = list(hands.map(lambda n: _replay_one(shop, identity, said, n), range(replays)))
    after = shop.desk.rows("SELECT id, state, answered_at_us FROM finger_attempt ORDER BY id")
    return {
        "replays": len(statuses), "replays_accepted": sum(status < 300 for status in statuses),
        "replays_faults": sum(status >= 500 or not status for status in statuses), "attempts_changed": sum(a != b for a, b in zip(before, after, strict=True)),
    }  # fmt: skip


def _replay_one(shop: ReaderDesk, identity: Any, said: list[dict[str, Any]], n: int) -> int:
    raw = shop.line.kept(ANSWERS.encode())
    if n % 2 == 0:
        return send_raw(shop.desk.port, raw[n // 2 % len(raw)])
    body, key = dict(said[n % len(said)]), identity.key
    if n % 8 == 3:  # another's answer in a request that the station itself signed
        body["command"] = said[(n + 1) % len(said)]["command"]
    if n % 8 == 5:  # a wrong finger made a right one, by who holds the key
        answer = replace(
            msgspec.json.decode(body["said"].encode(), type=ReaderAnswer), result="match", time_us=now_us()
        )
        body["said"] = msgspec.json.encode(answer).decode()
        body["signature"] = sign(key, answer_text(body["said"]))
    if n % 8 == 7:
        key = make_key()
    data = msgspec.json.encode(body)
    header = sealed_header(key, identity.station, method="POST", target=ANSWERS, time_us=now_us(), body=data)
    headers = {"authorization": header, "content-type": "application/json"}
    return httpx.post(
        f"{shop.desk.base}{ANSWERS}", content=data, headers=headers, trust_env=False, timeout=30
    ).status_code


def lose_station(shop: ReaderDesk) -> dict[str, int]:
    """Kill the agent: the desk misses it, once, and hears when it is back."""
    shop.end_station(signal.SIGKILL)
    told = "SELECT count(*) FROM signal WHERE kind = '{}'"
    seen = wait_until(
        lambda: shop.desk.rows(told.format("station_vanished"))[0][0] > 0, seconds=60, step_seconds=0.5
    )
    time.sleep(2)
    shop.start_station()
    return {
        "station_missed": shop.desk.rows(told.format("station_vanished"))[0][0] if seen else 0,
        "station_back": shop.desk.rows("SELECT count(*) FROM signal WHERE kind = 'device_back' AND subject LIKE 'station:%'")[0][0],
    }  # fmt: skip


def run(
    ground: Ground, engine: str, *, rounds: int = 1, replays: int = 20, seed: int = 1, fault: str = "", quick: bool = False
) -> dict[str, Any]:  # fmt: skip
    """Do so many rounds at a new desk; return what was counted. A faulty one does only what its fault shows in.

    Args:
        quick: without what takes half a minute of waiting.
    """
    where, _, acts = FAULTS[fault] if fault else ("", "", ACTS)
    faulty = {"fault" if where == "server" else "station_fault": fault}
    with FprintdPeer() as peer:
        shop = ReaderDesk(ground.make_desk(engine), peer)
        try:
            shop.open(**faulty)
            walk = Walk(shop, random.Random(seed))
            for _ in range(rounds):
                for act in acts:
                    getattr(walk, act)()
            if fault:
                return count_fingers(walk) | (replay(shop, replays=replays) if where == "server" else {})
            walk.restart_station()
            if not quick:
                walk.leave()
            found = count_fingers(walk)
            return found | replay(shop, replays=replays) | ({} if quick else lose_station(shop))
        finally:
            shop.close()
            shop.desk.stop()


def broken_promises(found: dict[str, Any]) -> list[str]:
    """Return the figures that do not say what was promised."""
    nought = (
        "wrong_finger_missed", "false_alarms", "otherwise", "entered_wrongly", "replays_accepted", "replays_faults", "attempts_changed"
    )  # fmt: skip
    wrong = [name for name in nought if found.get(name, 0) != 0]
    if found["vanished_told"] != found.get("unplugs", 0):
        wrong.append("vanished_told")
    if found["entered"] != sum(found.get(kind, 0) for kind in ("matches", "retries")):
        wrong.append("entered")
    wrong += [name for name in ("station_missed", "station_back") if found.get(name, 1) != 1]
    least = (
        "matches",
        "no_matches",
        "retries",
        "unplugs",
        "false_stops",
        "device_errors",
        "station_stops",
        "replays",
    )
    return wrong + [name for name in least if not found.get(name)]


def main(given: list[str]) -> dict[str, Any]:
    """Read the options and prove."""
    parser = argparse.ArgumentParser(prog="bin/prove reader", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default="sqlite")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--replays", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(given)
    with open_ground() as ground:
        seen = {
            fault: run(ground, asked.engine, fault=fault).get(sign, 0) > 0 for fault, (_, sign, _) in FAULTS.items()
        }  # fmt: skip
        print(f"planted faults {seen}", flush=True)
        found = run(ground, asked.engine, rounds=asked.rounds, replays=asked.replays, seed=asked.seed)
    found |= {
        "broken_promises": broken_promises(found),
        "planted_faults": seen,
        "planted_fault_found": all(seen.values()),
    }
    return found | {"holds": found["planted_fault_found"] and not found["broken_promises"]}
