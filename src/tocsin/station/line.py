"""The line to the desk: signed requests, outward alone, over HTTPS."""

import ssl
from typing import Any

import httpx
import msgspec

from tocsin.core.clock import now_us
from tocsin.core.signature import enrolment_text, public_key, sealed_header, sign
from tocsin.station.identity import Identity

_CONNECT_SECONDS, _ANSWER_SECONDS = 5.0, 15.0
_SERVER_FAULT = 500


class LineBroken(Exception):
    """The desk did not answer, or not soundly: trying again later may help."""


class LineRefused(Exception):
    """The desk refused a request; `code` says why, `detail` says it to a person.

    `retry_after_seconds` is 0 where no time is given; `why` is what an answer was not taken for.
    """

    def __init__(
        self, code: str, detail: str, *, status: int = 0, retry_after_seconds: float = 0, why: str = ""
    ) -> None:  # fmt: skip
        self.code, self.detail, self.status = code, detail, status
        self.retry_after_seconds, self.why = retry_after_seconds, why
        super().__init__(detail)


class Line:
    """Sends requests of a station; safe for several threads.

    Args:
        ca: file of the authority that signed the desk's certificate; empty: those that the machine trusts.
    """

    def __init__(self, identity: Identity, *, ca: str = "") -> None:
        self._identity = identity
        self._http = httpx.Client(
            base_url=identity.server, verify=ssl.create_default_context(cafile=ca or None), trust_env=False,
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS), follow_redirects=False,
        )  # fmt: skip

    def post(self, path: str, body: dict[str, Any], *, wait_seconds: float = 0) -> Any:
        """Send a signed request and return the JSON of its answer.

        Args:
            wait_seconds: for how long the desk may let it wait.

        Raises:
            LineBroken, LineRefused
        """
        data = msgspec.json.encode(body)
        header = sealed_header(
            self._identity.key, self._identity.station, method="POST", target=path, time_us=now_us(), body=data
        )  # fmt: skip
        return self._send(path, data, wait_seconds, {"authorization": header})

    def enrol(self, *, code: str, name: str, version: str) -> str:
        """Have the desk enrol this station by a code; return how it calls itself there.

        Raises:
            LineBroken, LineRefused
        """
        public = public_key(self._identity.key)
        proof = sign(self._identity.key, enrolment_text(code=code, name=name, public=public))
        body = {"code": code, "name": name, "public_key": public, "proof": proof, "version": version}
        answer = self._send("/api/v1/station/enrolments", msgspec.json.encode(body), 0, {})
        return str(answer["station"])

    def close(self) -> None:
        """Hang up; a request that waits breaks off."""
        self._http.close()

    def _send(self, path: str, data: bytes, wait_seconds: float, headers: dict[str, str]) -> Any:
        timeout = httpx.Timeout(_ANSWER_SECONDS + wait_seconds, connect=_CONNECT_SECONDS)
        try:
            answer = self._http.post(
                path, content=data, headers={**headers, "content-type": "application/json"}, timeout=timeout
            )
            told = msgspec.json.decode(answer.content) if answer.content else {}
        except (
            httpx.HTTPError,
            OSError,
            RuntimeError,
            msgspec.DecodeError,
        ) as fault:  # RuntimeError: hung up
            raise LineBroken(str(fault) or type(fault).__name__) from fault
        if answer.is_success and isinstance(told, dict):
            return told
        if answer.status_code >= _SERVER_FAULT or not isinstance(told, dict):
            raise LineBroken(f"the desk answered {answer.status_code}")
        raise LineRefused(
            str(told.get("code", f"http_{answer.status_code}")), str(told.get("detail", answer.reason_phrase)),
            status=answer.status_code, retry_after_seconds=_seconds(answer.headers.get("retry-after", "")),
            why=str(told.get("why", "")),
        )  # fmt: skip


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() else 0.0
