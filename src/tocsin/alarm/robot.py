"""Robots of WeCom, DingTalk, Feishu and Lark: apprise reads their addresses, the request is our own.

They answer “200 OK” with an error inside. Apprise takes that for sent with two of them, encodes DingTalk's
signature twice, so that it never matches, and does not sign Feishu's.
Source: developer.work.weixin.qq.com/document/path/91770; open.dingtalk.com, custom robots, and
open.feishu.cn, custom bots: both sign with HMAC-SHA256 over timestamp, newline and secret.
"""

import base64
import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tocsin.alarm.outcome import SENT, Outcome, outcome_of_fault, outcome_of_status

if TYPE_CHECKING:
    import httpx

ROBOT_SCHEMAS = frozenset({"wecombot", "dingtalk", "feishu", "lark"})
# Codes that pass by themselves: the service is busy, or there were too many messages.
_PASSING = {-1, 45009, 45033, 130101, 90030, 410100, 11232, 11233}
_WECOM_MOST_BYTES = 2000
_Request = tuple[str, dict[str, Any], dict[str, str]]


def tell_robot(url: str, plugin: Any, *, title: str, body: str, seconds: float) -> Outcome:
    """Send a message through a robot; return what it answered.

    Args:
        plugin: apprise's, made of the address `url`.
    """
    import httpx

    schema, text = urlsplit(url).scheme, f"{title}\n{body}"
    make = {"wecombot": _wecom, "dingtalk": _dingtalk, "feishu": _feishu, "lark": _lark}[schema]
    where, message, signed = make(plugin, text, _secret_of(url))
    try:
        full = httpx.URL(where).copy_merge_params(signed)
        answer = httpx.post(full, json=message, timeout=seconds, follow_redirects=False)
    except httpx.HTTPError as fault:
        return outcome_of_fault(fault)
    return outcome_of_status(answer.status_code) if answer.status_code != 200 else _read(answer)


def sign_text(key: str, text: str) -> str:
    """Return the signature that these robots take: HMAC-SHA256, in base64."""
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()


def _wecom(plugin: Any, text: str, _: str) -> _Request:
    """20 messages a minute, 2,048 bytes each."""
    cut = text.encode()[:_WECOM_MOST_BYTES].decode(errors="ignore")
    return plugin.notify_url.format(key=plugin.key), {"msgtype": "text", "text": {"content": cut}}, {}


def _dingtalk(plugin: Any, text: str, _: str) -> _Request:
    """20 messages a minute, then ten minutes of silence."""
    message = {
        "msgtype": "text", "text": {"content": text}, "at": {"atMobiles": plugin.targets, "isAtAll": False}
    }  # fmt: skip
    signed = {}
    if plugin.secret:
        stamp = str(round(time.time() * 1000))
        signed = {"timestamp": stamp, "sign": sign_text(plugin.secret, f"{stamp}\n{plugin.secret}")}
    return plugin.notify_url.format(token=plugin.token), message, signed


def _feishu(plugin: Any, text: str, secret: str) -> _Request:
    return plugin.notify_url.format(token=plugin.token), _hooked(text, secret), {}


def _lark(plugin: Any, text: str, secret: str) -> _Request:
    return f"{plugin.notify_url}{plugin.token}", _hooked(text, secret), {}


def _hooked(text: str, secret: str) -> dict[str, Any]:
    """100 messages a minute. The key of the signature is its text, and what is signed is empty."""
    message: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if secret:
        stamp = str(int(time.time()))
        message |= {"timestamp": stamp, "sign": sign_text(f"{stamp}\n{secret}", "")}
    return message


def _secret_of(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("secret", [""])[0]


def _read(answer: "httpx.Response") -> Outcome:
    """Return what the answer's own code says; one that has none came from something else."""
    try:
        found = answer.json()
        code = found.get("errcode", found.get("code", found.get("StatusCode")))
    except (ValueError, AttributeError):
        code = None
    if code == 0:
        return SENT
    if not isinstance(code, int):
        return Outcome("failed", code="no_robot")
    return Outcome("failed", code=f"robot {code}", permanent=code not in _PASSING)
