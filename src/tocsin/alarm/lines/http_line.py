"""The line of sirens that are spoken to over HTTP: one address that was found good, no redirects, short answers."""

import time
from typing import Any
from urllib.parse import urlsplit

import httpx

from tocsin.alarm.lines.network import Network, resolve
from tocsin.alarm.siren import ANSWER_SECONDS, SirenFailed

_ANSWER_MOST_BYTES = 64 * 1024
_KEPT_SECONDS = 60


class HttpLine:
    """Speaks to the host of an address; connections are kept between commands."""

    def __init__(self, networks: tuple[Network, ...], auth: httpx.Auth | None) -> None:
        self._networks = networks
        self._addresses: dict[tuple[str, int], str] = {}
        self._client = httpx.Client(
            auth=auth, trust_env=False, follow_redirects=False, limits=httpx.Limits(keepalive_expiry=_KEPT_SECONDS)
        )  # fmt: skip

    def ask(
        self, method: str, url: str, *, until: float, body: dict[str, Any] | None = None
    ) -> tuple[int, bytes]:
        """Return status and body of an answer.

        Args:
            until: when it must be there, on the monotonic clock.

        Raises:
            SirenFailed: no answer, or one that is too long.
        """
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        try:
            address = self._addresses.get((host, port)) or resolve(host, port, networks=self._networks)
            self._addresses[host, port] = address
            with self._client.stream(
                method, httpx.URL(url).copy_with(host=address), json=body, headers={"host": parts.netloc},
                extensions={"sni_hostname": host}, timeout=max(0.05, until - time.monotonic()),
            ) as answer:  # fmt: skip
                return answer.status_code, _read(answer, until)
        except httpx.TimeoutException as fault:
            self._addresses.pop((host, port), None)
            raise SirenFailed(problem="it does not answer", detail=type(fault).__name__) from fault
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as fault:
            self._addresses.pop((host, port), None)
            raise SirenFailed(problem="it does not answer", detail=str(fault)) from fault

    def close(self) -> None:
        """Close what is open."""
        self._client.close()


def deadline() -> float:
    """Return when a command that begins now must have been answered."""
    return time.monotonic() + ANSWER_SECONDS


def _read(answer: httpx.Response, until: float) -> bytes:
    found = b""
    for part in answer.iter_bytes():
        found += part
        if len(found) > _ANSWER_MOST_BYTES or time.monotonic() > until:
            raise SirenFailed(problem="its answer is too long or too slow")
    return found
