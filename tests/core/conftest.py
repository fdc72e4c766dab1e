"""The core's tests hear their own events alone: a desk that another test left open is on no bus of theirs."""

import pytest

from tocsin.core import event


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with nobody on the bus and nobody to wake."""
    monkeypatch.setattr(event, "_buses", [])
    monkeypatch.setattr(event, "_wakers", [])
