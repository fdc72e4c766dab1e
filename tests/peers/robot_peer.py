"""A peer that speaks as the robots of WeCom, DingTalk and Feishu, as ntfy and as a hook do, over real HTTP.

It checks what the real ones check (the key, the signature over a timestamp of this hour, the shape of the
message), answers refusals with “200 OK” and a code as they do, and keeps what it took.
"""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY, DING_SECRET, FEISHU_SECRET = "693a91f6-7ee4", "SEC0a1b2c3d", "x+/=y"
_HOUR_SECONDS = 3600


class RobotPeer:
    """A running peer; `refuse` is the next answers: a status, or a code in a “200 OK”."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.refuse: list[tuple[str, int]] = []
        self.always: tuple[str, int] | None = None
        peer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                peer._answer(self)

            do_PUT = do_POST

            def log_message(self, *_: Any) -> None:
                return None

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.place = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def texts(self) -> list[str]:
        """Return what was said, in the order it came."""
        return [one["text"] for one in self.taken]

    def _answer(self, asked: http.server.BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers.get("content-length", 0)))
        path, query = urlsplit(asked.path).path, parse_qs(urlsplit(asked.path).query)
        refusal = self.refuse.pop(0) if self.refuse else self.always
        if refusal and refusal[0] == "status":
            asked.send_response(refusal[1])
            if 300 <= refusal[1] < 400:
                asked.send_header("location", f"{self.origin}/elsewhere")
            asked.send_header("content-length", "0")
            asked.end_headers()
            return
        given = json.loads(body)
        judge = {"/cgi-bin/webhook/send": _wecom, "/robot/send": _dingtalk}.get(
            path, _hook if "/hook/" in path else _plain
        )
        answer = judge(given, query)
        if refusal and refusal[0] == "code":
            answer = {
                name: refusal[1] if name in ("errcode", "code") else value for name, value in answer.items()
            }
        if not any(answer.get(name) for name in ("errcode", "code")):
            self.taken.append(
                {
                    "path": path,
                    "text": _text_of(given),
                    "headers": dict(asked.headers),
                    "given": given,
                    "query": query,
                }
            )
        said = json.dumps(answer).encode()
        asked.send_response(200)
        asked.send_header("content-type", "application/json")
        asked.send_header("content-length", str(len(said)))
        asked.end_headers()
        asked.wfile.write(said)


def _wecom(given: dict[str, Any], query: dict[str, list[str]]) -> dict[str, Any]:
    if query.get("key") != [KEY]:
        return {"errcode": 93000, "errmsg": "invalid webhook url, hint: [1]"}
    if given.get("msgtype") != "text" or len(given["text"]["content"].encode()) > 2048:
        return {"errcode": 40058, "errmsg": "text.content exceed max length 2048"}
    return {"errcode": 0, "errmsg": "ok"}


def _dingtalk(given: dict[str, Any], query: dict[str, list[str]]) -> dict[str, Any]:
    stamp = query.get("timestamp", [""])[0]
    fresh = stamp.isdigit() and abs(int(stamp) / 1000 - time.time()) < _HOUR_SECONDS
    if not fresh or query.get("sign") != [_sign(DING_SECRET, f"{stamp}\n{DING_SECRET}")]:
        return {"errcode": 310000, "errmsg": "sign not match"}
    if given.get("msgtype") != "text" or not given["text"]["content"]:
        return {"errcode": 400101, "errmsg": "miss param"}
    return {"errcode": 0, "errmsg": "ok"}


def _hook(given: dict[str, Any], _: dict[str, list[str]]) -> dict[str, Any]:
    stamp = str(given.get("timestamp", ""))
    fresh = stamp.isdigit() and abs(int(stamp) - time.time()) < _HOUR_SECONDS
    if not fresh or given.get("sign") != _sign(f"{stamp}\n{FEISHU_SECRET}", ""):
        return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
    if given.get("msg_type") != "text":
        return {"code": 9499, "msg": "Bad Request", "data": {}}
    return {"code": 0, "msg": "success", "data": {}, "StatusCode": 0}


def _plain(given: dict[str, Any], _: dict[str, list[str]]) -> dict[str, Any]:
    return {"id": "1", "event": "message", "topic": given.get("topic", "")}


def _sign(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _text_of(given: dict[str, Any]) -> str:
    inner = given.get("text") or given.get("content")
    if isinstance(inner, dict):
        return str(inner.get("content") or inner.get("text"))
    return f"{given.get('title', '')}\n{given.get('message', '')}"
