"""Where papers that are files go: inside one folder of the installation, which is named when its desk opens."""

from pathlib import Path

_inside: list[Path] = []


def keep_papers_in(folder: Path) -> None:
    """Name the folder of this process's papers; it is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _inside[:] = [folder.resolve()]


def is_plain_name(name: str) -> bool:
    """Tell whether a name can only mean a folder right inside another one; an empty one means that one itself."""
    return not name.startswith(".") and name.isprintable() and not set(name) & set("/\\")


def find_papers(name: str) -> Path | None:
    """Return the folder of a name with its links followed; None where it leads outside, or no desk is open."""
    if not _inside or not is_plain_name(name):
        return None
    found = (_inside[0] / name).resolve()
    return found if found.is_relative_to(_inside[0]) else None
