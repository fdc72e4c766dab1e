"""A broker of its own for each test, and sirens behind it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peers.mosquitto_broker import Broker
from tocsin.alarm import message
from tocsin.alarm.siren import Siren, read_options
from tocsin.alarm.sirens.mqtt import PLUGIN


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path / "broker")
    yield made
    made.stop()


@pytest.fixture
def opened(broker: Broker) -> Iterator[Callable[..., Siren]]:
    """Opens sirens on a topic of the broker; closes them."""
    sirens: list[Siren] = []

    def open_(topic: str, **options: Any) -> Siren:
        given = {"host": "127.0.0.1", "tcp_port": broker.port, "topic": topic, **options}
        sirens.append(PLUGIN.open(read_options(PLUGIN, given)))
        return sirens[-1]

    yield open_
    for siren in sirens:
        siren.close()


@pytest.fixture(autouse=True)
def nobody_names_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name no account, as this chapter alone does: a desk that an earlier test opened has told it how to."""
    monkeypatch.setattr(message, "_name_of", lambda _, __: message.Account())
