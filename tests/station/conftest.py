"""A desk that serves, and a shop of its own at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.escpos_peer import EscposPeer
from tests.station.counter import ServedDesk, Shop
from tests.station.stall import Stall
from tocsin.core.db import Database


@pytest.fixture
def shop(db: Database, tmp_path: Path) -> Iterator[Shop]:
    """A shop whose station is enrolled and not yet running."""
    served = ServedDesk(db, tmp_path)
    yield Shop(db, served)
    served.close()


@pytest.fixture
def stall(shop: Shop, tmp_path: Path) -> Iterator[Stall]:
    """A stall whose desk works and whose agent does not yet."""
    with EscposPeer() as peer:
        stall = Stall(shop, peer, tmp_path)
        stall.run_spool()
        yield stall
        stall.kill()
        for working in stall.at_work:
            working.end()
        for spool in stall.spools:
            spool.stop()
