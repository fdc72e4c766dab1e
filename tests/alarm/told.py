"""Builders: people of the alarm at real peers, and a queue that sends until nothing is left to send."""

import threading
import time
from collections.abc import Callable
from ipaddress import ip_network
from typing import Self

import pytest

from tests.house import House
from tests.peers.robot_peer import KEY, RobotPeer
from tocsin.alarm import push, reach
from tocsin.alarm.channel import Address, compose_address, read_address
from tocsin.alarm.delivery import send_notice
from tocsin.alarm.incident import raise_incident
from tocsin.alarm.notice import Notice, notices_of_recipient
from tocsin.alarm.notify import tell_people
from tocsin.alarm.recipient import Recipient, add_recipient, all_recipients
from tocsin.alarm.timeline import Entry, read_timeline
from tocsin.core.clock import now_us
from tocsin.core.db import Database, Tx
from tocsin.core.queue import Queue, queue_for

BASE_URL = "http://localhost:8717"


def point_robots_at(peer: RobotPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let apprise's plug-ins speak to a peer instead of the services."""
    from apprise.plugins.dingtalk import NotifyDingTalk
    from apprise.plugins.feishu import NotifyFeishu
    from apprise.plugins.lark import NotifyLark
    from apprise.plugins.wecombot import NotifyWeComBot

    monkeypatch.setattr(NotifyWeComBot, "notify_url", peer.origin + "/cgi-bin/webhook/send?key={key}")
    monkeypatch.setattr(NotifyDingTalk, "notify_url", peer.origin + "/robot/send?access_token={token}")
    monkeypatch.setattr(NotifyFeishu, "notify_url", peer.origin + "/open-apis/bot/v2/hook/{token}/")
    monkeypatch.setattr(NotifyLark, "notify_url", peer.origin + "/open-apis/bot/v2/hook/")


def allow_near_push(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a push service be on the loopback, without TLS."""
    monkeypatch.setattr(push, "SCHEMES", ("http", "https"))
    monkeypatch.setattr(push, "NETWORKS", (ip_network("127.0.0.0/8"),))
    monkeypatch.setattr(reach, "is_public", lambda address: address.is_loopback)


def wecom() -> Address:
    """Return the address of the robot that the peer knows."""
    return compose_address("wecom", address=f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}")


def hook(peer: RobotPeer, name: str = "a") -> Address:
    """Return the address of a hook of the peer; different names are different addresses."""
    return read_address(f"json://{peer.place}/{name}")


def make_recipient(house: House, address: Address, **more: object) -> int:
    """Add a recipient as the owner; return its id."""
    given = {"name": "群", "locale": "zh_CN", **more}
    return house.db.write(
        house.merchant_id,
        lambda tx: add_recipient(tx, house.actor(), address, **given),  # type: ignore[arg-type]
    )


def raise_one(
    house: House, *, key: str = "attack", kind: str = "attack", level: str = "sound", operator_id: int = 0
) -> int:
    """Raise an incident, or lift the open one of the key; return its id."""
    why = "account_failures" if level == "sound" else "wrong_credential"
    data = {"count": 3, "minutes": 15, "operator": str(operator_id)}
    return house.db.write(house.merchant_id, lambda tx: raise_incident(
        tx, kind=kind, key=key, level=level, why=why, why_data=data, operator_id=operator_id  # type: ignore[arg-type]
    ))  # fmt: skip


class Posting:
    """The desk's queue, with short waits, working in a thread of its own while the block lasts."""

    def __init__(self, db: Database) -> None:
        self.db = db
        kind = type(queue_for(db))
        self.queue: Queue = kind(first_delay_seconds=0.05, poll_seconds=0.02)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.queue.work, args=(db, self._stop), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def tell(self) -> None:
        """Make notices of all events."""
        while tell_people(self.db, self.queue, base_url=BASE_URL):
            continue


def send_due(house: House) -> None:
    """Send what is due by the desk's clock, as the queue does: the queue of PostgreSQL goes by the server's own."""
    for one in recipients(house):
        for waiting in notices(house, one):
            if waiting.state == "waiting" and waiting.due_at_us <= now_us():
                send_notice(house.db, house.merchant_id, {"notice": str(waiting.id), "base_url": BASE_URL})


def until(true: Callable[[], object], *, seconds: float = 20) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)


def notices(house: House, recipient_id: int) -> list[Notice]:
    """Return a recipient's messages, the oldest first."""
    found = house.db.read(house.merchant_id, lambda tx: notices_of_recipient(tx, recipient_id=recipient_id))
    return found[::-1]


def settled(house: House, recipient_id: int) -> bool:
    """Tell that none of a recipient's messages waits."""
    found = notices(house, recipient_id)
    return bool(found) and all(one.state != "waiting" for one in found)


def recipients(house: House) -> dict[int, Recipient]:
    """Return the recipients by their ids."""
    return {one.id: one for one in house.db.read(house.merchant_id, all_recipients)}


def entries(house: House, incident_id: int, *kinds: str) -> list[Entry]:
    """Return an incident's entries of some kinds, the oldest first."""

    def read(tx: Tx) -> list[Entry]:
        return read_timeline(tx, incident_id=incident_id)

    return [one for one in house.db.read(house.merchant_id, read)[::-1] if one.kind in kinds]
