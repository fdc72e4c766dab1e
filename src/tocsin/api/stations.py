"""The door of stations: enrolment by a code, then requests that are signed with the station's key.

The agent calls outward alone: it waits at `commands` for what there is to do, and answers.
Source: docs/stations.md for what a signature covers.
"""

import asyncio
from typing import TypeVar

from litestar import post
from litestar.params import JSONBody, RawBody
from msgspec import Struct

from tocsin.access.admission import Admitted, admit_station
from tocsin.access.finger import ENROL, KEEP, read_lost, settle_enrolment, settle_keep, tell_what_to_keep
from tocsin.access.finger_answer import take_answer
from tocsin.access.finger_attempt import VERIFY
from tocsin.access.presence import begin_poll, end_poll, is_newest_poll, note_goodbye, note_reader
from tocsin.access.station import StationEnrolled, enrol_station
from tocsin.api.guard import ApiRequest, read_body, read_id
from tocsin.api.station_shape import (
    WAIT_SECONDS,
    AnswerIn,
    CommandOut,
    CommandsOut,
    EnrolledOut,
    EnrolmentIn,
    PaperIn,
    PollIn,
    ProgressIn,
    StateIn,
    TakenOut,
)
from tocsin.core.actor import Actor
from tocsin.core.clock import SECOND_US, now_us
from tocsin.core.command import (
    Command,
    answer_command,
    has_commands,
    read_command,
    report_progress,
    take_commands,
)
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import on_event
from tocsin.core.signature import CLOCK_SECONDS, station_name
from tocsin.desk import Desk
from tocsin.gate import NotSignedIn, TooManyTries, refused_try
from tocsin.tickets.errand import take_result

S = TypeVar("S", bound=Struct)
_LOOK_SECONDS = 1.0


class StationRefusedHere(Refusal):
    """The desk takes nothing from this station: revoke it in the settings and enrol it again with a new code"""

    kind, code = "refused", "station_refused"


class StationClockWrong(Refusal):
    """The station's clock is wrong by more than {seconds} seconds: set it, best by NTP"""

    kind, code = "refused", "station_clock_wrong"


class StationWaits(Refusal):
    """The desk was restored from a backup and waits with this station: let an owner approve it on the page Restored"""

    kind, code = "refused", "station_waits"


class CodeWrong(Refusal):
    """The code is wrong, used or more than 15 minutes old: let a manager make a new one"""

    kind, code = "refused", "station_code_wrong"


class AnswerNotTaken(Refusal):
    """This answer is not taken ({why}): the command has one already, is over, or is not this station's"""

    kind, code = "conflict", "answer_not_taken"


@post("/station/enrolments", sync_to_thread=True, status_code=201, security=[])
def post_enrolment(request: ApiRequest, *, data: JSONBody[EnrolmentIn], body: RawBody) -> EnrolledOut:
    """Enrol a station by a code that a manager made."""
    del data
    given, desk = read_body(body, EnrolmentIn), _desk(request)
    made = enrol_station(
        desk.db, code=given.code, name=given.name, public_key=given.public_key, proof=given.proof,
        version=given.version, address=_address(request),
    )  # fmt: skip
    if isinstance(made, StationEnrolled):
        return EnrolledOut(station_name(made.merchant_id, made.id), made.merchant_name)
    if made.code == "locked":
        raise refused_try(made)
    raise CodeWrong


@post("/station/commands", status_code=200, security=[])
async def post_poll(request: ApiRequest, *, data: JSONBody[PollIn], body: RawBody) -> CommandsOut:
    """Wait for commands: those that are there at once, else those that come within 20 seconds."""
    del data
    # First: a station that was cut off while it asked takes nothing.
    gone = asyncio.create_task(_hang_up(request))
    try:
        given, admitted = await asyncio.to_thread(_admit, request, body, PollIn)
        return CommandsOut(await _wait_for_commands(_desk(request), admitted.actor, given, gone))
    finally:
        gone.cancel()


@post("/station/answers", sync_to_thread=True, status_code=200, security=[])
def post_answer(request: ApiRequest, *, data: JSONBody[AnswerIn], body: RawBody) -> TakenOut:
    """Take what came of a command; the first answer in time counts."""
    del data
    given, admitted = _admit(request, body, AnswerIn)
    desk, actor, command_id = _desk(request), admitted.actor, read_id(given.command)
    asked = desk.db.read(actor.merchant_id, lambda tx: read_command(tx, command_id=command_id))
    if asked is not None and asked.kind == VERIFY:
        taken = take_answer(
            desk.db, admitted.station, actor, said=given.said, signature=given.signature, command_id=command_id,
            address=_address(request),
        )  # fmt: skip
        if taken != "accepted":
            raise AnswerNotTaken(why=taken)
    return desk.db.write(actor.merchant_id, lambda tx: _settle(tx, actor, given, command_id))


@post("/station/progress", sync_to_thread=True, status_code=200, security=[])
def post_progress(request: ApiRequest, *, data: JSONBody[ProgressIn], body: RawBody) -> TakenOut:
    """Take how far a command is."""
    del data
    given, admitted = _admit(request, body, ProgressIn)
    actor, command_id = admitted.actor, read_id(given.command)
    outcome = _desk(request).db.write(actor.merchant_id, lambda tx: report_progress(
        tx, station_id=actor.id, command_id=command_id, progress=given.progress
    ))  # fmt: skip
    if outcome != "accepted":
        raise AnswerNotTaken(why=outcome)
    return TakenOut()


@post("/station/papers", sync_to_thread=True, status_code=200, security=[])
def post_paper(request: ApiRequest, *, data: JSONBody[PaperIn], body: RawBody) -> TakenOut:
    """Take what became of a ticket, however late; what nobody asks for any more changes nothing."""
    del data
    given, admitted = _admit(request, body, PaperIn)
    actor, command_id, job_id = admitted.actor, read_id(given.paper), read_id(given.job)
    return TakenOut(_desk(request).db.write(actor.merchant_id, lambda tx: take_result(
        tx, station_id=actor.id, command_id=command_id, job_id=job_id, outcome=given.outcome
    )))  # fmt: skip


@post("/station/state", sync_to_thread=True, status_code=200, security=[])
def post_state(request: ApiRequest, *, data: JSONBody[StateIn], body: RawBody) -> TakenOut:
    """Take how a station's reader is, or that the station leaves; one whose reader is back is told what to keep."""
    del data
    given, admitted = _admit(request, body, StateIn)
    actor = admitted.actor

    def note(tx: Tx) -> None:
        end_poll(tx, actor)  # the connection of an agent that was killed may still wait: it must take nothing
        if given.leaving:
            note_goodbye(tx, actor)
            return
        note_reader(tx, actor, state=given.reader, driver=given.driver)
        if given.reader == "ready":
            tell_what_to_keep(tx, station_id=actor.id)

    _desk(request).db.write(actor.merchant_id, note)
    return TakenOut()


def _settle(tx: Tx, actor: Actor, given: AnswerIn, command_id: int) -> TakenOut:
    answer = {"said": given.said} if given.said else given.result
    outcome = answer_command(tx, station_id=actor.id, command_id=command_id, answer=answer)
    asked = read_command(tx, command_id=command_id)
    if outcome != "accepted" or asked is None:
        raise AnswerNotTaken(why=outcome)
    if asked.kind == ENROL:
        return TakenOut(settle_enrolment(tx, actor, asked, outcome=str(given.result.get("outcome", ""))))
    if asked.kind == KEEP:
        settle_keep(tx, actor, lost=read_lost(given.result))
    return TakenOut()


def _admit(request: ApiRequest, body: bytes, shape: type[S]) -> tuple[S, Admitted]:
    """Return what a station sent, and the station; its signature is looked at before anything it says.

    Raises:
        NotSignedIn, StationRefusedHere, StationClockWrong, StationWaits, TooManyTries, BodyUnsound
    """
    query = request.scope.get("query_string", b"").decode("latin-1")
    taken = admit_station(
        _desk(request).db, request.headers.get("authorization", ""), method=request.method, body=body,
        target=request.scope["path"] + (f"?{query}" if query else ""), address=_address(request),
    )  # fmt: skip
    if isinstance(taken, Admitted):
        return read_body(body, shape), taken
    if taken.code == "locked":
        raise TooManyTries(retry_after_seconds=taken.retry_after_seconds)
    if taken.code == "clock":
        raise StationClockWrong(seconds=CLOCK_SECONDS)
    if taken.code == "waiting":
        raise StationWaits
    raise NotSignedIn if taken.code == "unsigned" else StationRefusedHere()


def _begin(desk: Desk, actor: Actor, version: str) -> int:
    return desk.db.write(actor.merchant_id, lambda tx: begin_poll(tx, actor, version=version))


def _take(desk: Desk, actor: Actor, poll: int) -> list[CommandOut] | None:
    """Return what is there to do; None where the station has asked anew: its commands are for the newer request."""

    def look(tx: Tx) -> bool | None:
        return has_commands(tx, station_id=actor.id) if is_newest_poll(tx, actor, poll=poll) else None

    there = desk.db.read(actor.merchant_id, look)
    if not there:
        return None if there is None else []
    taken = desk.db.write(actor.merchant_id, lambda tx: (
        take_commands(tx, station_id=actor.id) if is_newest_poll(tx, actor, poll=poll) else []
    ))  # fmt: skip
    return [_out(one) for one in taken]


def _out(one: Command) -> CommandOut:
    return CommandOut(str(one.id), one.kind, one.payload, max(0.0, (one.deadline_us - now_us()) / SECOND_US))


async def _wait_for_commands(
    desk: Desk, actor: Actor, given: PollIn, gone: "asyncio.Task[None]"
) -> list[CommandOut]:
    loop, woken = asyncio.get_running_loop(), asyncio.Event()
    poll = await asyncio.to_thread(_begin, desk, actor, given.version)
    until = loop.time() + min(max(given.wait_seconds, 0.0), WAIT_SECONDS)

    def wake() -> None:
        loop.call_soon_threadsafe(woken.set)

    unlisten = on_event(wake)
    try:
        while not gone.done():
            woken.clear()
            found = await asyncio.to_thread(_take, desk, actor, poll)
            left = until - loop.time()
            if found is None or found or left <= 0 or desk.closing:
                return found or []
            await _wait(woken, gone, seconds=min(left, _LOOK_SECONDS))
        return []  # nobody hears it: what comes is for the station's next request
    finally:
        unlisten()


async def _hang_up(request: ApiRequest) -> None:
    """Wait until the station has hung up."""
    while (await request.receive())["type"] != "http.disconnect":
        continue


async def _wait(woken: asyncio.Event, gone: "asyncio.Task[None]", *, seconds: float) -> None:
    # On PostgreSQL an event may stay behind an open transaction that ends without one: look again by oneself.
    waking = asyncio.create_task(woken.wait())
    await asyncio.wait({waking, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    waking.cancel()


def _desk(request: ApiRequest) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _address(request: ApiRequest) -> str:
    return request.client.host if request.client else ""


STATIONS = [post_enrolment, post_poll, post_answer, post_progress, post_paper, post_state]
