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


@pytest.mark.parametrize(
    ("given", "chosen", "more"),
    [("as it is", {}, True), ("limited", {}, False), ("limited", {"MALLOC_ARENA_MAX": "12"}, True)],
)
def test_threads_share_two_arenas_unless_the_environment_has_chosen(
    given: str, chosen: dict[str, str], *, more: bool
) -> None:
    own = {name: text for name, text in os.environ.items() if not name.startswith(("MALLOC_", "COVERAGE_"))}
    told = subprocess.run(
        [sys.executable, "-c", COUNT, given], env=own | chosen, capture_output=True, text=True, check=True
    ).stdout
    assert (told.count("<heap nr=") > 2) == more, told
