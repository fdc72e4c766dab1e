"""Box 8's people over the API: who is told on what, tried out, and drills with each link's time."""

from functools import partial

from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody, RawBody
from msgspec import Struct

from tocsin.alarm.channel import SERVICES, AddressRefused, compose_address
from tocsin.alarm.drill import Drill, get_drill, list_drills, start_drill
from tocsin.alarm.drill_chain import read_chain
from tocsin.alarm.receipt import start_test
from tocsin.alarm.recipient import Recipient, add_recipient, list_recipients, remove_recipient
from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id, work_once
from tocsin.api.shape import iso
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.desk import Desk


class PersonIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A way to reach somebody: `service` is wecom, dingtalk, feishu, lark, email, ntfy, webhook or other."""

    name: str
    service: str
    address: str
    secret: str = ""
    server: str = ""
    sender: str = ""
    operator_id: str = "0"
    wants: tuple[str, ...] = ("sound", "escalated", "account", "drill")
    step: int = 0
    locale: str = "zh_CN"


class PersonOut(Struct, frozen=True, kw_only=True):
    """A way to reach somebody, without its secrets; `problem` is the code of the last failure."""

    id: str
    name: str
    kind: str
    service: str
    shown: str
    operator_id: str
    wants: tuple[str, ...]
    step: int
    locale: str
    active: bool
    confirmed_at: str
    sent_at: str
    problem: str


class LinkOut(Struct, frozen=True):
    """One link of a drill's chain: ok, sent, wait, none or failed."""

    link: str
    name: str
    state: str
    ms: int
    problem: str


class DrillOut(Struct, frozen=True, kw_only=True):
    """A drill: running, passed or failed."""

    id: str
    at: str
    by: str
    state: str
    incident_id: str
    links: tuple[LinkOut, ...]


class IdOut(Struct, frozen=True):
    """What was made, or done with."""

    id: str


@get("/people", sync_to_thread=True)
def get_people(request: ApiRequest) -> list[PersonOut]:
    """Return who is told of the alarm; without the right over settings, one's own alone."""
    desk, actor = enter(request)
    require(actor, "incident")
    found = desk.db.read(actor.merchant_id, lambda tx: list_recipients(tx, actor))
    return [_person_out(one) for one in found]


@post("/people", sync_to_thread=True, status_code=201)
def create_person(request: ApiRequest, *, data: JSONBody[PersonIn], body: RawBody) -> Response[IdOut]:
    """Add a way to reach somebody; its host is looked up before anything is stored."""
    del data
    given = read_body(body, PersonIn)

    def run(desk: Desk, actor: Actor) -> IdOut:
        require(actor, "shop_settings")
        if given.service not in SERVICES:
            raise AddressRefused(problem="there is no such service: choose one of the list")
        address = compose_address(
            given.service,
            address=given.address,
            secret=given.secret,
            server=given.server,
            sender=given.sender,
        )
        add = partial(
            add_recipient, actor=actor, address=address, name=given.name, locale=given.locale, wants=given.wants,
            operator_id=read_id(given.operator_id), step=given.step,
        )  # fmt: skip
        return IdOut(str(desk.db.write(actor.merchant_id, add)))

    return work_once(request, body, run, status=201)


@post("/people/{person_id:str}/tests", sync_to_thread=True, status_code=202)
def create_test(request: ApiRequest, *, person_id: FromPath[str]) -> Response[IdOut]:
    """Send a message with a code; it is confirmed on the page, or by the link in it."""
    desk, _ = enter(request)
    wanted = read_id(person_id)

    def run(tx: Tx, actor: Actor) -> IdOut:
        return IdOut(str(start_test(
            tx, actor, desk.queue, recipient_id=wanted, base_url=desk.settings.base_url()
        )))  # fmt: skip

    return change_once(request, b"", run, status=202)


@delete("/people/{person_id:str}", sync_to_thread=True, status_code=200)
def remove_person(request: ApiRequest, *, person_id: FromPath[str]) -> Response[IdOut]:
    """Take a way to reach somebody off the list."""
    wanted = read_id(person_id)

    def run(tx: Tx, actor: Actor) -> IdOut:
        remove_recipient(tx, actor, recipient_id=wanted)
        return IdOut(person_id)

    return change_once(request, b"", run)


@get("/drills", sync_to_thread=True)
def get_drills(request: ApiRequest) -> list[DrillOut]:
    """Return the last drills, the newest first."""
    desk, actor = enter(request)
    require(actor, "incident")

    def read(tx: Tx) -> list[DrillOut]:
        return [_drill_out(tx, one) for one in list_drills(tx)]

    return desk.db.read(actor.merchant_id, read)


@post("/drills", sync_to_thread=True, status_code=202)
def create_drill(request: ApiRequest, *, body: RawBody) -> Response[DrillOut]:
    """Begin a drill: the sirens sound three seconds, and people are told that it is a drill."""

    def run(tx: Tx, actor: Actor) -> DrillOut:
        return _drill_out(tx, get_drill(tx, drill_id=start_drill(tx, actor)))

    return change_once(request, body, run, status=202)


def _person_out(one: Recipient) -> PersonOut:
    return PersonOut(
        id=str(one.id), name=one.name, kind=one.kind, service=one.service, shown=one.shown, operator_id=str(one.operator_id),
        wants=one.wanted(), step=one.step, locale=one.locale, active=bool(one.active), confirmed_at=iso(one.confirmed_at_us),
        sent_at=iso(one.sent_at_us), problem=one.problem,
    )  # fmt: skip


def _drill_out(tx: Tx, one: Drill) -> DrillOut:
    chain = read_chain(tx, one) if one.state == "running" else one.chain()
    return DrillOut(
        id=str(one.id), at=iso(one.at_us), by=one.actor_name, state=one.state, incident_id=str(one.incident_id),
        links=tuple(LinkOut(each.link, each.name, each.state, each.ms, each.problem) for each in chain),
    )  # fmt: skip


PEOPLE = [get_people, create_person, create_test, remove_person, get_drills, create_drill]
