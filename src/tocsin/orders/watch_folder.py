"""The watched folder: files that lie still are imported and moved to done/, or to failed/ with the reason beside them.

Only plain files that lie in the folder itself are taken: no link, no folder, nothing that belongs elsewhere. A file is
moved first and read then, so that what was killed half-way is seen in `working/` and is taken up at the next step.
"""

import hashlib
import os
import stat
import time
from itertools import chain, count
from pathlib import Path

from tocsin.core.actor import Actor
from tocsin.core.db import DIRECTORY_SCOPE, Database
from tocsin.core.errors import Refusal
from tocsin.core.log import get_log
from tocsin.core.loop import Loop
from tocsin.core.tenant import get_shop, list_merchants
from tocsin.orders.commit import commit_import, free_imports, resume_imports
from tocsin.orders.importer import FILE_LIMIT_BYTES, ImportOptions, Source, SourceTooLarge
from tocsin.orders.importing import list_imports, upload_sheet

STILL_SECONDS = 2.0
FOLDERS = ("working", "done", "failed")
ACTOR = "watched folder"
_AT_ONCE = 20
_CLOCKS_APART_SECONDS = 3_600.0
_STEM_BYTES, _SUFFIX_MOST = 160, 12
_log = get_log("watch_folder")


class NotAPlainFile(Refusal):
    """{filename} is a link or no plain file: copy the file itself into the folder"""

    kind, code = "invalid", "not_a_plain_file"


def import_loops(db: Database, *, watched: str, alone: bool) -> list[Loop]:
    """Return the loops of imports: what died goes on; and a watched folder, where one is set, is the first merchant's.

    Args:
        alone: no other process can be at work, so that what is half in died with the last one.
    """
    if alone:
        free_imports(db)
    going_on = Loop("imports", lambda: resume_imports(db), idle_seconds=10)
    if not watched:
        return [going_on]

    def step() -> int:
        first = min(merchant.id for merchant in db.read(DIRECTORY_SCOPE, list_merchants))
        return import_folder(db, Path(watched), merchant_id=first)

    return [going_on, Loop("watched folder", step, idle_seconds=2)]


def import_folder(db: Database, folder: Path, *, merchant_id: int) -> int:
    """Import each file that lies still in a folder; return how many were taken, well or badly.

    Args:
        merchant_id: whose orders they are.
    """
    for name in FOLDERS:
        _make_own(folder / name)
    left = sorted((folder / "working").iterdir())
    found = [*left, *(path for path in sorted(folder.iterdir()) if _lies_still(path))][:_AT_ONCE]
    for path in found:
        _take(db, path, folder=folder, merchant_id=merchant_id)
    return len(found)


def _make_own(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or not folder.is_dir():
        raise NotAPlainFile(filename=folder.name)


def _lies_still(path: Path) -> bool:
    """Tell whether a file has not been touched for a while; hidden ones and those still being copied are not ours."""
    if path.name in FOLDERS or path.name.startswith(".") or path.name.endswith((".part", ".tmp", "~")):
        return False
    found = path.lstat()
    if stat.S_ISDIR(found.st_mode):
        return False
    return stat.S_ISLNK(found.st_mode) or not any(map(_is_fresh, (found.st_mtime, found.st_ctime)))


def _is_fresh(at: float) -> bool:
    """Tell whether a time is of this moment; one that is far ahead came with the file and says nothing."""
    return -_CLOCKS_APART_SECONDS <= time.time() - at < STILL_SECONDS


def _take(db: Database, path: Path, *, folder: Path, merchant_id: int) -> None:
    working = folder / "working" / path.name
    if path != working:
        working = _free(working.with_name(_fit(path.name)))
        path.rename(working)
    try:
        data = _read(working)
        actor = Actor(
            kind="desk", id=0, merchant_id=merchant_id, name=ACTOR, rights=frozenset({"import"})
        )  # fmt: skip
        shop = db.read(merchant_id, get_shop)
        options = ImportOptions(zone=shop.zone, currency=shop.currency)
        source = Source(_fit(working.name), "", data)
        if path != working or not _was_taken(db, source, merchant_id=merchant_id):
            seen = upload_sheet(db, actor, source=source, options=options)
            commit_import(db, actor, import_id=seen.import_id)
    except (Refusal, OSError, ValueError) as wrong:  # whatever is in it, it holds up no other
        if isinstance(wrong, Refusal) and wrong.kind == "broken":  # the desk itself: it is taken up again
            raise
        reason = _reason_of(wrong)
        target = _free(folder / "failed" / _fit(working.name))
        target.with_name(f"{target.name}.reason.txt").write_text(f"{reason}\n", "utf-8")
        working.rename(target)
        _log.warning("file_failed", code=getattr(wrong, "code", "io"))
        return
    working.rename(_free(folder / "done" / _fit(working.name)))


def _reason_of(wrong: Exception) -> str:
    if isinstance(wrong, Refusal):
        return wrong.message()
    return os.strerror(wrong.errno or 0) if isinstance(wrong, OSError) else "it can't be read"


def _fit(name: str) -> str:
    """Return a name in UTF-8 that has room for more at its end: what people call files may be neither."""
    whole = Path(os.fsencode(name).decode("utf-8", "replace"))
    suffix = whole.suffix if len(whole.suffix) <= _SUFFIX_MOST else ""
    return whole.name.removesuffix(suffix).encode()[:_STEM_BYTES].decode("utf-8", "ignore") + suffix


def _was_taken(db: Database, source: Source, *, merchant_id: int) -> bool:
    """Tell whether a file that a kill left behind was imported; one half in goes on by itself."""
    digest = hashlib.sha256(source.data).hexdigest()
    newest = db.read(merchant_id, list_imports)
    return any(
        one.sha256 == digest and one.actor_name == ACTOR and one.status != "previewed" for one in newest
    )  # fmt: skip


def _read(path: Path) -> bytes:
    """Return a plain file's bytes; a link is not followed, also not one that was put there in between."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise NotAPlainFile(filename=path.name[:80]) from None
    with os.fdopen(opened, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise NotAPlainFile(filename=path.name[:80])
        data = file.read(FILE_LIMIT_BYTES + 1)
    if len(data) > FILE_LIMIT_BYTES:
        raise SourceTooLarge(filename=path.name[:80], limit_mib=FILE_LIMIT_BYTES >> 20)
    return data


def _free(path: Path) -> Path:
    """Return the path, or one beside it that is free."""
    beside = (path.with_name(f"{path.stem}-{n}{path.suffix}") for n in count(1))
    return next(each for each in chain((path,), beside) if not os.path.lexists(each))
