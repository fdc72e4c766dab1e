"""易联云 as its API describes it: it checks each signature and token, takes papers, and tells of its printer and its orders."""

import hashlib
import time
import uuid
from typing import Any

from tests.peers.cloud_vendor import CloudVendor
from tocsin.tickets.printers import yilianyun

CLIENT_ID, CLIENT_SECRET, MACHINE_CODE = "1082345678", "c5b3f4e8a9d64f0e9c1b", "4004512345"


def sign(stamp: str) -> str:
    """Return the signature of a time."""
    return hashlib.md5((CLIENT_ID + stamp + CLIENT_SECRET).encode()).hexdigest()


def _told(error: int, body: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"error": str(error), "error_description": "success" if not error else "no", "body": body or {}}


class YilianyunCloud(CloudVendor):
    """A running cloud with one application and one printer; `busy`: it cancels nothing, `broken`: no token is good."""

    def __init__(self) -> None:
        super().__init__()
        self.token, self.given, self.cancelled = "t1", 0, set[str]()
        self.busy = self.broken = False
        yilianyun._accounts.clear()  # a new cloud: what another one said of the application is past

    def judge(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        self.asked.append(path)
        assert uuid.UUID(form["id"]).version == 4
        if (
            form["client_id"] != CLIENT_ID
            or form["sign"] != sign(form["timestamp"])
            or abs(int(form["timestamp"]) - time.time()) > 60
        ):
            return _told(11)
        if path == "/oauth/oauth":
            assert (form["grant_type"], form["scope"]) == ("client_credentials", "all")
            self.given += 1
            return _told(0, {"access_token": self.token, "refresh_token": "r", "expires_in": 2592000})
        if self.broken or form.get("access_token") != self.token:
            return _told(18)
        if form["machine_code"] != MACHINE_CODE:
            return _told(8)
        match path:
            case "/printer/getprintstatus":
                return _told(0, {"state": "0" if self.offline else "1"})
            case "/print/index":
                assert len(form["origin_id"]) <= 32
                return _told(0, {"id": self.take(form["content"]), "origin_id": form["origin_id"]})
            case "/printer/getorderstatus":
                order = form["order_id"]
                return _told(
                    0, {"status": "1" if order in self.done else "2" if order in self.cancelled else "0"}
                )
            case "/printer/cancelone" if not self.busy:
                self.cancelled |= {form["order_id"]} - self.done
                return _told(0)
        return _told(4)
