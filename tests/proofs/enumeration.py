"""`bin/prove enumeration`: nobody learns from an answer, or from the time it takes, whether a sign-in name is known."""

import argparse
import json
import random
import secrets
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

import httpx

from tests.peers.authenticator import Authenticator
from tests.proofs.lockout import Doors, create_operator, serving
from tests.proofs.running import ENGINES, Ground, open_ground

NAMES, GAP_MOST_MS = 1000, 5.0
# Of the known ones so many have a passkey, some of them two: none of that may show.
WITH_PASSKEY = 0.2
FAULT_NAMES = 80
FAULTS = {"hash_nothing": "slow", "name_passkeys": "differing"}
Ask = Callable[[httpx.Client, str], httpx.Response]


def main(given: list[str]) -> dict[str, Any]:
    """Ask for known names and unknown ones, mixed, on each engine; and at desks that were broken."""
    asked = argparse.ArgumentParser(prog="bin/prove enumeration")
    asked.add_argument("--engine", choices=ENGINES, action="append")
    asked.add_argument("--names", type=int, default=NAMES)
    asked.add_argument("--seed", type=int, default=secrets.randbits(32))
    wanted = asked.parse_args(given)
    engines = wanted.engine or list(ENGINES)
    with open_ground() as ground:
        planted = {fault: broken(ground, fault, seed=wanted.seed) for fault in FAULTS}
        found = {engine: ask_all(ground, engine, names=wanted.names, seed=wanted.seed) for engine in engines}
    gap = max(one["median_gap_ms"] for one in found.values())
    equal = all(one["bodies_equal"] for one in found.values())
    seen = all(planted.values())
    return {
        "names": wanted.names, "median_gap_ms": gap, "bodies_equal": equal, "planted_fault_found": seen,
        "engines": found, "planted": planted, "seed": wanted.seed,
        "holds": seen and equal and gap < GAP_MOST_MS and all(one["answered"] for one in found.values()),
    }  # fmt: skip


def broken(ground: Ground, fault: str, *, seed: int) -> bool:
    """Tell whether a desk that was broken on purpose is seen by the figure that stands for the fault."""
    found = ask_all(ground, "sqlite", names=FAULT_NAMES, seed=seed, fault=fault)
    return found["median_gap_ms"] >= GAP_MOST_MS if FAULTS[fault] == "slow" else not found["bodies_equal"]


def ask_all(ground: Ground, engine: str, *, names: int, seed: int, fault: str = "") -> dict[str, Any]:
    """Ask three questions for each name, in one mixed order; return gaps and whether the answers are the same."""
    dice = random.Random(seed)
    everyone = [f"op-{dice.randrange(10**8, 10**9)}" for _ in range(names)]
    known = set(everyone[: names // 2])
    with serving(ground, engine, fault=fault) as doors:
        fill(doors, sorted(known))
        order = in_pairs(everyone, dice)
        times: dict[str, dict[bool, list[float]]] = {name: {True: [], False: []} for name in QUESTIONS}
        bodies: dict[str, set[str]] = {name: set() for name in QUESTIONS}
        for number, name in enumerate(order):
            # An address of its own: what the limiter says of an address tells nothing of a name.
            with doors.browser(number, at=number) as browser:
                browser.get("/healthz")
                for question, ask in QUESTIONS.items():
                    began = time.perf_counter()
                    answer = ask(browser, name)
                    times[question][name in known].append((time.perf_counter() - began) * 1000)
                    bodies[question].add(shape(answer, name))
    return {
        **figures(times),
        "bodies_equal": all(len(one) == 1 for one in bodies.values()),
        **statuses(bodies),
    }


def in_pairs(everyone: list[str], dice: random.Random) -> list[str]:
    """Return the names in pairs of a known and an unknown one, which of them first by the dice.

    What the machine does meanwhile falls on both sides alike.
    """
    half = len(everyone) // 2
    pairs = zip(everyone[:half], everyone[half:], strict=False)
    return [name for pair in pairs for name in dice.sample(pair, 2)]


def fill(doors: Doors, names: list[str]) -> None:
    """Make the known operators, and passkeys for some."""
    password = secrets.token_urlsafe(18)
    for name in names:
        create_operator(doors, name=name, password=password)
    for number, name in enumerate(names[: int(len(names) * WITH_PASSKEY)]):
        with doors.browser(5000 + number) as browser:
            entered = browser.post("/sign-in/password", data={"username": name, "password": password})
            assert entered.status_code == 303, entered.text
            browser.cookies.update(entered.cookies)
            for _ in range(1 + number % 2):
                add_passkey(browser, doors.desks[0].base)


def add_passkey(browser: httpx.Client, base: str) -> None:
    """Add a passkey as its page would."""
    page = browser.get("/settings/passkeys").text
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    options = browser.post("/settings/passkeys/options", data={"csrf": csrf})
    assert options.status_code == 200, options.text
    answer = Authenticator(origin=base).create(options.json())
    added = browser.post("/settings/passkeys", data={"csrf": csrf, "name": "key", "answer": answer})
    assert "passkey_added" in added.headers.get("location", ""), added.text


def name_page(browser: httpx.Client, name: str) -> httpx.Response:
    """Give the name."""
    return browser.post("/sign-in", data={"name": name})


def password_answer(browser: httpx.Client, name: str) -> httpx.Response:
    """Give a wrong password."""
    return browser.post("/sign-in/password", data={"username": name, "password": "not the right password"})


def passkey_options(browser: httpx.Client, name: str) -> httpx.Response:
    """Ask what the browser is to be asked."""
    return browser.post("/sign-in/passkey/options", data={"name": name})


QUESTIONS: dict[str, Ask] = {
    "name_page": name_page, "password_answer": password_answer, "passkey_options": passkey_options
}  # fmt: skip


def shape(answer: httpx.Response, name: str) -> str:
    """Return an answer without its name and without what is new each time: the rest must be the same for all names."""
    body = answer.text.replace(name, "…")
    length = True
    if answer.headers["content-type"].startswith("application/json"):
        document = answer.json()
        ids = document["allowCredentials"]
        assert len({one["id"] for one in ids}) == len(ids)
        document |= {"challenge": "…", "allowCredentials": [{**one, "id": "…"} for one in ids]}
        body, length = json.dumps(document), False
    new = {"x-request-id", "date", *(() if length else ("content-length",))}
    headers = sorted((key, value) for key, value in answer.headers.items() if key not in new)
    return json.dumps([answer.status_code, headers, body])


def figures(times: dict[str, dict[bool, list[float]]]) -> dict[str, Any]:
    """Return the gap of the medians, the worst question's and each one's."""
    by_question = {}
    for question, sides in times.items():
        known, unknown = sides[True], sides[False]
        by_question[question] = {
            "known_ms": round(median(known), 3), "unknown_ms": round(median(unknown), 3),
            "gap_ms": round(abs(median(known) - median(unknown)), 3),
            "p90_gap_ms": round(abs(quantiles(known, n=10)[8] - quantiles(unknown, n=10)[8]), 3),
            "told_apart": told_apart(known, unknown),
        }  # fmt: skip
    return {
        "median_gap_ms": max(one["gap_ms"] for one in by_question.values()),
        "by_question": by_question,
        "answered": all(len(side) for sides in times.values() for side in sides.values()),
    }


def told_apart(known: list[float], unknown: list[float]) -> float:
    """Return how often a guesser who knows both distributions is right by the time alone: 0.5 is a coin."""
    ranked = sorted([(ms, 1) for ms in known] + [(ms, 0) for ms in unknown])
    ranks = sum(rank for rank, (_, side) in enumerate(ranked, start=1) if side)
    pairs = len(known) * len(unknown)
    area = (ranks - len(known) * (len(known) + 1) / 2) / pairs
    return round(max(area, 1 - area), 3)


def statuses(bodies: dict[str, set[str]]) -> dict[str, Any]:
    """Return with which status each question was answered."""
    return {
        "statuses": {
            question: sorted({json.loads(one)[0] for one in kept}) for question, kept in bodies.items()
        }
    }
