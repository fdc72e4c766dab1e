"""Office and label printers that speak IPP: a job is made, its page is given to it, its end is waited for."""

import contextlib
import time
from typing import Annotated, Any

from msgspec import Meta, Struct

from tocsin.tickets.device_talk import away, reason_of
from tocsin.tickets.identity import Identity
from tocsin.tickets.ipp import (
    CANCEL_JOB,
    CREATE_JOB,
    GET_JOB,
    GET_PRINTER,
    SEND_DOCUMENT,
    IppAnswer,
    IppGarbled,
    IppPlace,
    about_job,
    as_reason,
    document,
    identity_wanted,
    job_name,
    read_identity,
    read_status,
    status_wanted,
    wanted,
)
from tocsin.tickets.printer import Drawn, Form, PrinterStatus, PrintOutcome, Report
from tocsin.tickets.reach import OutsideNetworks

PDF = "application/pdf"
_CANCELED, _ABORTED, _COMPLETED = 7, 8, 9
_POLL_SECONDS, _POLL_MOST_SECONDS = 0.05, 0.5
Seconds = Annotated[float, Meta(gt=0, le=600)]


class IppOptions(Struct, frozen=True, kw_only=True):
    """Where the printer itself is (a queue of CUPS only hands papers on, and confirms none), and how long to wait for it."""

    host: Annotated[str, Meta(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:%-]+$")]
    port: Annotated[int, Meta(ge=1, le=65535)] = 631
    path: Annotated[str, Meta(max_length=200, pattern=r"^/[A-Za-z0-9/._~-]*$")] = "/ipp/print"
    answer_timeout_seconds: Seconds = 10.0
    done_timeout_seconds: Seconds = 60.0

    def place(self) -> IppPlace:
        """Return where to speak to."""
        return IppPlace(
            host=self.host, port=self.port, path=self.path, timeout_seconds=self.answer_timeout_seconds
        )


class IppPrinter:
    """Prints a page; `printed` means that the printer's own job says completed."""

    name = "ipp"
    confirms = True
    form: Form = "pdf"
    reports: frozenset[Report] = frozenset({"online", "paper_low", "paper_out", "cover"})
    at_station = True
    options = IppOptions

    def probe(self, options: IppOptions) -> PrinterStatus:
        """Return how the printer is now, or why it does not say."""
        try:
            return _able(options.place().ask(GET_PRINTER, status_wanted()))
        except OSError as trouble:
            return away(_reason(trouble))

    def identify(self, options: IppOptions) -> Identity:
        """Return what the printer says that it is."""
        try:
            return read_identity(options.place().ask(GET_PRINTER, identity_wanted()))
        except OSError:
            return Identity()

    def send(self, options: IppOptions, drawn: Drawn) -> PrintOutcome:
        """Print one page as one job, and return what became of it."""
        place, facts = options.place(), dict[str, Any](raster_sha256=drawn.digest)
        try:
            told = place.ask(GET_PRINTER, status_wanted())
            facts["status_before"] = before = _able(told)
            if not before.online:
                return _failed(before.detail, permanent=before.detail in _FOR_GOOD, **facts)
            made = place.ask(CREATE_JOB, job_name(drawn.serial))
        except OSError as trouble:
            facts |= {
                "status_before": away(_reason(trouble)),
                "permanent": isinstance(trouble, OutsideNetworks),
            }
            return _failed(_reason(trouble), str(trouble), **facts)
        job_id = made.number("job-id")
        if made.refused or not job_id:
            return _failed(**as_reason(made), **facts)
        job = _Job(place, job_id, options.done_timeout_seconds, handed_on="cups-version" in told.attributes)
        return job.give(drawn.data, facts)


class _Job:
    """One job of the printer, from its page to its end."""

    def __init__(self, place: IppPlace, job_id: int, patience_seconds: float, *, handed_on: bool) -> None:
        self._place, self._id, self._handed_on = place, job_id, handed_on
        self._until = time.monotonic() + patience_seconds

    def give(self, page: bytes, facts: dict[str, Any]) -> PrintOutcome:
        """Give the job its page, and return what became of it."""
        try:
            line = self._place.connect()
        except OSError as trouble:
            self._take_back()
            return _failed(_reason(trouble), str(trouble), **facts)
        # What becomes of a page whose line broke is asked of its job all the same.
        trouble_told = ""
        try:
            given = self._place.tell(line, SEND_DOCUMENT, about_job(self._id), *document(PDF), data=page)
            trouble_told = as_reason(given)["detail"] if given.refused else ""
        except OSError as trouble:
            trouble_told = _reason(trouble)
        state = self._wait() if not trouble_told else self._state()
        if state < _CANCELED:  # it must not come out once somebody was told that it is unknown
            self._take_back()
            state = max(state, self._state())
        after = self._status()
        facts |= {"bytes_left": True, "status_after": after}
        if state == _COMPLETED and not self._handed_on:
            return PrintOutcome(result="printed", **facts)
        stopped = {_CANCELED: "cancelled_there", _ABORTED: "aborted_there"}.get(state, "unconfirmed")
        reason = after.detail if after and after.detail and not trouble_told else stopped
        return PrintOutcome(
            result="unknown", reason=reason, detail=trouble_told or f"job state {state}", **facts
        )

    def _wait(self) -> int:
        pause, state = _POLL_SECONDS, 0
        while time.monotonic() < self._until:
            state = self._state() or state
            if state >= _CANCELED:
                break
            time.sleep(pause)
            pause = min(pause * 1.5, _POLL_MOST_SECONDS)
        return state

    def _state(self) -> int:
        """Return the job's state, 0 where the printer does not tell it now."""
        try:
            answer = self._place.ask(GET_JOB, about_job(self._id), wanted("job-state"))
        except OSError:
            return 0  # it may be back before patience ends
        return 0 if answer.refused else answer.number("job-state")

    def _take_back(self) -> None:
        with contextlib.suppress(OSError):  # a printer that is away is asked for nothing more
            self._place.ask(CANCEL_JOB, about_job(self._id))

    def _status(self) -> PrinterStatus | None:
        try:
            return read_status(self._place.ask(GET_PRINTER, status_wanted()))
        except OSError:
            return None


_FOR_GOOD = frozenset({"no_pdf", "too_old"})


def _able(answer: IppAnswer) -> PrinterStatus:
    """Return a printer's status, with what it lacks where it can't be given a page at all."""
    if answer.refused:
        raise IppGarbled(as_reason(answer)["detail"])
    status = read_status(answer)
    lacks = ""
    if not {CREATE_JOB, SEND_DOCUMENT} <= set(answer.attributes.get("operations-supported", [])):
        lacks = "too_old"
    elif PDF not in answer.words("document-format-supported"):
        lacks = "no_pdf"
    return PrinterStatus(online=False, paper=status.paper, detail=lacks) if lacks else status


def _reason(trouble: OSError) -> str:
    return "garbled" if isinstance(trouble, IppGarbled) else reason_of(trouble, timeout="mute")


def _failed(reason: str, detail: str = "", **facts: Any) -> PrintOutcome:
    return PrintOutcome(result="failed", reason=reason, detail=detail, **facts)


PLUGIN = IppPrinter()
