"""Builders: attacks on the operators of a desk, as the doors tell of them, and the alarm's watch."""

from tests.web.pages import Pages
from tocsin.access.operator import add_operator
from tocsin.alarm.incident import Incident, list_incidents
from tocsin.alarm.signal import Signal, send_signal
from tocsin.alarm.watch import watch_signals
from tocsin.core.db import Tx
from tocsin.web.guard import SESSION_COOKIE

FAR = "203.0.113.9"


def victim(pages: Pages, name: str = "林小姐") -> int:
    """Add an operator who is to be attacked; return his id."""
    return pages.db.write(pages.house.merchant_id, lambda tx: add_operator(
        tx, name=name, display_name=name, role="clerk", password_hash="-", locale="zh_CN", zone="UTC", created_by=0
    ))  # fmt: skip


def attack(pages: Pages, operator_id: int, *, times: int = 3, address: str = FAR, **more: object) -> None:
    """Let wrong credentials be tried at an account, and the alarm see each."""

    def send(tx: Tx) -> None:
        send_signal(tx, Signal(
            kind="credential_wrong", operator_id=operator_id, name_digest=f"digest-{operator_id}", method="password",
            address=address, **more,  # type: ignore[arg-type]
        ))  # fmt: skip

    for _ in range(times):
        pages.db.write(pages.house.merchant_id, send)
        watch(pages)


def watch(pages: Pages) -> None:
    """Let the alarm read what it was told."""
    while watch_signals(pages.db):
        pass


def incidents(pages: Pages) -> list[Incident]:
    """Return the merchant's incidents, newest first."""
    return pages.db.read(pages.house.merchant_id, lambda tx: list_incidents(tx, pages.house.actor()))


def operator_of(pages: Pages, role: str) -> int:
    """Return the id of who is signed in as a role."""
    from tocsin.access.session import find_session

    token = pages.headers(role)["cookie"].removeprefix(f"{SESSION_COOKIE}=")
    found = find_session(pages.db, token)
    assert found is not None
    return found.id
