"""The C library's arenas: as many as threads without the limit, two with it."""

import os
import subprocess
import sys

import pytest

COUNT = """
import ctypes, sys, threading
from tocsin.core.arenas import limit_arenas
if sys.argv[1] == "limited":
    limit_arenas()
gate = threading.Barrier(17)
def hold():
    held = bytearray(100_000)
    gate.wait()
threads = [threading.Thread(target=hold) for _ in range(16)]
for one in threads:
    one.start()
gate.wait()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""

HOLES = """
import gc
from tocsin.core.arenas import give_back, limit_arenas
def resident_kb():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))
limit_arenas()
pages = [bytearray(4300) for _ in range(10_000)]
kept, full = pages[::8], resident_kb()
pages = None
gc.collect()
holes = resident_kb()
assert give_back() == 0
print(full, holes, resident_kb())
"""


def run(script: str, *given: str, **chosen: str) -> str:
    own = {name: text for name, text in os.environ.items() if not name.startswith(("MALLOC_", "COVERAGE_"))}
    return subprocess.run(
        [sys.executable, "-c", script, *given], env=own | chosen, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize(
    ("given", "chosen", "more"),
    [("as it is", {}, True), ("limited", {}, False), ("limited", {"MALLOC_ARENA_MAX": "12"}, True)],
)
def test_threads_share_two_arenas_unless_the_environment_has_chosen(
    given: str, chosen: dict[str, str], *, more: bool
) -> None:
    told = run(COUNT, given, **chosen)
    assert (told.count("<heap nr=") > 2) == more, told


def test_free_pages_between_others_go_back_to_the_system() -> None:
    """Of ten thousand pages every eighth stays: the others are holes, which the allocator keeps by itself."""
    full, holes, left = map(int, run(HOLES).split())
    assert holes > full - 8_000, "nothing was kept: there is nothing to give back"
    assert left < full - 24_000, (full, holes, left)
