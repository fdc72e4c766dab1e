"""“It was me, or lock my account”: where a message about one's own account leads; it asks for a credential first."""

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.step_up import require_proof
from tocsin.alarm.concerned import last_address
from tocsin.alarm.mine import ends_by_his_word, require_mine, say_it_was_me
from tocsin.core.actor import Actor
from tocsin.core.clock import now_us
from tocsin.core.db import Tx
from tocsin.web.form import once, read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.incident import show_incident
from tocsin.web.shell import go, show, words_of
from tocsin.web.subject import subject_of


@get("/incidents/{incident_id:str}/mine", sync_to_thread=True)
def get_mine(request: PageRequest, *, incident_id: FromPath[str]) -> Response[str]:
    """Ask whether it was oneself; who is not signed in, or not lately proved, is led to that first."""
    desk, actor = enter(request)
    require_proof(actor)
    wanted, words = read_number(incident_id), words_of(request, actor)

    def read(tx: Tx) -> tuple[dict[str, object], str, bool]:
        found = require_mine(tx, actor, incident_id=wanted)
        shown = show_incident(
            found, now_us(), words, account=actor.name, own=True, subject=subject_of(tx, found)
        )
        return shown, last_address(tx, incident_id=wanted), found.is_open and ends_by_his_word(tx, found)

    shown, address, ends = desk.db.write(actor.merchant_id, read)
    return show(
        request, "alarm/mine.html", actor=actor, section="alarm", incident=shown, address=address, ends=ends,
        said=request.query_params.get("said", ""),
    )  # fmt: skip


@post("/incidents/{incident_id:str}/mine", sync_to_thread=True, status_code=303)
def post_mine(request: PageRequest, *, incident_id: FromPath[str], body: RawBody) -> Redirect:
    """Keep that it was oneself."""
    desk, actor = enter(request)
    form = read_form(request, body)
    require_proof(actor)
    wanted = read_number(incident_id)

    def make(tx: Tx, actor: Actor) -> str:
        return f"/incidents/{wanted}/mine?said={say_it_was_me(tx, actor, incident_id=wanted)}"

    return go(desk.db.write(
        actor.merchant_id, lambda tx: once(tx, actor, form, route=f"mine {wanted}", make=lambda: make(tx, actor))
    ))  # fmt: skip


MINE = [get_mine, post_mine]
