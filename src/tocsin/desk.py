"""The desk of one process: its settings, database, queue and bus, and what runs in the background."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tocsin.access.attempt import sweep_attempts
from tocsin.access.challenge import count_unanswered, sweep_challenges
from tocsin.access.named import read_account
from tocsin.access.station_loops import station_loops
from tocsin.alarm import delivery as _declares_its_task_too  # noqa: F401
from tocsin.alarm.drill_chain import tend_drills
from tocsin.alarm.drill_plan import start_due_drills
from tocsin.alarm.escalate import tend_incidents
from tocsin.alarm.evidence import sweep_evidence
from tocsin.alarm.message import name_accounts_by
from tocsin.alarm.notice import sweep_notices
from tocsin.alarm.notify import TELLING, tell_people
from tocsin.alarm.ring import ring_after_restart
from tocsin.alarm.sounding import Sounding
from tocsin.alarm.watch import watch_signals
from tocsin.alarm.watch_seal import seal_journals, verify_journals
from tocsin.backup.schedule import backup_loops
from tocsin.backup.work import clear_work
from tocsin.core.arenas import give_back
from tocsin.core.bus import Bus, bus_for
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.event import join_bus
from tocsin.core.log import get_log
from tocsin.core.loop import Loop, for_each_merchant, stop_loops
from tocsin.core.node import NodeLease, lease_node
from tocsin.core.queue import Queue, queue_for
from tocsin.core.tenant import Merchant, list_merchants
from tocsin.opening import open_database
from tocsin.orders.conflict import sweep_conflicts
from tocsin.orders.download_file import purge_downloads
from tocsin.orders.erase import erase_again
from tocsin.orders.erased_list import erase_restored, keep_erased_in
from tocsin.orders.fetching import sweep_news, tend_news
from tocsin.orders.hook import BASES
from tocsin.orders.kept_files import keep_files_in
from tocsin.orders.lookup_index import index_lookups
from tocsin.orders.outbound_send import Sender
from tocsin.orders.retention import retention_loops
from tocsin.orders.search_merge import merge_loops
from tocsin.orders.watch_folder import import_loops
from tocsin.settings import Settings
from tocsin.streams import Streams
from tocsin.tickets import bulk_work as _declares_its_task_as_well  # noqa: F401
from tocsin.tickets import forget as _takes_papers_out  # noqa: F401
from tocsin.tickets.bulk_job import sweep_bulk
from tocsin.tickets.cloud import open_clouds
from tocsin.tickets.loops import ticket_loops
from tocsin.tickets.papers import keep_papers_in
from tocsin.tickets.reach import declare_networks
from tocsin.tickets.spool import Spool

_log = get_log("desk")
_HOUR_SECONDS, _DAY_SECONDS = 3_600.0, 86_400.0


class Desk:
    """What each door is handed; `closing` tells long answers to end."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self.settings, self.db = settings, db
        keep_papers_in(settings.path("papers"))
        if settings.printer_networks:
            declare_networks(settings.printers_nearby())
        open_clouds(settings.clouds(), settings.opened_networks())
        keep_files_in(downloads=settings.path("downloads"), watched=settings.watch_dir)
        keep_erased_in(settings.path())
        name_accounts_by(read_account)
        BASES["wechat"] = settings.wechat_api_url.rstrip("/")
        self.queue: Queue = queue_for(db)
        self.bus: Bus = bus_for(db)
        self.bus.open(db)
        self._leave_bus = join_bus(self.bus)
        self._lease: NodeLease = lease_node(db)
        self._loops: list[Loop] = []
        self._spool: Spool | None = None
        self._outbound = Sender(db, networks=settings.opened_networks())
        self._sounding: Sounding | None = None
        self.streams = Streams()
        self.closing, self._unindexed = False, set[int]()
        self.requests_waiting: Callable[[], int] = lambda: 0

    def merchants(self) -> list[Merchant]:
        """Return the merchants of the installation."""
        return self.db.read(DIRECTORY_SCOPE, list_merchants)

    def start(self) -> None:
        """Begin what runs in the background; whom a restored backup has brought back goes before anybody is served."""
        clear_work(self.settings.path())
        erase_restored(self.db, partial(erase_again, queue=self.queue))
        self.queue.open(self.db)
        self._spool = Spool(self.db, threads=self.settings.print_threads)
        self._spool.start()
        ring_after_restart(self.db)
        self._sounding = Sounding(self.db)
        self._sounding.start()
        self._outbound.start()
        self._loops = [
            Loop("alarm", lambda: watch_signals(self.db), idle_seconds=1, by_event=("alarm.",)),
            Loop("incidents", lambda: tend_incidents(self.db), idle_seconds=2),
            Loop("people", self._tell_people, idle_seconds=1, by_event=TELLING, rest_seconds=0.25),
            Loop("drills", lambda: tend_drills(self.db), idle_seconds=1),
            Loop("drill plan", lambda: start_due_drills(self.db), idle_seconds=60),
            Loop("notices", self._each(sweep_notices), idle_seconds=_DAY_SECONDS),
            Loop("conflicts", self._each(sweep_conflicts), idle_seconds=_DAY_SECONDS),
            Loop("bulk acts", self._each(sweep_bulk), idle_seconds=_DAY_SECONDS),
            Loop("evidence", lambda: sweep_evidence(self.db), idle_seconds=_DAY_SECONDS),
            Loop("unanswered", self._count_unanswered, idle_seconds=30),
            *ticket_loops(self.db, base_url=self.settings.base_url, is_closing=lambda: self.closing),
            Loop("downloads", lambda: purge_downloads(self.db), idle_seconds=600),
            *import_loops(self.db, watched=self.settings.watch_dir, alone=not self.settings.database_url),
            Loop("lookup index", self._index_lookups, idle_seconds=3),
            Loop("waiting news", self._tend_news, idle_seconds=5),
            *retention_loops(self.db),
            *merge_loops(self.db),
            Loop("deliveries", self._each(sweep_news), idle_seconds=_DAY_SECONDS),
            *station_loops(self.db),
            Loop("journal seal", lambda: seal_journals(self.db, self._seals), idle_seconds=60),
            Loop("journal verify", self._verify_journals, idle_seconds=_DAY_SECONDS),
            Loop("attempts", self._sweep_attempts, idle_seconds=_DAY_SECONDS),
            Loop("months", self._extend_months, idle_seconds=_HOUR_SECONDS),
            Loop("free memory", give_back, idle_seconds=60),
            *backup_loops(self.settings, self.db, is_closing=lambda: self.closing),
        ]
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """End the background work after the step in hand."""
        self.closing = True
        stop_loops(self._loops)
        self._loops = []
        self._outbound.stop()
        if self._sounding is not None:
            self._sounding.stop()
            self._sounding = None
        if self._spool is not None:
            self._spool.stop()
            self._spool = None
        self.queue.close()

    def close(self) -> None:
        """Give everything back: the node number, the bus, the database; what one meets keeps nothing else open."""
        with ExitStack() as last_first:
            for give_back in (self.db.close, self.bus.close, self._leave_bus, self._lease.close, self.stop):
                last_first.callback(give_back)

    @property
    def _seals(self) -> Path:
        return self.settings.path("keys", "journal")

    def _verify_journals(self) -> int:
        verify_journals(self.db, self._seals, is_closing=lambda: self.closing)
        return 0  # a breach is told once a day, not again at once

    def _extend_months(self) -> int:
        url = self.settings.database_url
        if not url:
            return 0
        from tocsin.migrations.months import extend_months  # alone where the driver is

        return extend_months(url)

    def _tell_people(self) -> int:
        return tell_people(self.db, self.queue, base_url=self.settings.base_url())

    def _index_lookups(self) -> int:
        """Index some look-ups of each merchant who has more; return how many."""
        wanted, self._unindexed = self._unindexed, set()
        begun_us = self.db.begun_us()

        def index(merchant_id: int) -> int:
            if wanted and merchant_id not in wanted:
                return 0
            indexed = index_lookups(self.db, merchant_id, begun_us=begun_us)
            self._unindexed |= {merchant_id} if indexed else set()
            return indexed

        return for_each_merchant(self.db, index)

    def _each(self, verb: Callable[[Tx], int]) -> Callable[[], int]:
        return lambda: for_each_merchant(self.db, lambda merchant_id: self.db.write(merchant_id, verb))

    def _count_unanswered(self) -> int:
        return count_unanswered(self.db) + self.db.write(DIRECTORY_SCOPE, sweep_challenges)

    def _sweep_attempts(self) -> int:
        return self.db.write(DIRECTORY_SCOPE, sweep_attempts)

    def _tend_news(self) -> int:
        return for_each_merchant(self.db, partial(tend_news, self.db))


def open_desk(settings: Settings) -> Desk:
    """Open the database, migrated to the newest schema, and what belongs to it.

    Raises:
        FileLocked: another process holds the data folder.
        DatabaseUnreachable: PostgreSQL is not there, or refuses.
        EngineAffected, KeyFileMissing, KeyFileWrong, KeyMismatch, NotDurable: the installation is not sound.
    """
    return Desk(settings, open_database(settings))
