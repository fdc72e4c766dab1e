"""A folder as printer: one PDF a paper, named by its serial."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from tocsin.core.durable import flush_folder
from tocsin.tickets.papers import find_papers, is_plain_name
from tocsin.tickets.printer import Drawn, Form, PrinterStatus, PrintOutcome, Report


class PdfFileOptions(Struct, frozen=True, kw_only=True):
    """A folder inside `papers` of the data folder, as a plain name; empty is `papers` itself."""

    folder: Annotated[str, Meta(max_length=60)] = ""

    def __post_init__(self) -> None:
        """Refuse a path: who may set printers up must not choose where the server writes."""
        if not is_plain_name(self.folder):
            raise ValueError(
                f"“{self.folder}” is no name of a folder: give a plain one, it is made inside the data folder's `papers`"
            )


class PdfFile:
    """Writes `<folder>/<serial>.pdf`; once it is there and on disk, it is printed."""

    name = "pdf_file"
    confirms = True
    form: Form = "pdf"
    reports: frozenset[Report] = frozenset({"online"})
    at_station = False
    options = PdfFileOptions

    def probe(self, options: PdfFileOptions) -> PrinterStatus:
        """Return whether the folder takes files; a missing one is made, inside `papers` alone."""
        folder = find_papers(options.folder)
        if folder is None:
            return PrinterStatus(online=False, paper="unknown", detail="folder_outside")
        if options.folder:  # `papers` itself is the desk's to make: without it the data folder is gone
            with suppress(OSError):
                folder.mkdir(mode=0o700)
        if not folder.is_dir():
            return PrinterStatus(online=False, paper="unknown", detail="folder_missing")
        if not os.access(folder, os.W_OK | os.X_OK):
            return PrinterStatus(online=False, paper="unknown", detail="folder_locked")
        return PrinterStatus(online=True, paper="ok")

    def send(self, options: PdfFileOptions, drawn: Drawn) -> PrintOutcome:
        """Write one paper whole or not at all, and return what became of it."""
        before, folder = self.probe(options), find_papers(options.folder)
        if not before.online or folder is None:
            return PrintOutcome(result="failed", reason=before.detail, status_before=before)
        target = folder / f"{drawn.serial}.pdf"
        try:
            _write_whole(target, drawn.data)
        except OSError as trouble:
            detail = trouble.strerror or ""
            return PrintOutcome(result="failed", reason="file_error", detail=detail, status_before=before)
        try:
            flush_folder(target.parent)
        except OSError as trouble:  # the file stands there, but a power cut might undo the rename
            return PrintOutcome(
                result="unknown",
                reason="file_error",
                detail=trouble.strerror or "",
                bytes_left=True,
                status_before=before,
            )
        return PrintOutcome(
            result="printed", bytes_left=True, status_before=before, status_after=self.probe(options)
        )


def _write_whole(target: Path, data: bytes) -> None:
    """Write beside, flush to disk, then rename: nobody ever sees half a paper."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


PLUGIN = PdfFile()
