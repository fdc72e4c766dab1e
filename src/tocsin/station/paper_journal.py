"""What this station has printed: a file that is only ever added to, so that no paper is begun twice and each end is told.

A line is on the disk before the first byte of its paper leaves. Papers go by the desk's number of their command; no
name, no address, nothing of what they say is in it. Never bring this file back from a copy: what was printed since
would be forgotten.
"""

import fcntl
import os
import threading
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.clock import DAY_US, SECOND_US, now_us
from tocsin.core.durable import flush_folder, write_private
from tocsin.core.errors import Refusal
from tocsin.core.log import get_log
from tocsin.core.signature import CLOCK_SECONDS
from tocsin.tickets.printer import PrintOutcome

_KEPT_US = 30 * DAY_US
_log = get_log("station")


class JournalBusy(Refusal):
    """{path} is in use: another agent of this station runs on this machine; end it first"""

    kind, code = "conflict", "journal_busy"


class JournalDamaged(Refusal):
    """{path} can't be read at line {line}: move it away, and look at the desk which papers are in doubt before this station prints again"""

    kind, code = "broken", "journal_damaged"


class Paper(Struct, frozen=True):
    """A paper and how far it is: `void` was never begun, and never will be; `outcome` where it has ended."""

    paper: str
    job: str
    state: Literal["born", "begun", "ended", "void"]
    at_us: int
    outcome: PrintOutcome | None = None
    told: bool = False


class PaperJournal:
    """The papers of a station; safe for several threads.

    Args:
        path: of its file, which is made if there is none.

    Raises:
        JournalBusy: another process has it.
        JournalDamaged: a line other than its last is none.
    """

    def __init__(self, path: Path) -> None:
        self._lock, self._papers = threading.Lock(), dict[str, Paper]()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = _open_locked(path)
        self._born_us = self._read(path)
        flush_folder(path.parent)
        for one in list(self._papers.values()):
            if one.state == "begun":  # it was cut off meanwhile: whether a byte has left, nobody can tell
                self.end(one.paper, PrintOutcome(result="unknown", reason="stopped", bytes_left=True))

    def note_reached(self) -> None:
        """Note that the desk is reached: the clock is right then, which a small board's is not when it starts."""
        with self._lock:
            if not self._born_us:
                self._add(Paper("", "", "born", now_us()))
                self._born_us = self._papers.pop("").at_us

    def begin(self, paper: str, job: str) -> bool:
        """Write that a paper begins; False where it was begun or given up before: it must not be printed.

        Raises:
            OSError: it can't be written; the paper must not be begun.
        """
        with self._lock:
            if paper in self._papers:
                return False
            self._add(Paper(paper, job, "begun", now_us()))
            return True

    def end(self, paper: str, outcome: PrintOutcome) -> None:
        """Keep what became of a paper that was begun."""
        with self._lock:
            ended = replace(self._papers[paper], state="ended", outcome=outcome, at_us=now_us(), told=False)
            try:
                self._add(ended)
            except OSError as fault:  # it is told all the same; after a restart it would be unknown
                _log.error("end_not_written", problem=str(fault))
                self._papers[paper] = ended

    def give_up(self, paper: str, job: str) -> Paper:
        """Return how far a paper is; one that was never begun never will be from now on. Its end is told once more."""
        with self._lock:
            if paper not in self._papers:
                self._add(Paper(paper, job, "void", now_us()))
            self._papers[paper] = replace(self._papers[paper], told=False)
            return self._papers[paper]

    def note_told(self, paper: str) -> None:
        """Note that the desk knows what became of a paper; after a restart it may be told once more."""
        with self._lock:
            told = replace(self._papers[paper], told=True)
            try:
                self._add(told, durable=False)
            except OSError as fault:
                _log.error("told_not_written", problem=str(fault))
                self._papers[paper] = told

    def untold(self) -> list[Paper]:
        """Return the papers whose end the desk does not know yet, the oldest first."""
        with self._lock:
            return [one for one in self._papers.values() if one.state in ("ended", "void") and not one.told]

    def knew_at(self, at_us: int) -> bool:
        """Tell whether this journal was there at an instant of the desk's clock, which may differ from this one's."""
        return 0 < self._born_us < at_us - 2 * CLOCK_SECONDS * SECOND_US

    def close(self) -> None:
        """Let another process have it."""
        self._file.close()

    def _add(self, one: Paper, *, durable: bool = True) -> None:
        self._file.write(msgspec.json.encode(one) + b"\n")
        self._file.flush()
        if durable:
            os.fsync(self._file.fileno())
        self._papers[one.paper] = one

    def _read(self, path: Path) -> int:
        """Read what is there, drop what is too old to matter, and return when the desk was first reached; 0: never yet."""
        lines = path.read_bytes().split(b"\n")
        torn, read = lines.pop(), list[Paper]()  # what follows the last end of line was not written whole
        for place, line in enumerate(lines, 1):
            try:
                read.append(msgspec.json.decode(line, type=Paper))
            except msgspec.MsgspecError:
                raise JournalDamaged(path=str(path), line=place) from None
        self._papers = {one.paper: one for one in read}
        born = self._papers.pop("", None)
        keep = [one for one in self._papers.values() if not one.told or one.at_us > now_us() - _KEPT_US]
        if torn or len(keep) * 4 < len(read) - 8:
            self._write_anew(path, [*([born] if born else []), *keep])
        return born.at_us if born else 0

    def _write_anew(self, path: Path, papers: list[Paper]) -> None:
        write_private(path, b"".join(msgspec.json.encode(one) + b"\n" for one in papers))
        old, self._file = self._file, _open_locked(path)
        old.close()
        self._papers = {one.paper: one for one in papers if one.paper}


def _open_locked(path: Path) -> BinaryIO:
    handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    file = os.fdopen(handle, "ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise JournalBusy(path=str(path)) from None
    return file
