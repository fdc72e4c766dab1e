"""Box 8's people as a page: who is told on what, whether it was ever really received, and a form for another one."""

from typing import Any

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.access.operator import list_operators
from tocsin.alarm.channel import ROBOTS, SERVICES, Address, compose_address
from tocsin.alarm.outcome import read_problem
from tocsin.alarm.receipt import CODE_LIFE_US
from tocsin.alarm.recipient import STEPS_MOST, WANTS, Recipient, add_recipient, list_recipients
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import id_at
from tocsin.web.form import Form, once_over, read_number, read_pairs
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.words import LOCALES, Words

HERE = "/settings/people"
TITLES = {
    "wecom": "WeCom group robot", "dingtalk": "DingTalk group robot", "feishu": "Feishu group robot", "lark": "Lark group robot",
    "email": "E-mail", "ntfy": "ntfy topic", "webhook": "Web hook: voice call, SMS gateway", "other": "Another service (apprise URL)",
    "push": "Browser push",
}  # fmt: skip
WANTED = {
    "light": "Each incident, also those that only show a light", "sound": "What makes the siren sound",
    "escalated": "That nobody has it yet", "account": "Changes of one's own account", "drill": "Drills",
}  # fmt: skip
STEPS = {
    "0": "At once",
    **{str(n): "From step {step} on, when nobody has it" for n in range(1, STEPS_MOST + 1)},
}
_PLACES = {"address_refused": "address", "place_forbidden": "address", "recipient_twice": "address"}
_DEFAULT = ("sound", "escalated", "account", "drill")


@get(HERE, sync_to_thread=True)
def get_people(request: PageRequest) -> Response[str]:
    """Show who is told; without the right over settings, one's own alone."""
    _, actor = enter(request)
    require(actor, "incident")
    return show_people(request, actor)


@post(HERE, sync_to_thread=True, status_code=303)
def post_person(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Add an address; it is looked up before anything is stored."""
    desk, actor = enter(request)
    pairs, words = read_pairs(request, body), words_of(request, actor)
    form = dict(pairs)
    require(actor, "shop_settings")
    wants = wanted_of(pairs)
    try:
        address = _address_of(form)
        operator_id = read_number(form.get("operator", "") or "0")

        def add(tx: Tx) -> int:
            return add_recipient(
                tx, actor, address, name=form.get("name", ""), locale=locale_of(form), operator_id=operator_id, wants=wants,
                step=step_of(form),
            )  # fmt: skip

        def make() -> str:
            return f"{HERE}?new={desk.db.write(actor.merchant_id, add)}"

        return go(once_over(desk.db, actor, form, route="people", meanwhile=HERE, make=make))
    except Refusal as refusal:
        if refusal.kind not in ("invalid", "conflict"):
            raise
        place = _PLACES.get(refusal.code, str(refusal.data.get("field", "name")))
        return show_people(
            request, actor, form={**form, **dict.fromkeys(wants, "1")}, errors={place: told(refusal, words)}, status=status_of(refusal)
        )  # fmt: skip


def show_people(
    request: PageRequest, actor: Actor, *, form: Form | None = None, errors: dict[str, str] | None = None, status: int = 200
) -> Response[str]:  # fmt: skip
    """Answer with the people of the alarm, and what was wrong with an address that was given."""
    desk, words = desk_of(request), words_of(request, actor)
    manages = actor.may("shop_settings")

    def read(tx: Tx) -> tuple[list[dict[str, Any]], dict[str, str]]:
        names = {str(one.id): one.display_name for one in list_operators(tx, actor)} if manages else {}
        found = list_recipients(tx, actor)
        return [show_recipient(one, names, words, now_us=tx.now_us) for one in found], names

    rows, operators = desk.db.read(actor.merchant_id, read)
    return show(
        request, "settings/people.html", actor=actor, section="settings", status=status, rows=rows, manages=manages,
        form=form or dict.fromkeys(_DEFAULT, "1"), errors=errors or {}, operators=operators, new=request.query_params.get("new", ""),
        said=request.query_params.get("said", ""), **choices(words),
    )  # fmt: skip


def choices(words: Words) -> dict[str, Any]:
    """Return what the forms of a recipient choose from."""
    return {
        "services": {name: words.translate(TITLES[name]) for name in SERVICES}, "examples": ROBOTS,
        "wants": {name: words.translate(WANTED[name]) for name in WANTS},
        "steps": {number: words.translate(text).format(step=number) for number, text in STEPS.items()},
    }  # fmt: skip


def show_recipient(one: Recipient, names: dict[str, str], words: Words, *, now_us: int) -> dict[str, Any]:
    """Return a recipient as pages show it."""
    problem, number = read_problem(one.problem)
    return {
        "id": str(one.id), "name": one.name, "kind": one.kind, "service": words.translate(TITLES.get(one.service, one.service)), "shown": one.shown,
        "whose": names.get(str(one.operator_id), ""), "locale": one.locale, "wants": one.wanted(), "step": str(one.step),
        "state": state_of(one), "problem": f"{words.translate(problem)} {number}".strip() if problem else "",
        "problem_at_us": one.problem_at_us, "sent_at_us": one.sent_at_us, "confirmed_at_us": one.confirmed_at_us,
        "waits": one.tested_notice_id > id_at(now_us - CODE_LIFE_US) and one.active == 1,
    }  # fmt: skip


def state_of(one: Recipient) -> str:
    """Return the word's code of how a recipient stands."""
    if not one.active:
        return "off"
    if one.problem:
        return "problem"
    return "unproved" if one.confirmed_at_us is None else "proved"


def wanted_of(pairs: list[tuple[str, str]]) -> tuple[str, ...]:
    """Return what was ticked of a form, in the order of the page."""
    ticked = {value for name, value in pairs if name == "wants"}
    return tuple(one for one in WANTS if one in ticked)


def locale_of(form: Form) -> str:
    """Return the language that was chosen for a recipient."""
    return form["locale"] if form.get("locale") in LOCALES else "zh_CN"


def step_of(form: Form) -> int:
    """Return the step that was chosen."""
    return int(form["step"]) if form.get("step") in STEPS else 0


def _address_of(form: Form) -> Address:
    service = form.get("service", "")
    return compose_address(
        service if service in SERVICES else "other", address=form.get("address", ""), secret=form.get("secret", ""),
        server=form.get("server", ""), sender=form.get("sender", ""),
    )  # fmt: skip


PEOPLE = [get_people, post_person]
