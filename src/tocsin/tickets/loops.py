"""What the print terminal and its checks do by themselves."""

from collections.abc import Callable

from tocsin.core.clock import DAY_US
from tocsin.core.db import Database
from tocsin.core.loop import Loop
from tocsin.tickets import auto_print, check
from tocsin.tickets.archiving import Archiver
from tocsin.tickets.auto_print import print_automatically
from tocsin.tickets.check import check_new_revisions
from tocsin.tickets.cloud_end import ask_clouds
from tocsin.tickets.hold import wake_due
from tocsin.tickets.overdue import tell_overdue
from tocsin.tickets.recheck import EVERY_SECONDS, recheck
from tocsin.tickets.tallying import Tallier


def ticket_loops(
    db: Database, *, base_url: Callable[[], str], is_closing: Callable[[], bool] = lambda: False
) -> list[Loop]:
    """Return the loops that check, print what a screen asks for, ask clouds for papers, wake what is due, count, archive, and tell what is overdue."""
    return [
        Loop("check", lambda: check_new_revisions(db), idle_seconds=1, by_event=check.WAKING),
        Loop("check again", lambda: _check_again(db, is_closing), idle_seconds=EVERY_SECONDS),
        Loop("automatic papers", lambda: print_automatically(db, base_url=base_url()), idle_seconds=1, by_event=auto_print.WAKING, rest_seconds=0.1),
        Loop("printer clouds", lambda: ask_clouds(db), idle_seconds=2),
        Loop("due holds", lambda: wake_due(db, base_url=base_url()), idle_seconds=5),
        Loop("tallies", Tallier(db).step, idle_seconds=2),
        Loop("archive", Archiver(db).step, idle_seconds=DAY_US / 1e6),
        Loop("overdue holds", lambda: tell_overdue(db), idle_seconds=30),
    ]  # fmt: skip


def _check_again(db: Database, is_closing: Callable[[], bool]) -> int:
    recheck(db, is_closing=is_closing)
    return 0  # what is found otherwise was judged anew: nothing is to be looked at once more at once
