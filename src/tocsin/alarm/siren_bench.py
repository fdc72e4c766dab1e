"""The sirens that hang on one machine, as a station has them: opened once, kept open, told by commands.

It knows no database: commands come and answers go as plain dictionaries (see `remote_siren`).
"""

import threading
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.alarm.siren import Pattern, Siren, SirenDriver, SirenFailed, SirenOptionWrong, read_options
from tocsin.core.plugins import load_plugins


class _Command(Struct, frozen=True):
    siren: str
    driver: str
    options: dict[str, Any]
    pattern: Pattern | None = None


class SirenBench:
    """Opened sirens by their ids; each is spoken to by one thread at a time."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[tuple[str, dict[str, Any]], Siren, threading.Lock]] = {}
        self._lock = threading.Lock()

    def do(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out `siren.set` (with a pattern) or `siren.probe` (without); return what to answer."""
        try:
            command = msgspec.convert(payload, _Command)
            siren, lock = self._opened(command)
            with lock:
                told = siren.probe() if command.pattern is None else siren.set(command.pattern)
        except SirenFailed as failed:
            return {"problem": failed.problem, "detail": failed.detail, "permanent": failed.permanent}
        except SirenOptionWrong as wrong:
            return {
                "problem": str(wrong.data["problem"]),
                "detail": str(wrong.data["name"]),
                "permanent": True,
            }
        except msgspec.ValidationError as wrong:
            return {"problem": "its station can't read the command", "detail": str(wrong), "permanent": True}
        return dict(msgspec.to_builtins(told))

    def close(self) -> None:
        """Let go of all devices."""
        with self._lock:
            for _, siren, _ in self._open.values():
                siren.close()
            self._open.clear()

    def _opened(self, command: _Command) -> tuple[Siren, threading.Lock]:
        wanted = (command.driver, command.options)
        with self._lock:
            there = self._open.get(command.siren)
            if there is not None and there[0] != wanted:
                self._open.pop(command.siren)[1].close()
                there = None
            if there is None:
                drivers: dict[str, SirenDriver] = load_plugins("alarm.sirens")
                if command.driver not in drivers:
                    raise SirenFailed(
                        problem="its station has no driver for it", detail=command.driver, permanent=True
                    )
                driver = drivers[command.driver]
                siren = driver.open(read_options(driver, command.options))
                there = self._open[command.siren] = (wanted, siren, threading.Lock())
            return there[1], there[2]
