"""A peer that answers as api.weixin.qq.com: tokens that end, orders by number; over real HTTP."""

import http.server
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.peers.http_peer import HttpPeer


class WechatApi(HttpPeer):
    """A running peer; `orders` is what `order/get` answers, `token` the one that is good now."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.token, self.given, self.asked = "t1", 0, list[str]()
        self.down = False
        super().__init__()

    def answer(self, asked: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        split = urlsplit(asked.path)
        said = self._judge(split.path, parse_qs(split.query), json.loads(body))
        data = json.dumps(said, ensure_ascii=False).encode()
        asked.send_response(503 if self.down else 200)
        asked.send_header("content-type", "application/json")
        asked.send_header("content-length", str(len(data)))
        asked.end_headers()
        asked.wfile.write(data)

    def _judge(self, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> dict[str, Any]:
        if path == "/cgi-bin/stable_token":
            if body.get("secret") != "s":
                return {"errcode": 40125, "errmsg": "invalid appsecret"}
            self.given += 1
            return {"access_token": self.token, "expires_in": 7200}
        if query.get("access_token") != [self.token]:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        self.asked.append(str(body.get("order_id")))
        return self.orders.get(str(body.get("order_id")), {"errcode": 100001, "errmsg": "no such order"})
