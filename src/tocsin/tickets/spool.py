"""The spool: gives queued jobs to printers, one at a time each, and keeps what they answered.

A job is `sending`, durably, before its first byte leaves. What was `sending` when a process
died is `unknown`: it is never sent again by the program.
"""

import threading
import time
from collections.abc import Callable
from functools import partial

from tocsin.core.clock import now_us
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import on_event
from tocsin.core.life import Life
from tocsin.core.log import get_log
from tocsin.core.tenant import list_merchants
from tocsin.tickets.away import is_away, station_is_there
from tocsin.tickets.claim import Sending, claim_job, fail_job, next_job
from tocsin.tickets.device import Device, list_printers
from tocsin.tickets.errand import hand_paper, is_printing
from tocsin.tickets.giving import draw_for, send_drawn
from tocsin.tickets.intercept import send_slip, slip_waits
from tocsin.tickets.job import is_sending
from tocsin.tickets.late import record_late
from tocsin.tickets.lease import holds_station, lease_station
from tocsin.tickets.open_device import open_printer
from tocsin.tickets.printer import Drawn, PrintOutcome
from tocsin.tickets.printer_kind import comes
from tocsin.tickets.queue_move import away_queues, use_backups
from tocsin.tickets.trial import Looks, keep_seen, look_after

_IDLE_SECONDS, _DOUBT_SECONDS = 1.0, 0.2
# A rush of orders has no papers yet: what asks for one, or for one back.
_WAKING = ("print.", "intercept.", "station.")
_LOOKS_OF_ONE, _LOOKS_IN_ALL = 3, 32
_CLAIM_TRIES, _STORE_TRIES = 3, 20
_log = get_log("tickets.spool")


def _was_there(outcome: PrintOutcome) -> bool:
    """Tell whether a printer may be given another paper at once: one that was found away is not asked with each."""
    before = outcome.status_before
    return outcome.result != "failed" or before is None or before.online


class Spool:
    """Threads that carry jobs to printers, one for each that has work, for all merchants of this process.

    Args:
        threads: papers that are drawn at the same time.
    """

    def __init__(self, db: Database, *, threads: int = 2) -> None:
        self._db, self._life = db, Life(db)
        self._busy: set[int] = set()
        self._lock, self._wake, self._stopping = threading.Lock(), threading.Event(), threading.Event()
        self._drawing = threading.Semaphore(threads)
        self._looks, self._looking = Looks(), dict[int, int]()
        self._faults: dict[int, tuple[int, float]] = {}
        self._first, self._since_us = True, now_us()
        self._unhook = on_event(self._wake.set, kinds=_WAKING)
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)

    def start(self) -> None:
        """Begin; what an earlier process left `sending` becomes unknown."""
        self._thread.start()

    def stop(self, *, patience_seconds: float = 20.0) -> None:
        """Take no new job; wait for those that are with a printer."""
        self._stopping.set()
        self._wake.set()
        self._unhook()
        self._thread.join(5)
        until = time.monotonic() + patience_seconds
        while self._busy and time.monotonic() < until:
            time.sleep(0.02)
        self._life.end()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self._round()
            except Exception:  # noqa: BLE001 - a fault of one round must not end the spool
                _log.exception("spool round failed")
                self._stopping.wait(1)
            self._wake.wait(_DOUBT_SECONDS if self._life.doubts_any() else _IDLE_SECONDS)

    def _round(self) -> None:
        self._life.begin()  # first: what is leased by a name that nobody sees alive may be taken over
        for merchant in self._db.read(0, list_merchants):
            takes_over = self._first and self._db.dialect == "sqlite"
            lease = partial(
                lease_station, holder=self._life.name, takes_over=takes_over, since_us=self._since_us, life=self._life,
                is_idle=self._is_idle,
            )  # fmt: skip
            try:
                self._turn(merchant.id, lease)
            except Exception:  # noqa: BLE001 - what is wrong with one merchant's must not keep the others' papers
                _log.exception("spool round failed", merchant=str(merchant.id))
        self._first = False

    def _is_idle(self, printer_id: int) -> bool:
        """Tell that no thread of this process is at work with a printer; of one that broke off nobody else would tell."""
        return printer_id not in self._busy

    def _turn(self, merchant_id: int, lease: Callable[[Tx], bool]) -> None:
        if self._db.write(merchant_id, lease):
            if self._db.read(merchant_id, partial(away_queues, since_us=self._since_us)):
                self._db.write(merchant_id, partial(use_backups, since_us=self._since_us))
            for device in self._db.read(merchant_id, list_printers):
                self._begin(merchant_id, device)

    def _begin(self, merchant_id: int, device: Device) -> None:
        """Give a free printer a thread when it has work; at most one thread a printer."""
        with self._lock:
            if device.id in self._busy or self._stopping.is_set():
                return
            self._busy.add(device.id)
        try:
            begun = self._begin_busy(merchant_id, device)
        except Exception:  # noqa: BLE001 - the database was away, say: it is tried again with the next round
            _log.exception("printer not begun", printer=str(device.id))
            begun = False
        if not begun:
            self._looking.pop(device.id, None)
            with self._lock:
                self._busy.discard(device.id)

    def _begin_busy(self, merchant_id: int, device: Device) -> bool:
        """Start a printer's thread where it has work, or is to be asked; tell whether it runs."""
        act, status = self._serve, device.last_status()
        waits = not comes(device.kind) and (
            self._waiting(merchant_id, device) is not None
            or self._db.read(merchant_id, partial(slip_waits, printer_id=device.id))
        )
        # One that is known to be away rests: its papers wait for it, or for its back-up, and don't fail one by one.
        rests = status is not None and not status.online
        if is_away(device):
            rests = rests or not self._db.read(merchant_id, partial(station_is_there, device=device))
        if not waits or rests:
            act = self._look
            if not self._may_look(merchant_id, device, soon=waits):
                return False
        threading.Thread(target=act, args=(merchant_id, device), name=f"printer {device.name}").start()
        return True

    def _may_look(self, merchant_id: int, device: Device, *, soon: bool) -> bool:
        """Take a turn to ask a printer how it is: few at a time, so that those that never answer keep nobody from paper."""
        mine = list(self._looking.values()).count(merchant_id)
        if (
            mine >= _LOOKS_OF_ONE
            or len(self._looking) >= _LOOKS_IN_ALL
            or not self._looks.is_due(device.id, soon=soon)
        ):
            return False
        # A station that is printing there would answer only afterwards, and seem to be away until then.
        if is_away(device) and self._db.read(merchant_id, partial(is_printing, printer_id=device.id)):
            return False
        self._looking[device.id] = merchant_id
        return True

    def _look(self, merchant_id: int, device: Device) -> None:
        """Ask an idle printer how it is."""
        try:
            look_after(self._db, merchant_id, device=self._opened(merchant_id, device))
        except Exception:  # noqa: BLE001 - a printer that is not asked is asked again in a minute
            _log.exception("printer not asked", printer=str(device.id))
        finally:
            self._free(device.id)

    def _serve(self, merchant_id: int, device: Device) -> None:
        try:
            device = self._opened(merchant_id, device)
            while not self._stopping.is_set() and self._send_next(merchant_id, device):
                continue
        except Exception:  # noqa: BLE001 - what it was sending is doubted with the next renewal of the lease
            _log.exception("printer thread failed", printer=str(device.id))
        finally:
            self._free(device.id)

    def _send_next(self, merchant_id: int, device: Device) -> bool:
        """Send one slip or job; tell whether there may be another."""
        slip = send_slip(self._db, merchant_id, device=device, drawing=self._drawing, store=self._store)
        if slip is not None:  # first, what warns of wrong paper
            return _was_there(slip)
        waiting = self._waiting(merchant_id, device)
        if waiting is None:
            return False
        passing = self._backing_off()
        try:
            sending = self._db.write(merchant_id, lambda tx: self._claim(tx, device, passing))
        except Exception:  # noqa: BLE001 - one job must not keep those behind it from their printer
            self._back_off(merchant_id, waiting)
            return True
        self._faults.pop(waiting, None)
        if sending is None:
            return self._waiting(merchant_id, device) not in (None, waiting)
        drawn = draw_for(sending.device, sending.content, drawing=self._drawing)
        if isinstance(drawn, Drawn) and is_away(sending.device):
            hand = partial(hand_paper, job_id=sending.job.id, device=sending.device, drawn=drawn)
            self._store(merchant_id, hand)
            return False  # its station tells what became of it
        # Before its first byte: another process may have taken over while it was drawn, and a person have settled it.
        if not self._db.read(merchant_id, partial(is_sending, job_id=sending.job.id)):
            drawn = PrintOutcome(result="failed", reason="taken_over")
        outcome = send_drawn(sending.device, drawn) if isinstance(drawn, Drawn) else drawn
        self._store(merchant_id, lambda tx: self._keep(tx, sending, outcome))
        return _was_there(outcome)

    def _claim(self, tx: Tx, device: Device, passing: list[int]) -> Sending | None:
        if not holds_station(tx, holder=self._life.name):
            return None  # another process has taken over: it gives this printer its papers now
        return claim_job(tx, device=device, passing=passing)

    def _opened(self, merchant_id: int, device: Device) -> Device:
        """Return a printer as it is used: what it keeps sealed is opened where it works, not each second for all."""
        return self._db.read(merchant_id, partial(open_printer, printer_id=device.id))

    def _waiting(self, merchant_id: int, device: Device) -> int | None:
        return self._db.read(
            merchant_id, partial(next_job, printer_id=device.id, passing=self._backing_off())
        )

    def _backing_off(self) -> list[int]:
        now = time.monotonic()
        return [job_id for job_id, (_, until) in list(self._faults.items()) if until > now]

    def _back_off(self, merchant_id: int, job_id: int) -> None:
        """Let a job that can't be claimed rest, longer each time; after three tries it ends and holds its order."""
        tries = self._faults.get(job_id, (0, 0.0))[0] + 1
        if tries == 1:
            _log.exception("job not claimed", job=str(job_id))
        if tries >= _CLAIM_TRIES:
            try:
                self._db.write(merchant_id, partial(fail_job, job_id=job_id, reason="fault"))
            except Exception:  # noqa: BLE001 - the database itself may be away: it is tried again
                _log.exception("job not ended", job=str(job_id))
            else:
                self._faults.pop(job_id, None)
                return
        self._faults[job_id] = (tries, time.monotonic() + min(2.0 ** (tries - 1), 60.0))

    def _store(self, merchant_id: int, keep: Callable[[Tx], None]) -> None:
        """Store what became of a paper; while the database can't take it, try again: nobody else knows."""
        tries = 0
        while True:
            tries += 1
            try:
                return self._db.write(merchant_id, keep)
            except Exception as fault:
                _log.exception("outcome not stored", merchant=str(merchant_id))
                if self._stopping.wait(1) or isinstance(fault, Refusal):
                    raise
                if tries >= _STORE_TRIES and self._can_write(merchant_id):
                    raise  # the database is well: it is this outcome that can't be stored, now or later

    def _can_write(self, merchant_id: int) -> bool:
        try:
            self._db.write(merchant_id, partial(lease_station, holder=self._life.name))
        except Exception:  # noqa: BLE001 - that it can't is the answer
            return False
        return True

    def _keep(self, tx: Tx, sending: Sending, outcome: PrintOutcome) -> None:
        # Another process may have taken the lease meanwhile, and doubted it: this one knows what became of it.
        record_late(tx, job_id=sending.job.id, outcome=outcome, surely=True)
        keep_seen(tx, device=sending.device, outcome=outcome)

    def _free(self, printer_id: int) -> None:
        self._looking.pop(printer_id, None)
        with self._lock:
            self._busy.discard(printer_id)
        self._wake.set()
