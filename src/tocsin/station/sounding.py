"""The sirens at this station: told what to do by the desk, and silenced here when the desk falls silent.

A device without a timer of its own is switched off after its time, whatever has become of the line,
and when the agent ends: nobody would be left to end it.
"""

import threading
from collections.abc import Mapping
from typing import Any

from tocsin.alarm.siren_bench import SirenBench
from tocsin.core.log import get_log
from tocsin.station.work import Answering, Task, Worker

_OFF = {"light": False, "sound": False, "seconds": 0}
_END_SECONDS = 3.0
_log = get_log("station")


class Sounding:
    """Carries out `siren.…` commands, each siren's on a thread of its own."""

    def __init__(self, answering: Answering) -> None:
        self._answering, self._bench = answering, SirenBench()
        self._workers: dict[str, Worker] = {}
        self._timers: dict[str, tuple[threading.Timer, Mapping[str, Any]]] = {}
        self._lock = threading.Lock()

    def put(self, task: Task) -> None:
        """Have a command carried out and answered; what its siren was told before comes first."""
        siren = str(task.payload.get("siren", ""))[:40]
        self._worker(siren).put(lambda: self._do(siren, task))

    def close(self) -> None:
        """Silence what could not end by itself, and let go of the devices."""
        with self._lock:
            timers, workers = dict(self._timers), list(self._workers.values())
            self._timers.clear()
        for siren, (timer, payload) in timers.items():
            timer.cancel()
            self._end(siren, payload)
        for worker in workers:
            worker.end(_END_SECONDS)
        self._bench.close()

    def _do(self, siren: str, task: Task) -> None:
        told = self._bench.do(task.payload)
        if task.kind == "siren.set":
            self._set_timer(siren, task.payload, told)
        self._answering.answer(task, told)

    def _set_timer(self, siren: str, payload: Mapping[str, Any], told: Mapping[str, Any]) -> None:
        with self._lock:
            old = self._timers.pop(siren, None)
            if old is not None:
                old[0].cancel()
            seconds = float(payload["pattern"]["seconds"]) if told.get("sound") else 0.0
            if seconds <= 0 or told.get("ends_by_itself"):
                return
            timer = threading.Timer(seconds, self._end, (siren, payload))
            timer.daemon, self._timers[siren] = True, (timer, payload)
            timer.start()

    def _end(self, siren: str, payload: Mapping[str, Any]) -> None:
        _log.info("siren_time_over", siren=siren)
        off = {**payload, "pattern": _OFF}
        self._worker(siren).put(lambda: self._silence(siren, off))

    def _silence(self, siren: str, payload: Mapping[str, Any]) -> None:
        told = self._bench.do(payload)
        if told.get("problem"):
            _log.error("siren_not_silenced", siren=siren, problem=str(told["problem"]))

    def _worker(self, siren: str) -> Worker:
        with self._lock:
            if siren not in self._workers:
                self._workers[siren] = Worker(f"siren {siren}")
            return self._workers[siren]
