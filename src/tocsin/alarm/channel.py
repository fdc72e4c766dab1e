"""Channels: the services that a person is reached by, each an address that apprise reads.

Only schemas of this list are taken, whose hosts are looked up (`alarm/reach`). An address holds secrets:
it is kept sealed, and shown as its service with the last characters alone.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode, urlsplit

from msgspec import Struct

from tocsin.alarm.outcome import SENT, Outcome, outcome_of_lines
from tocsin.alarm.reach import UNKNOWN_HOST, PlaceForbidden, require_reachable
from tocsin.alarm.robot import ROBOT_SCHEMAS, tell_robot
from tocsin.core.errors import Refusal

SECONDS_MOST = 8.0
ADDRESS_MOST = 2000
ROBOTS = {
    "wecom": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…",
    "dingtalk": "https://oapi.dingtalk.com/robot/send?access_token=…",
    "feishu": "https://open.feishu.cn/open-apis/bot/v2/hook/…",
    "lark": "https://open.larksuite.com/open-apis/bot/v2/hook/…",
}
SERVICES = (*ROBOTS, "email", "ntfy", "webhook", "other")
# Schemas whose address names a host of its own; the others go to their service's host alone.
_HOSTED = {"mailto", "mailtos", "ntfy", "ntfys", "json", "jsons", "bark", "barks", "gotify", "gotifys"}
_FIXED = {"wecombot", "dingtalk", "feishu", "lark", "schan", "pushplus", "wxpusher", "tgram"}
SCHEMAS = _HOSTED | _FIXED
_SERVICE_OF = {
    "wecombot": "wecom", "dingtalk": "dingtalk", "feishu": "feishu", "lark": "lark", "mailto": "email", "mailtos": "email",
    "ntfy": "ntfy", "ntfys": "ntfy", "json": "webhook", "jsons": "webhook",
}  # fmt: skip
_CLOUDS = {"ntfy.sh"}
# Options that read files of the server, keep it waiting, or send again by themselves: the queue does that.
_OPTIONS_REFUSED = re.compile(
    r"pgp.*|wkd|attach.*|retry|wait|cto|rto|redirect|store|file|config|verify", re.IGNORECASE
)
_NO_TOKEN = "it has no token: copy the whole address of the robot"
_SECRET_SCHEMAS = {"feishu", "lark"}
_log = logging.getLogger("apprise")


class AddressRefused(Refusal):
    """The address won't do: {problem}"""

    kind, code = "invalid", "address_refused"


class Address(Struct, frozen=True):
    """A checked address: `url` holds secrets, `shown` none."""

    service: str
    url: str
    shown: str


def compose_address(
    service: str, *, address: str, secret: str = "", server: str = "", sender: str = ""
) -> Address:  # fmt: skip
    """Return the address of what a form asks for, looked up.

    Args:
        address: the robot's own URL, an e-mail address, a topic's or a hook's URL, or what apprise takes.
        secret: the robot's signing secret, the mailbox's password, the topic's or the hook's token.
        server, sender: of e-mail: host:port of its server, and the mailbox that sends.

    Raises:
        AddressRefused, PlaceForbidden
    """
    address, secret = address.strip(), secret.strip()
    if not address or len(address) > ADDRESS_MOST or not address.isprintable():
        raise AddressRefused(problem="write the address of the service")
    if service in ROBOTS:
        return read_address(_robot_url(service, address, secret))
    if service == "email":
        return read_address(_mail_url(address, secret, server.strip(), sender.strip()))
    if service in ("ntfy", "webhook"):
        return read_address(_web_url(service, address, secret))
    return read_address(address)


def read_address(url: str) -> Address:
    """Return a checked address of an apprise URL.

    Raises:
        AddressRefused: its schema is not of the list, or it can't be read.
        PlaceForbidden: its host is not to be reached.
    """
    schema = url.partition("://")[0].lower()
    if schema not in SCHEMAS or "://" not in url:
        raise AddressRefused(problem="there is no such service: choose one of the list")
    if any(_OPTIONS_REFUSED.fullmatch(name) for name in _options_of(url)):
        raise AddressRefused(problem="it has an option that the desk sets itself")
    plugin = open_plugin(url)
    if schema in _HOSTED:
        require_reachable(host_of(plugin))
    return Address(_SERVICE_OF.get(schema, "other"), url, _shown(schema, url, plugin))


def _options_of(url: str) -> list[str]:
    # Apprise parts options at a semicolon too.
    pairs = re.split(r"[&;]", url.partition("?")[2])
    return [unquote_plus(pair.partition("=")[0]).strip() for pair in pairs]


def open_plugin(url: str) -> Any:
    """Return apprise's plug-in for an address.

    Raises:
        AddressRefused: it can't be read.
    """
    import apprise

    _log.propagate = False  # its lines name addresses
    _log.setLevel(logging.DEBUG)
    asset = apprise.AppriseAsset(async_mode=False, app_id="Tocsin", app_desc="Tocsin", image_url_mask="")
    found: Any = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if found is None:
        raise AddressRefused(problem="it can't be read: look at the example beside it")
    found.redirects = False
    found.socket_connect_timeout = found.socket_read_timeout = SECONDS_MOST
    return found


def host_of(plugin: Any) -> str:
    """Return the host that a plug-in speaks to."""
    host = getattr(plugin, "smtp_host", "") or plugin.host or ""
    return "ntfy.sh" if getattr(plugin, "mode", "") == "cloud" else str(host).strip("[]")


def _robot_url(service: str, address: str, secret: str) -> str:
    schema = {"wecom": "wecombot"}.get(service, service)
    if address.lower().startswith(f"{schema}://"):
        return address
    expected, parts = urlsplit(ROBOTS[service]), urlsplit(address)
    if parts.scheme != "https" or parts.netloc.lower() != expected.netloc:
        raise AddressRefused(problem="it is not the address of such a robot")
    names = dict(parse_qsl(parts.query))
    token = names.get("key") or names.get("access_token") or parts.path.rstrip("/").rpartition("/hook/")[2]
    if not token or "/" in token:
        raise AddressRefused(problem=_NO_TOKEN)
    if secret and service == "dingtalk":
        return f"dingtalk://{quote(secret, safe='')}@{token}/"
    asked = f"?{urlencode({'secret': secret})}" if secret and schema in _SECRET_SCHEMAS else ""
    return f"{schema}://{token}/{asked}"


def _mail_url(address: str, password: str, server: str, sender: str) -> str:
    if address.lower().startswith(("mailto://", "mailtos://")):
        return address
    if not re.fullmatch(r"[^@\s/?#]+@[^@\s/?#]+", address):
        raise AddressRefused(problem="write an e-mail address")
    sender = sender or address
    host, _, port = server.partition(":")
    if not host or not re.fullmatch(r"[^@\s/?#]+@[^@\s/?#]+", sender) or not re.fullmatch(r"\d{0,5}", port):
        raise AddressRefused(
            problem="e-mail needs the mailbox that sends and its server, such as smtp.exmail.qq.com:465"
        )
    asked = urlencode({"smtp": host, "from": sender, "to": address, "mode": "ssl" if port in ("", "465") else "starttls"})  # fmt: skip
    who = f"{quote(sender, safe='')}:{quote(password, safe='')}@" if password else ""
    return f"mailtos://{who}{host}:{port or 465}/?{asked}"


def _web_url(service: str, address: str, token: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        return address
    schema = {"ntfy": "ntfy", "webhook": "json"}[service] + ("s" if parts.scheme == "https" else "")
    if parts.username or parts.fragment or not parts.hostname:
        raise AddressRefused(problem="it can't be read: look at the example beside it")
    options: Mapping[str, str] = {f"-{name}": value for name, value in parse_qsl(parts.query)}
    if token:
        options = {
            **options,
            **({"token": token} if service == "ntfy" else {"+Authorization": f"Bearer {token}"}),
        }
    if service == "ntfy":
        options = {**options, "priority": "max"}
        cloud = parts.netloc in _CLOUDS and not token
        options = {**options, "mode": "cloud"} if cloud else {**options, "mode": "private"}
    return f"{schema}://{parts.netloc}{parts.path or '/'}" + (
        f"?{urlencode(options, quote_via=quote)}" if options else ""
    )


def _shown(schema: str, url: str, plugin: Any) -> str:
    if schema in ("mailto", "mailtos"):
        first = next((str(each[1]) for each in plugin.targets), "")
        name, _, domain = first.partition("@")
        return f"{name[:1]}***@{domain}"
    if schema in _HOSTED:
        return host_of(plugin) + (f":{plugin.port}" if plugin.port else "")
    return "…" + urlsplit(url).netloc.rpartition("@")[2][-4:]


def send_over(url: str, *, title: str, body: str) -> Outcome:
    """Send a message to an address, whose host is looked up again; return what became of it.

    It takes 16 seconds at most, waits included.
    """
    try:
        plugin = open_plugin(url)
        if url.partition("://")[0].lower() in _HOSTED:
            require_reachable(host_of(plugin))
    except AddressRefused:
        return Outcome("failed", code="address", permanent=True)
    except PlaceForbidden as forbidden:
        gone = forbidden.data["problem"] != UNKNOWN_HOST
        return Outcome("failed", code="forbidden" if gone else "no_host", permanent=gone)
    if url.partition("://")[0].lower() in ROBOT_SCHEMAS:
        return tell_robot(url, plugin, title=title, body=body, seconds=SECONDS_MOST)
    return _send_by_apprise(plugin, title=title, body=body)


def _send_by_apprise(plugin: Any, *, title: str, body: str) -> Outcome:
    import apprise

    sender = apprise.Apprise(asset=plugin.asset)
    sender.add(plugin)
    result = sender.notify(
        title=title, body=body, notify_type=apprise.NotifyType.FAILURE, body_format=apprise.NotifyFormat.TEXT,
        log_level=logging.DEBUG,
    )  # fmt: skip
    if result:
        return SENT
    return outcome_of_lines([entry.message for one in result.results for entry in one.logs()])
