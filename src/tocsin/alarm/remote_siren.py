"""A siren at a station: each command is a row that the station takes, carries out with the same drivers, and answers."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from tocsin.alarm.siren import (
    ANSWER_SECONDS,
    Abilities,
    Confirmed,
    Pattern,
    Siren,
    SirenFailed,
    SirenOptionWrong,
)
from tocsin.alarm.siren_row import SirenKindUnknown, SirenRow, open_siren, read_siren_options
from tocsin.core.command import ask_station, wait_for_answer
from tocsin.core.db import Database
from tocsin.core.errors import Refusal
from tocsin.core.log import get_log
from tocsin.core.vault import SealBroken

SET, PROBE = "siren.set", "siren.probe"
_log = get_log("alarm.siren")


class RemoteSiren:
    """One siren that hangs on a station.

    The payload is {"siren", "driver", "options", "pattern": {"light", "sound", "seconds"} (for `siren.set`)};
    the answer is what was confirmed, or {"problem", "detail", "permanent"}.
    """

    def __init__(
        self, db: Database, merchant_id: int, *, station_id: int, siren: Mapping[str, Any], can: Abilities
    ) -> None:  # fmt: skip
        self._db, self._merchant_id, self._station_id = db, merchant_id, station_id
        self._payload, self.can = dict(siren), can

    def set(self, pattern: Pattern) -> Confirmed:
        """Have the station make it do a pattern."""
        return self._ask(SET, pattern=msgspec.to_builtins(pattern))

    def probe(self) -> Confirmed:
        """Have the station ask it what it does."""
        return self._ask(PROBE)

    def watch(self, waker: Callable[[], None]) -> None:
        """A station is asked; it tells of nothing by itself."""

    def close(self) -> None:
        """Nothing is held here."""

    def _ask(self, kind: str, **more: Any) -> Confirmed:
        ask = partial(
            ask_station, station_id=self._station_id, kind=kind, payload={**self._payload, **more}, seconds=ANSWER_SECONDS
        )  # fmt: skip
        command_id = self._db.write(self._merchant_id, ask)
        answer = wait_for_answer(self._db, self._merchant_id, command_id=command_id, seconds=ANSWER_SECONDS)
        if answer is None:
            raise SirenFailed(problem="its station does not answer")
        if answer.get("problem"):
            raise SirenFailed(
                problem=str(answer["problem"])[:200], detail=str(answer.get("detail", "")), permanent=answer.get("permanent") is True
            )  # fmt: skip
        try:
            return msgspec.convert(answer, Confirmed)
        except msgspec.ValidationError as wrong:
            raise SirenFailed(problem="its answer can't be read", detail=str(wrong)) from wrong


class Unusable:
    """A siren whose settings can't be used: it says so whenever it is asked."""

    can = Abilities(light=True, sound=True, separable=True, confirms=False, timed=False)

    def __init__(self, failed: SirenFailed) -> None:
        self._failed = failed

    def set(self, pattern: Pattern) -> Confirmed:
        """Say why it can't be used."""
        raise self._failed

    def probe(self) -> Confirmed:
        """Say why it can't be used."""
        raise self._failed

    def watch(self, waker: Callable[[], None]) -> None:
        """There is nothing to watch."""

    def close(self) -> None:
        """Nothing is held."""


def open_row(db: Database, merchant_id: int, *, row: SirenRow) -> Siren:
    """Return a merchant's siren, opened here or at its station; a database that is away is the caller's trouble."""
    try:
        options = db.read(merchant_id, lambda tx: read_siren_options(tx, row))
    except SealBroken as wrong:
        return _unusable(wrong)
    try:
        here = open_siren(row.driver, options)
    except (SirenOptionWrong, SirenKindUnknown) as wrong:
        return _unusable(wrong)
    except Exception as fault:  # noqa: BLE001 - a driver from elsewhere may do anything: the others go on
        _log.error("siren_not_opened", exc_info=fault)
        return Unusable(SirenFailed(problem="its driver failed", detail=type(fault).__name__))
    if not row.station_id:
        return here
    here.close()
    told = {"siren": str(row.id), "driver": row.driver, "options": options}
    return RemoteSiren(db, merchant_id, station_id=row.station_id, siren=told, can=here.can)


def _unusable(wrong: Refusal) -> Unusable:
    problem = str(wrong.data.get("problem", "its settings can't be used any more: set it up again"))
    return Unusable(SirenFailed(problem=problem, detail=wrong.message(), permanent=True))
