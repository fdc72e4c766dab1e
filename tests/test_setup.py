"""bin/setup: nothing to do costs nothing, a change is seen, and what is missing is named with its line."""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ASSETS = (
    "src/tocsin/tickets/fonts/NotoSansSC-Regular.ttf",
    "src/tocsin/tickets/fonts/NotoSansSC-Bold.ttf",
    "src/tocsin/web/static/vendor/htmx.min.js",
    "src/tocsin/web/static/vendor/barcode.js",
    "src/tocsin/web/static/vendor/zxing_reader.wasm",
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone that is set up, whose python writes down what it is asked."""
    for name in ("bin", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("pyproject.toml", "package-lock.json", "hatch_build.py"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ASSETS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "uv"):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"{tmp_path}/asked"\n')
        (programs / name).chmod(0o755)
    stamped = run(tmp_path, "fingerprint_of run >.venv/tocsin-run; fingerprint_of dev >.venv/tocsin-dev")
    assert stamped.returncode == 0, stamped.stderr
    return tmp_path


def run(clone: Path, script: str, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", "-c", f"source bin/setup; {script}"],
        cwd=clone,
        env={"PATH": path, "HOME": str(clone)},
        capture_output=True,
        text=True,
        check=False,
    )


def asked(clone: Path) -> str:
    return (clone / "asked").read_text() if (clone / "asked").exists() else ""


def test_a_second_start_costs_next_to_nothing(clone: Path):
    assert run(clone, "set_up run").returncode == 0
    assert asked(clone) == ""


@pytest.mark.parametrize(
    "name", ["requirements/run.lock", "pyproject.toml", "package-lock.json", "hatch_build.py"]
)
def test_a_changed_file_is_installed_anew(clone: Path, name: str):
    with (clone / name).open("a") as file:
        file.write("\n")
    assert run(clone, "set_up run").returncode == 0
    assert "pip install -q --disable-pip-version-check --no-input --require-hashes" in asked(clone)
    assert "uv pip install -q --require-hashes -r requirements/run.lock" in asked(clone)
    first = asked(clone)
    assert run(clone, "set_up run").returncode == 0
    assert asked(clone) == first


@pytest.mark.parametrize("name", ASSETS)
def test_a_lost_asset_is_fetched_anew(clone: Path, name: str):
    (clone / name).unlink()
    run(clone, "set_up run")
    assert "--reinstall-package tocsin -e ." in asked(clone)


def programs_without(tmp_path: Path, **scripts: str) -> str:
    """Return a PATH of the plainest programs and of those given."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("cat", "sha256sum", "mktemp", "rm", "flock", "dirname", "env", "tail", "true"):
        (folder / name).symlink_to(shutil.which(name) or name)
    for name, text in scripts.items():
        (folder / name.replace("_", "-")).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name.replace("_", "-")).chmod(0o755)
    return str(folder)


def test_a_missing_venv_is_named_with_its_line(clone: Path):
    shutil.rmtree(clone / ".venv")
    old = programs_without(clone, python3='case "$2" in *venv*) exit 1;; esac')
    answer = run(clone, "set_up run", old)
    assert answer.returncode == 1
    assert answer.stderr.endswith("  apt-get install -y python3-venv\n")


def test_an_old_python_is_named_with_its_line(clone: Path):
    shutil.rmtree(clone / ".venv")
    answer = run(clone, "set_up run", programs_without(clone, python3="exit 1"))
    assert answer.returncode == 1
    assert "Python 3.11 or newer is missing" in answer.stderr
    assert answer.stderr.endswith("  apt-get install -y python3 python3-venv\n")


def test_a_missing_package_is_named_with_its_line_where_it_may_not_be_installed(clone: Path):
    path = programs_without(clone, apt_get="exit 1", id="echo 1000", sudo="exit 1")
    answer = run(
        clone, "need_debian no-such-command=chromium '/no/such/*/initdb=postgresql' cat=coreutils", path
    )
    assert answer.returncode == 1
    assert answer.stderr.endswith("  apt-get update && apt-get install -y chromium postgresql\n")


def test_a_missing_package_is_installed_where_it_may(clone: Path):
    log = 'echo "$DEBIAN_FRONTEND $*" >>"$HOME/asked"'
    path = programs_without(clone, apt_get=log, id="echo 1000", sudo='[ "$1" = -n ] && shift; exec "$@"')
    answer = run(clone, "need_debian no-such-command=chromium", path)
    assert answer.returncode == 0, answer.stderr
    assert asked(clone).splitlines() == [" update -q", "noninteractive install -yq chromium"]


def test_the_wheel_carries_its_assets(tmp_path: Path):
    """Each file of the tree that is not code of others' making, the fonts and scripts among them."""
    built = subprocess.run(
        [ROOT / ".venv/bin/python", "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        env={**os.environ, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("tocsin-*.whl")
    carried = {
        name: size.file_size for name, size in ((i.filename, i) for i in zipfile.ZipFile(wheel).infolist())
    }
    tracked = subprocess.run(
        ["git", "ls-files", "src/tocsin"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    there = [name.removeprefix("src/") for name in (*tracked, *ASSETS) if (ROOT / name).is_file()]
    assert [name for name in there if name not in carried] == []
    assert carried["tocsin/tickets/fonts/NotoSansSC-Bold.ttf"] > 5_000_000
    assert {"tocsin/tickets/fonts/OFL.txt", "tocsin/web/static/vendor/htmx.LICENSE"} < set(carried)


def test_serve_hands_its_options_on(clone: Path):
    stub = clone / ".venv/bin/tocsin"
    stub.write_text('#!/bin/sh\necho "tocsin $*"\n')
    stub.chmod(0o755)
    answer = subprocess.run(
        [clone / "bin/serve", "--empty"], cwd="/", capture_output=True, text=True, check=True
    )
    assert answer.stdout == "tocsin serve --empty\n"


def test_dev_starts_anew_at_a_change(clone: Path):
    stub = clone / ".venv/bin/tocsin"
    stub.write_text('#!/bin/sh\necho "tocsin $*"\nexec sleep 60\n')
    stub.chmod(0o755)
    with subprocess.Popen([clone / "bin/dev", "--empty"], stdout=subprocess.PIPE, text=True) as dev:
        assert dev.stdout is not None
        assert dev.stdout.readline() == "tocsin serve --empty\n"
        (clone / "src/tocsin/new.py").touch()
        assert dev.stdout.readline() == "tocsin serve --empty\n"
        dev.terminate()
        assert dev.wait(timeout=10) == 0
