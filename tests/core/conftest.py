"""The core's tests hear their own events alone: a desk that another test left open is on no bus of theirs."""

import pytest

from tests.databases import PostgresServer
from tocsin.core import event
from tocsin.core.ident import new_id


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with nobody on the bus and nobody to wake."""
    monkeypatch.setattr(event, "_buses", [])
    monkeypatch.setattr(event, "_wakers", [])


@pytest.fixture
def name(postgres_server: PostgresServer, postgres_template: str) -> str:
    """Name of a migrated database of the test's own: what it does to it is nobody's else."""
    name = f"own_{new_id()}"
    postgres_server.copy(postgres_template, name)
    return name
