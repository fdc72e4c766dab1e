"""The copy of the database that a backup makes: named only while it grows, so that one left behind by a kill is told from one at work."""

import time
from pathlib import Path

PREFIX = ".backup-"
_STILL_SECONDS = 600


def clear_work(folder: Path) -> int:
    """Remove copies that have not grown for ten minutes: whoever made them is dead; return how many."""
    stale = [
        path for path in folder.glob(PREFIX + "*") if path.stat().st_mtime < time.time() - _STILL_SECONDS
    ]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)
