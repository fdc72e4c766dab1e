"""`bin/prove lockout`: parallel guesses don't outrun the limiter, nobody locks the owner out, and no door is past it."""

import argparse
import secrets
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx

from tests.proofs.running import ENGINES, Ground, RunningDesk, open_ground
from tests.secret_paths import NO_SECRET, Graph, secret_routes
from tocsin.app import build_app
from tocsin.console.ask import ask
from tocsin.console.operators import CreateIn, OperatorOut
from tocsin.desk import open_desk
from tocsin.settings import Settings

GUESSES, TESTED_MOST, VALID = 200, 10, 40
ATTACKERS = 8
# On PostgreSQL two processes of one installation stand behind the attack.
PROCESSES = {"sqlite": 1, "postgresql": 2}
FAULT = "count_late"
_PLANTED = """
from litestar import post
from tocsin.access.password import verify_password
@post("/planted")
async def planted(data: dict) -> bool:
    return verify_password(data["password"], data["hash"])
"""


class Doors:
    """The sign-in of one installation, by however many processes it is served."""

    def __init__(self, desks: list[RunningDesk]) -> None:
        self.desks = desks

    def browser(self, number: int, *, at: int = 0) -> httpx.Client:
        """Return a browser with a loopback address of its own."""
        desk = self.desks[at % len(self.desks)]
        address = f"127.{1 + number // 250}.{number % 250}.9"
        return httpx.Client(
            base_url=f"http://127.0.0.1:{desk.port}", transport=httpx.HTTPTransport(local_address=address, verify=False),
            headers={"host": f"localhost:{desk.port}", "origin": desk.base}, timeout=60, trust_env=False,
        )  # fmt: skip

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return rows of the installation's database."""
        return self.desks[0].rows(sql)


def main(given: list[str]) -> dict[str, Any]:
    """Attack a desk on each engine, and a broken one; look at every route."""
    asked = argparse.ArgumentParser(prog="bin/prove lockout")
    asked.add_argument("--engine", choices=ENGINES, action="append")
    asked.add_argument("--seconds", type=float, default=10, help="how long the owner signs in under attack")
    wanted = asked.parse_args(given)
    engines = wanted.engine or list(ENGINES)
    with open_ground() as ground:
        found = {engine: attack(ground, engine, seconds=wanted.seconds) for engine in engines}
        # On a busy machine guesses come one after another, and a counter that counts late is no fault to be seen.
        broken = next(
            (count for _ in range(4) if (count := parallel_guesses(ground, "sqlite")) > TESTED_MOST), 0
        )
    paths = look_at_routes()
    worst = {
        "guesses_tested": max(one["guesses_tested"] for one in found.values()),
        "valid_ok": min(one["valid_ok"] for one in found.values()),
        "owner_in_during_attack": min(one["owner_in_during_attack"] for one in found.values()),
        "unrecorded": max(one["unrecorded"] for one in found.values()),
    }
    planted = broken > TESTED_MOST and paths.pop("planted_unlimited") == 1
    holds = (
        planted and paths["paths_reading_secrets"] >= 8 and not paths["paths_unlimited"]
        and not any(map(broken_promises, found.values()))
    )  # fmt: skip
    return {
        "engines": len(engines), "parallel_guesses": GUESSES, "valid_parallel": VALID, **worst, **paths,
        "planted_fault_found": planted, "planted_guesses_tested": broken, "by_engine": found, "holds": holds,
    }  # fmt: skip


def attack(ground: Ground, engine: str, *, seconds: float) -> dict[str, Any]:
    """Guess at one account of a desk from everywhere; return what came through."""
    with serving(ground, engine) as doors:
        password = secrets.token_urlsafe(18)
        for name in ("owner", "cai"):
            create_operator(doors, name=name, password=password)
        owner = doors.browser(0)
        assert sign_in(owner, "owner", password=password) == 303, doors.desks[0].log_end()
        guesses = guess_in_parallel(doors, "owner")
        browsers = [doors.browser(500 + n, at=n) for n in range(VALID)]
        valid = in_parallel([partial(sign_in, one, "cai", password=password) for one in browsers])
        tries, entered = sign_in_under_attack(doors, owner, password=password, seconds=seconds)
        stranger = sign_in(doors.browser(900), "owner", password=password)
        return {
            "processes": len(doors.desks), **guesses, "valid_ok": valid.count(303), "owner_sign_ins": tries,
            "owner_in_during_attack": entered / tries if tries else 0.0, "stranger_locked": stranger == 429,
        }  # fmt: skip


def broken_promises(found: dict[str, Any]) -> list[str]:
    """Return the figures of an attack that are not as promised."""
    kept = {
        "guesses_tested": found["guesses_tested"] <= TESTED_MOST, "valid_ok": found["valid_ok"] == VALID,
        "owner_in_during_attack": found["owner_in_during_attack"] == 1.0, "unrecorded": found["unrecorded"] == 0,
        "owner_sign_ins": found["owner_sign_ins"] > 0, "stranger_locked": found["stranger_locked"],
    }  # fmt: skip
    return [name for name, holds in kept.items() if not holds]


def parallel_guesses(ground: Ground, engine: str) -> int:
    """Return how many of the parallel guesses a desk tests that counts them afterwards."""
    with serving(ground, engine, fault=FAULT) as doors:
        create_operator(doors, name="owner", password=secrets.token_urlsafe(18))
        return int(guess_in_parallel(doors, "owner")["guesses_tested"])


def look_at_routes() -> dict[str, int]:
    """Return how many routes read a secret, how many of them past the limiter, and whether a planted one is seen."""
    with tempfile.TemporaryDirectory() as folder:
        desk = open_desk(Settings(data_dir=folder))
        try:
            app = build_app(desk)
            graph = Graph()
            found = secret_routes(app, graph, exempt=frozenset(NO_SECRET))
        finally:
            desk.close()
    graph.add_source("planted", _PLANTED)
    seen = graph.way_to_reader("planted.planted", exempt=frozenset(NO_SECRET), past_limiter=True)
    return {
        "paths_reading_secrets": len(found), "paths_unlimited": sum(bool(one.unlimited) for one in found),
        "planted_unlimited": int(bool(seen)),
    }  # fmt: skip


@contextmanager
def serving(ground: Ground, engine: str, *, fault: str = "") -> Iterator[Doors]:
    """Serve one new installation by as many processes as the engine takes."""
    first = ground.make_desk(engine)
    more = [RunningDesk(first.folder, database_url=first.database_url) for _ in range(PROCESSES[engine] - 1)]
    desks = [first, *more]
    try:
        for desk in desks:
            desk.start(fault=fault)
        yield Doors(desks)
    finally:
        for desk in desks:
            desk.stop()


def create_operator(doors: Doors, *, name: str, password: str) -> None:
    """Make an owner at the desk's console."""
    desk = doors.desks[0]
    settings = Settings(data_dir=str(desk.folder / "data"), database_url=desk.database_url)
    ask(settings, "operator.create", CreateIn(name=name, role="owner", password=password), result=OperatorOut)


def sign_in(browser: httpx.Client, name: str, *, password: str) -> int:
    """Sign in; return the answer's status: 303 for who is in, 401 for a wrong password, 429 for one not looked at."""
    return browser.post("/sign-in/password", data={"username": name, "password": password}).status_code


def guess_in_parallel(doors: Doors, name: str) -> dict[str, int]:
    """Send all guesses at once, each from an address of its own; return how many were tested and recorded."""
    browsers = [doors.browser(1000 + n, at=n) for n in range(GUESSES)]
    answers = Counter(in_parallel([
        partial(sign_in, one, name, password=f"guess number {n} of many") for n, one in enumerate(browsers)
    ]))  # fmt: skip
    recorded = dict(
        doors.rows(
            "SELECT outcome, count(*) FROM attempt WHERE method = 'password' AND outcome <> 'right' GROUP BY outcome"
        )
    )
    assert set(answers) <= {401, 429}, answers
    return {
        "guesses_tested": max(answers[401], recorded.get("wrong", 0)), "guesses_refused": answers[429],
        "unrecorded": GUESSES - sum(recorded.values()),
    }  # fmt: skip


def sign_in_under_attack(
    doors: Doors, owner: httpx.Client, *, password: str, seconds: float
) -> tuple[int, int]:
    """Let the owner sign in again and again at his known device while others guess; return tries and successes."""
    over, guessed = threading.Event(), Counter[int]()

    def guess_on(attacker: int) -> None:
        number = 2000 + attacker
        while not over.is_set():
            with doors.browser(number, at=number) as browser:
                guessed[sign_in(browser, "owner", password=f"another guess {number}")] += 1
            number += ATTACKERS

    threads = [threading.Thread(target=guess_on, args=(n,)) for n in range(ATTACKERS)]
    for thread in threads:
        thread.start()
    tries, entered, until = 0, 0, time.monotonic() + seconds
    while time.monotonic() < until:
        tries += 1
        owner.cookies.delete("tocsin_session")  # signed out: the device is all that he brings
        entered += sign_in(owner, "owner", password=password) == 303
        time.sleep(0.1)
    over.set()
    for thread in threads:
        thread.join()
    assert sum(guessed.values()) > tries, "that was no attack"
    return tries, entered


def in_parallel(calls: list[Callable[[], int]]) -> list[int]:
    """Start the calls together, each in a thread of its own; return what they answered."""
    barrier = threading.Barrier(len(calls))

    def start(call: Callable[[], int]) -> int:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(start, calls))
