"""A folder as printer: one PDF a paper, named by its serial."""

import os
import tempfile
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from tocsin.tickets.content import TicketContent
from tocsin.tickets.layout import draw_pdf
from tocsin.tickets.printer import PrinterStatus, PrintOutcome, refuse_paper


class PdfFileOptions(Struct, frozen=True, kw_only=True):
    """The folder where the papers go, as a full path; it must exist."""

    folder: Annotated[str, Meta(pattern="^/", max_length=4000)]


class PdfFile:
    """Writes `<folder>/<serial>.pdf`; once it is there and on disk, it is printed."""

    name = "pdf_file"
    confirms = True
    options = PdfFileOptions

    def probe(self, options: PdfFileOptions) -> PrinterStatus:
        """Return whether the folder is there and takes files."""
        folder = Path(options.folder)
        if not folder.is_dir():
            return PrinterStatus(online=False, paper="unknown", detail="folder_missing")
        if not os.access(folder, os.W_OK | os.X_OK):
            return PrinterStatus(online=False, paper="unknown", detail="folder_locked")
        return PrinterStatus(online=True, paper="ok")

    def send(self, options: PdfFileOptions, content: TicketContent) -> PrintOutcome:
        """Write one paper whole or not at all, and return what became of it."""
        refused = refuse_paper(content, content.paper_mm)
        if refused:
            return refused
        before = self.probe(options)
        if not before.online:
            return PrintOutcome(result="failed", reason=before.detail, status_before=before)
        pdf, target = draw_pdf(content), Path(options.folder) / f"{content.serial}.pdf"
        try:
            _write_whole(target, pdf)
        except OSError as trouble:
            detail = trouble.strerror or ""
            return PrintOutcome(result="failed", reason="file_error", detail=detail, status_before=before)
        try:
            _flush_folder(target.parent)
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


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


PLUGIN = PdfFile()
