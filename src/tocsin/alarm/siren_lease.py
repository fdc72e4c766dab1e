"""Which process drives the sirens: of several on PostgreSQL one at a time, or two would fight over a serial port."""

import secrets
import time

import sqlalchemy as sa

from tocsin.core.clock import SECOND_US
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.log import get_log
from tocsin.core.schema import big, directory_table, text
from tocsin.core.statement import Statement, bind, upsert

LEASE_SECONDS, _RENEW_SECONDS = 5, 1.0
_NAME = "sirens"
_log = get_log("alarm.sirens")
siren_lease = directory_table("siren_lease", text("name"), text("holder"), big("until_us"), key=("name",))
_leasing = upsert(siren_lease)
_TAKE = Statement[tuple[str]](
    _leasing.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": _leasing.excluded.holder, "until_us": _leasing.excluded.until_us},
        where=sa.or_(
            siren_lease.c.holder == _leasing.excluded.holder, siren_lease.c.until_us < bind("now_us")
        ),
    ).returning(siren_lease.c.holder),
    sets=("name", "holder", "until_us"),
)
_GIVE_BACK = Statement[None](
    sa.delete(siren_lease).where(
        siren_lease.c.name == bind("b_name", str), siren_lease.c.holder == bind("b_holder", str)
    )
)


class SirenLease:
    """This process's turn; on SQLite there is only one process."""

    def __init__(self, db: Database) -> None:
        self._db, self._holder = db, secrets.token_hex(8)
        self._shared = db.dialect == "postgresql"
        self._held, self._asked_at = not self._shared, 0.0

    def hold(self) -> bool:
        """Take the turn or keep it; tell whether it is ours."""
        if self._shared and time.monotonic() - self._asked_at >= _RENEW_SECONDS:
            self._asked_at = time.monotonic()
            try:
                self._held = self._db.write(DIRECTORY_SCOPE, self._take)
            except Exception as fault:  # noqa: BLE001 - two that drive a siren are better than none
                _log.error("siren_lease_not_renewed", exc_info=fault)
        return self._held

    def close(self) -> None:
        """Let another process have it at once."""
        if not (self._shared and self._held):
            return
        self._held = False
        try:
            self._db.write(
                DIRECTORY_SCOPE, lambda tx: tx.run(_GIVE_BACK, b_name=_NAME, b_holder=self._holder)
            )
        except Exception as fault:  # noqa: BLE001 - it runs out by itself in a moment
            _log.warning("siren_lease_not_given_back", exc_info=fault)

    def _take(self, tx: Tx) -> bool:
        until_us = tx.now_us + LEASE_SECONDS * SECOND_US
        taken = tx.value(_TAKE, name=_NAME, holder=self._holder, until_us=until_us, now_us=tx.now_us)
        return taken is not None
