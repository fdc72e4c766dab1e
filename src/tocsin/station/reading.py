"""The reader at this station: asked for fingers, taught them, made to forget them, as the desk commands.

Each answer about a finger is signed with the station's key by itself, so that it can be shown later.
"""

import re

import msgspec
from msgspec import Struct

from tocsin.access.reader import Reader, ReaderAnswer, ReaderFailed, Scan, Stage, answer_text
from tocsin.core.clock import now_us
from tocsin.core.log import get_log
from tocsin.core.signature import sign
from tocsin.station.identity import Identity
from tocsin.station.work import Answering, Task

_log = get_log("station")
_ID = re.compile(r"[0-9]{1,19}", re.ASCII)


class _Verify(Struct, frozen=True):
    attempt: str
    nonce: str
    operator: str
    desk: str
    seconds: float


class _Finger(Struct, frozen=True):
    operator: str
    finger: str
    seconds: float = 0


class _Keep(Struct, frozen=True):
    known: dict[str, list[str]]


class Reading:
    """Carries out `reader.…` commands, one at a time; without a reader it says so."""

    def __init__(self, identity: Identity, reader: Reader | None, answering: Answering) -> None:
        self._identity, self._reader, self._answering = identity, reader, answering

    def do(self, task: Task) -> None:
        """Carry out one command and answer it."""
        kinds = {
            "reader.verify": self._verify, "reader.enrol": self._enrol, "reader.delete": self._delete,
            "reader.keep": self._keep, "reader.list": self._list,
        }  # fmt: skip
        do = kinds.get(task.kind)
        if do is None:
            self._answering.answer(task, {"problem": "unknown"})
            return
        try:
            do(task)
        except msgspec.ValidationError as wrong:
            self._answering.answer(task, {"problem": "unreadable", "detail": str(wrong)[:200]})
        except ReaderFailed as failed:
            self._answering.answer(task, {"problem": "failed", "detail": failed.message()[:200]})

    def _verify(self, task: Task) -> None:
        asked = msgspec.convert(task.payload, _Verify)
        scan = self._scan(task, asked)
        answer = ReaderAnswer(
            attempt=asked.attempt, nonce=asked.nonce, operator=asked.operator, desk=asked.desk,
            station=self._identity.station, result=scan.outcome, bad_scans=scan.bad_scans, problem=scan.problem,
            time_us=now_us(),
        )  # fmt: skip
        said = msgspec.json.encode(answer).decode()
        self._answering.answer(task, {}, said=said, signature=sign(self._identity.key, answer_text(said)))

    def _scan(self, task: Task, asked: _Verify) -> Scan:
        if self._reader is None:
            return Scan("vanished")
        operator = opaque_name(asked.operator)
        try:
            return self._reader.verify(
                operator, seconds=min(asked.seconds, task.left_seconds()), stop=task.stop,
                on_asking=lambda: self._answering.tell_progress(task, {"asking": True}),
            )  # fmt: skip
        except Exception as fault:  # noqa: BLE001 - who waits at the desk must hear that it failed
            _log.error("reader_fault", exc_info=fault)
            return Scan("device_error", problem="fault")

    def _enrol(self, task: Task) -> None:
        asked = msgspec.convert(task.payload, _Finger)
        operator, reader = opaque_name(asked.operator), self._there()

        def tell(stage: Stage) -> None:
            self._answering.tell_progress(task, msgspec.to_builtins(stage))

        made = reader.enrol(
            operator, asked.finger, seconds=min(asked.seconds, task.left_seconds()), stop=task.stop, on_stage=tell
        )  # fmt: skip
        kept = self._answering.answer(task, msgspec.to_builtins(made))
        if made.outcome == "enrolled" and not kept:
            reader.delete(operator, asked.finger)  # the desk has not announced it: it must not open anything

    def _delete(self, task: Task) -> None:
        asked = msgspec.convert(task.payload, _Finger)
        self._there().delete(opaque_name(asked.operator), asked.finger)
        self._answering.answer(task, {"outcome": "deleted"})

    def _list(self, task: Task) -> None:
        asked = msgspec.convert(task.payload, _Finger)
        fingers = self._there().fingers(opaque_name(asked.operator))
        self._answering.answer(task, {"fingers": list(fingers)})

    def _keep(self, task: Task) -> None:
        """Forget what the desk does not know of, and say what it knows and the reader does not."""
        reader, forgotten, lost = self._there(), dict[str, list[str]](), dict[str, list[str]]()
        for operator, known in msgspec.convert(task.payload, _Keep).known.items():
            there = reader.fingers(opaque_name(operator))
            for finger in [one for one in there if one not in known]:
                reader.delete(opaque_name(operator), finger)
                forgotten.setdefault(operator, []).append(finger)
            missing = [one for one in known if one not in there]
            if missing:
                lost[operator] = missing
        self._answering.answer(task, {"forgotten": forgotten, "lost": lost})

    def _there(self) -> Reader:
        if self._reader is None or self._reader.presence() != "ready":
            raise ReaderFailed(problem="it is not there")
        return self._reader


def opaque_name(operator: str) -> str:
    """Return the name that a reader knows an operator by; it tells nothing about him.

    Raises:
        msgspec.ValidationError: it is no id.
    """
    if not _ID.fullmatch(operator):
        raise msgspec.ValidationError("an operator is an id")
    return f"op-{operator}"
