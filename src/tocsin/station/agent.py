"""The agent: waits at the desk for commands, has them done, and gives the answers.

One connection outward, and nothing listens here. After a break it tells the desk anew how its reader
is, and the desk says what the reader is to know.
"""

import threading
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from tocsin.access.reader import Presence, Reader, ReaderDriver
from tocsin.core.log import get_log
from tocsin.station.identity import Identity
from tocsin.station.line import Line, LineBroken, LineRefused
from tocsin.station.paper_journal import PaperJournal
from tocsin.station.printing import Printing
from tocsin.station.reading import Reading
from tocsin.station.sounding import Sounding
from tocsin.station.work import Task, Worker, elapsed_seconds

WAIT_SECONDS = 20.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, _CLOCK_PAUSE_SECONDS = 0.5, 15.0, 30.0
_AFTER_DEADLINE_SECONDS, _END_SECONDS = 3.0, 3.0
_TURNED_AWAY = frozenset({"station_refused", "not_signed_in"})
_log = get_log("station")


class TurnedAway(Exception):
    """The desk takes nothing from this station any more; the text says what to do."""


class Agent:
    """Works for one desk.

    Args:
        driver: of the reader at this station, opened with `options`; None: there is none.
        say: is told what a person should know, a line each.
        papers: what its printers have printed; None: it has no printers.
    """

    def __init__(
        self, identity: Identity, line: Line, *, driver: ReaderDriver | None, options: Mapping[str, Any], say: Callable[[str], None],
        papers: PaperJournal | None = None,
    ) -> None:  # fmt: skip
        self._line, self._say, self._driver = line, say, driver
        self._tasks: dict[str, Task] = {}
        self._lock, self._ending = threading.Lock(), threading.Event()
        self._reader_work, self._telling = Worker("reader"), Worker("telling")
        self._sounding = Sounding(self)
        self._printing = Printing(self, papers, line.post) if papers else None
        self._reader: Reader | None = None
        if driver is not None:
            self._reader = driver.open(options, on_presence=self._note_presence)
        self._reading = Reading(identity, self._reader, self)

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then say goodbye.

        Raises:
            TurnedAway: the station was revoked, or its key is another's.
        """
        turned_away: list[TurnedAway] = []

        def wait() -> None:
            try:
                self._work()
            except TurnedAway as fault:
                turned_away.append(fault)
            finally:
                stop.set()

        threading.Thread(target=wait, name="commands", daemon=True).start()
        stop.wait()
        self._leave(goodbye=not turned_away)
        if turned_away:
            raise turned_away[0]

    def answer(self, task: Task, result: dict[str, Any], *, said: str = "", signature: str = "") -> bool:
        """Give an answer to the desk, again and again until the command's time is over; tell whether it was taken."""
        body = {"command": task.id, "result": result, "said": said, "signature": signature}
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return bool(self._line.post("/api/v1/station/answers", body).get("keep", True))
            except LineRefused as refused:
                _log.info("answer_refused", kind=task.kind, code=refused.code, why=refused.why)
                return False
            except LineBroken as broken:
                _log.info("answer_broken", kind=task.kind, problem=str(broken))
            if elapsed_seconds() > task.ends_at + _AFTER_DEADLINE_SECONDS or self._ending.is_set():
                return False
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def tell_progress(self, task: Task, progress: dict[str, Any]) -> None:
        """Tell the desk how far a command is."""
        self._telling.put(
            lambda: self._tell("/api/v1/station/progress", {"command": task.id, "progress": progress})
        )

    def _work(self) -> None:
        pause, away = _FIRST_PAUSE_SECONDS, True
        while not self._ending.is_set():
            try:
                if away:
                    self._line.post("/api/v1/station/state", self._state())
                    self._say("The desk is reached; waiting for commands")
                    away = False
                    if self._printing:
                        self._printing.wake()
                found = self._line.post(
                    "/api/v1/station/commands", {"version": version("tocsin"), "wait_seconds": WAIT_SECONDS},
                    wait_seconds=WAIT_SECONDS,
                )  # fmt: skip
                pause = _FIRST_PAUSE_SECONDS
                for one in found["commands"]:
                    self._begin(one)
            except LineBroken as broken:
                if not away and not self._ending.is_set():
                    self._say(f"The desk is not reached: {broken}")
                away = True
                self._ending.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            except LineRefused as refused:
                self._ending.wait(self._pause_after(refused))

    def _pause_after(self, refused: LineRefused) -> float:
        if refused.code in _TURNED_AWAY:
            raise TurnedAway(refused.detail)
        self._say(refused.detail)
        return refused.retry_after_seconds or _CLOCK_PAUSE_SECONDS

    def _begin(self, one: Mapping[str, Any]) -> None:
        task = Task(
            str(one["id"]), str(one["kind"]), dict(one["payload"]), elapsed_seconds() + float(one["seconds"]), threading.Event()
        )  # fmt: skip
        if task.kind == "reader.cancel":
            self._cancel(task)
        elif task.kind.startswith("siren."):
            self._sounding.put(task)
        elif task.kind.startswith("printer.") and self._printing:
            self._printing.put(task)
        else:
            with self._lock:
                self._tasks[task.id] = task
            self._reader_work.put(lambda: self._read(task))

    def _read(self, task: Task) -> None:
        try:
            self._reading.do(task)
        finally:
            with self._lock:
                self._tasks.pop(task.id, None)

    def _cancel(self, task: Task) -> None:
        with self._lock:
            other = self._tasks.get(str(task.payload.get("command", "")))
        if other is not None:
            other.stop.set()
        self._telling.put(lambda: self._settle(task, {"outcome": "cancelled" if other else "unknown"}))

    def _settle(self, task: Task, result: dict[str, Any]) -> None:
        self.answer(task, result)

    def _note_presence(self, presence: Presence) -> None:
        if self._reader is None:
            return  # it is being opened: how it is then is told with the first word
        self._say(
            "The fingerprint reader is there" if presence == "ready" else "The fingerprint reader is gone"
        )
        self._telling.put(lambda: self._tell("/api/v1/station/state", self._state()))

    def _state(self) -> dict[str, Any]:
        if self._driver is None:
            return {"reader": "none"}
        there = self._reader is not None and self._reader.presence() == "ready"
        return {"reader": "ready" if there else "vanished", "driver": self._driver.name}

    def _tell(self, path: str, body: dict[str, Any]) -> None:
        # What does not get there is told anew with the next word, or when the desk is reached again.
        try:
            self._line.post(path, body)
        except (LineBroken, LineRefused) as fault:
            _log.info("not_told", path=path, problem=str(fault))

    def _leave(self, *, goodbye: bool) -> None:
        with self._lock:
            for task in self._tasks.values():
                task.stop.set()
        self._reader_work.end(_END_SECONDS)
        if self._printing:
            self._printing.close()
        self._sounding.close()
        self._ending.set()
        self._telling.end(_END_SECONDS)
        if goodbye:  # the last word: whatever comes after it would say that the station is there
            self._tell("/api/v1/station/state", {"leaving": True})
        if self._reader is not None:
            self._reader.close()
        self._line.close()
