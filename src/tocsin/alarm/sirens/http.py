"""Over HTTP: a Shelly relay by its RPC, or any device with an address each for on and off."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from tocsin.alarm.lines.http_line import HttpLine, deadline
from tocsin.alarm.lines.network import NETWORKS, Network, read_networks, require_host
from tocsin.alarm.lines.relay import Wiring, output_options, read_wiring
from tocsin.alarm.lines.shelly import read_outputs, switch_outputs
from tocsin.alarm.siren import Abilities, Confirmed, Option, Pattern, Siren, SirenFailed, SirenOptionWrong

_UNAUTHORIZED = 401
_HINT = "{seconds} and {token} are filled in; both may be left out"
_OWN = ("generic",)
_RELAYS = output_options(first=1, most=8, hint="Relays are counted from 1", only=("shelly",))


class HttpSirens:
    """Opens sirens that are spoken to over HTTP."""

    name = "http"
    title = "HTTP: Shelly relay, or any device with an address for on and off"
    can = Abilities(light=True, sound=True, separable=True, confirms=True, timed=True)
    options = (
        Option(name="dialect", label="It speaks", kind="choice", default="shelly",
               choices={"shelly": "Shelly (second generation or later)", "generic": "Addresses of my own"}),
        Option(name="url", label="Address of the Shelly", hint="As http://192.168.1.60", only=("shelly",)),
        *_RELAYS,
        Option(name="on_url", label="Address that switches the siren on", hint=_HINT, only=_OWN),
        Option(name="off_url", label="Address that switches the siren off", only=_OWN),
        Option(name="light_on_url", label="Address that switches the strobe on", hint="Leave it empty where one relay does both", only=_OWN),
        Option(name="light_off_url", label="Address that switches the strobe off", only=_OWN),
        Option(name="state_url", label="Address that tells the siren's state", hint="Without one, the answer to on and off tells it", only=_OWN),
        Option(name="light_state_url", label="Address that tells the strobe's state", only=_OWN),
        Option(name="method", label="Method", kind="choice", default="GET", choices={"GET": "GET", "POST": "POST", "PUT": "PUT"}, only=_OWN),
        Option(name="status", label="Status of a good answer", kind="number", default="200", least=200, most=299, only=_OWN),
        Option(name="field", label="Field of the answer that tells the state", hint="As POWER or relays.0.ison; without one nothing is confirmed", only=_OWN),
        Option(name="on_value", label="Its value when on", default="true", only=_OWN),
        Option(name="off_value", label="Its value when off", default="false", only=_OWN),
        Option(name="auth", label="Sign-in", kind="choice", default="digest", choices={"digest": "Digest", "basic": "Basic"}, only=_OWN),
        Option(name="user", label="Name for the sign-in", default="admin"),
        Option(name="password", label="Password", kind="secret"),
        Option(name="token", label="Token", kind="secret", only=_OWN),
        NETWORKS,
    )  # fmt: skip

    def open(self, options: Mapping[str, Any]) -> Siren:
        """Make a siren of its options."""
        networks = read_networks(options["networks"])
        line = HttpLine(networks, _auth_of(options))
        if options["dialect"] == "shelly":
            _require_url(options["url"], "url", networks)
            return _Shelly(line, options["url"].rstrip("/"), wiring=read_wiring(options))
        return _Generic(line, options, networks=networks)


class _Line:
    """What both dialects share: a line that is only spoken to, and never tells of itself."""

    def __init__(self, line: HttpLine) -> None:
        self._line = line

    def watch(self, waker: Callable[[], None]) -> None:
        """It tells of nothing by itself: it is probed."""

    def close(self) -> None:
        """Close the connections."""
        self._line.close()


class _Shelly(_Line):
    def __init__(self, line: HttpLine, url: str, *, wiring: Wiring) -> None:
        super().__init__(line)
        self._url, self._wiring = url, wiring
        self.can = wiring.can(confirms=True, timed=True)

    def set(self, pattern: Pattern) -> Confirmed:
        """Switch the relays with the device's own timer, and ask what they do."""
        until = deadline()
        return switch_outputs(lambda *call: self._call(*call, until=until), self._wiring, pattern=pattern)

    def probe(self) -> Confirmed:
        """Ask what the relays do."""
        until = deadline()
        return read_outputs(lambda *call: self._call(*call, until=until), self._wiring)

    def _call(self, method: str, params: dict[str, Any], *, until: float) -> dict[str, Any]:
        frame = {"id": 1, "method": method, "params": params}
        status, body = self._line.ask("POST", f"{self._url}/rpc", until=until, body=frame)
        _require_status(status, 200)
        answer = _decode(body)
        if isinstance(answer, dict) and isinstance(answer.get("result"), dict):
            return dict(answer["result"])
        raise SirenFailed(problem="it refuses the command", detail=str(answer)[:100])


class _Generic(_Line):
    def __init__(self, line: HttpLine, options: Mapping[str, Any], *, networks: tuple[Network, ...]) -> None:
        super().__init__(line)
        self._options, self._known = options, {"sound": False, "light": False}
        for part in self._parts():
            for state in ("on", "off"):
                _require_url(options[_named(part, state)], _named(part, state), networks)
            if options[_named(part, "state")]:
                _require_url(options[_named(part, "state")], _named(part, "state"), networks)
        separate, with_sound = bool(options["light_on_url"]), options["profile"] == "LTD-1101J"
        self.can = Abilities(
            light=separate or with_sound, sound=bool(options["on_url"]), separable=separate,
            confirms=bool(options["field"]), timed="{seconds}" in options["on_url"],
        )  # fmt: skip

    def set(self, pattern: Pattern) -> Confirmed:
        """Call the addresses for on or off; the field tells whether it was obeyed."""
        until, wanted = deadline(), {"sound": pattern.sound, "light": pattern.light}
        for part in self._parts():
            state = "on" if wanted[part] else "off"
            answered = self._ask(_named(part, state), until=until, seconds=pattern.seconds)
            told = self._told(part, answered, until=until)
            if told is not None and told != wanted[part]:
                raise SirenFailed(problem="it says that it does something else than it was told")
            self._known[part] = wanted[part]
        return self._confirmed(timed=self.can.timed and pattern.sound)

    def probe(self) -> Confirmed:
        """Ask the addresses that tell the state; without any, nothing can be told."""
        until = deadline()
        for part in self._parts():
            if self._options[_named(part, "state")]:
                told = self._told(part, b"", until=until)
                self._known[part] = self._known[part] if told is None else told
        return self._confirmed(timed=False)

    def _parts(self) -> tuple[str, ...]:
        light = (
            ("light",) if self._options["light_on_url"] else ()
        )  # the sound first: it is what is waited for
        return (("sound",) if self._options["on_url"] or not light else ()) + light

    def _told(self, part: str, answered: bytes, *, until: float) -> bool | None:
        if self._options[_named(part, "state")]:
            answered = self._ask(_named(part, "state"), until=until, seconds=0)
        if not self._options["field"]:
            return None
        value = _find(_decode(answered), self._options["field"])
        for wanted, told in ((self._options["on_value"], True), (self._options["off_value"], False)):
            if value.casefold() == wanted.casefold():
                return told
        raise SirenFailed(problem="its answer can't be read", detail=value[:100])

    def _ask(self, name: str, *, until: float, seconds: int) -> bytes:
        url = self._options[name].replace("{seconds}", str(seconds))
        url = url.replace("{token}", quote(self._options["token"], safe=""))
        method = "GET" if name.endswith("state_url") else self._options["method"]
        status, body = self._line.ask(method, url, until=until)
        _require_status(status, self._options["status"] or 200)
        return body

    def _confirmed(self, *, timed: bool) -> Confirmed:
        sound = self._known["sound"]
        with_sound = self._options["profile"] == "LTD-1101J" and sound
        return Confirmed(
            light=self._known["light"] or with_sound,
            sound=sound,
            confirmed=self.can.confirms,
            ends_by_itself=timed,
        )


def _named(part: str, state: str) -> str:
    return f"{'light_' if part == 'light' else ''}{state}_url"


def _auth_of(options: Mapping[str, Any]) -> httpx.Auth | None:
    if not options["password"]:
        return None
    kind = httpx.DigestAuth if options["auth"] == "digest" else httpx.BasicAuth
    return kind(options["user"], options["password"])


def _require_url(url: str, name: str, networks: tuple[Network, ...]) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound:
        raise SirenOptionWrong(name=name, problem="an address begins with http:// or https:// and a host")
    if "@" in parts.netloc:
        raise SirenOptionWrong(
            name=name, problem="name and password have fields of their own: take them out of the address"
        )
    require_host(parts.hostname or "", networks, name=name)


def _require_status(status: int, good: int) -> None:
    if status == _UNAUTHORIZED:
        raise SirenFailed(problem="it refuses name or password", detail=str(status), permanent=True)
    if status != good:
        raise SirenFailed(problem="it refuses the command", detail=f"HTTP {status}")


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise SirenFailed(problem="its answer can't be read", detail=str(fault)) from fault


def _find(answer: Any, path: str) -> str:
    """Return what stands at a path such as `relays.0.ison`, as text."""
    for name in path.split("."):
        if isinstance(answer, list) and name.isdigit() and int(name) < len(answer):
            answer = answer[int(name)]
        elif isinstance(answer, dict) and name in answer:
            answer = answer[name]
        else:
            raise SirenFailed(problem="its answer can't be read", detail=path)
    return str(answer).lower() if isinstance(answer, bool) else str(answer)


PLUGIN = HttpSirens()
