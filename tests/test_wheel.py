"""The wheel serves by itself: without the tree, without Node, and without any network but the loopback."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from hatch_build import ASSETS, VENDOR

ROOT = Path(__file__).parent.parent

# Runs in a network namespace of its own: the loopback is brought up, nothing else is there.
SCRIPT = """
import fcntl, signal, socket, struct, subprocess, sys, urllib.request
with socket.socket() as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 1 | 8))  # SIOCSIFFLAGS: up, loopback
try:
    socket.create_connection(("192.0.2.1", 443), timeout=1)
    sys.exit("there is a network")
except OSError:
    pass
sys.path.insert(0, sys.argv[1])
import tocsin
assert tocsin.__file__.startswith(sys.argv[1]), tocsin.__file__
run = [sys.executable, "-c", f"import sys; sys.path.insert(0, {sys.argv[1]!r}); from tocsin.__main__ import main; main()"]
desk = subprocess.Popen([*run, "serve", "--port", "8717", "--data-dir", sys.argv[2]], stdout=subprocess.PIPE, text=True)
lines = []
while "owner" not in (line := desk.stdout.readline()):
    assert line, "it ended: " + "".join(lines)
    lines.append(line)
for path in ("/readyz", "/static/vendor/htmx.min.js", "/static/vendor/zxing_reader.wasm", "/sign-in"):
    with urllib.request.urlopen("http://localhost:8717" + path, timeout=10) as answer:
        print(path, answer.status, len(answer.read()))
desk.send_signal(signal.SIGTERM)
print("ended", desk.wait(20))
"""


def test_the_wheel_serves_without_network_or_node(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(
        build, cwd=ROOT, env={**os.environ, "PATH": "/usr/bin:/bin"}, check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob("tocsin-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    brought = {path.name for path in (tmp_path / "site/tocsin/web/static/vendor").iterdir()}
    assert brought - {".lock-sha256"} == {Path(target).name for target in ASSETS.values() if VENDOR in target}
    (tmp_path / "run.py").write_text(SCRIPT)
    alone = ["/usr/bin/unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    found = subprocess.run(
        [*alone, sys.executable, tmp_path / "run.py", tmp_path / "site", tmp_path / "data"],
        env={"PATH": "/nonexistent", "HOME": str(tmp_path), "LANG": "C.UTF-8"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    sizes = {path: int(size) for path, size in re.findall(r"^(/\S+) 200 (\d+)$", found.stdout, re.MULTILINE)}
    assert set(sizes) == {
        "/readyz",
        "/static/vendor/htmx.min.js",
        "/static/vendor/zxing_reader.wasm",
        "/sign-in",
    }
    assert sizes["/static/vendor/htmx.min.js"] > 20_000
    assert "ended 0" in found.stdout
