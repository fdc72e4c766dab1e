"""The check catalogue over the API: how grave each finding is in this shop."""

from litestar import Response, get, post
from litestar.params import JSONBody, RawBody
from msgspec import Struct
from msgspec.structs import replace

from tocsin.api.guard import ApiRequest, change_once, enter, read_body
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.preference import preference_revision, read_preference
from tocsin.tickets.check_choice import BOX, CheckPreference, choose_checks
from tocsin.tickets.rule import FIXED_CODES, Setting, level_in, loaded_checks


class LevelsIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Levels by code (E, W, I or off), and the revision of the choice that was seen; codes left out stay."""

    levels: dict[str, Setting]
    revision: int


class CheckOut(Struct, frozen=True, kw_only=True):
    """A check: its code, what it says, its level here and by default, and whether that can be changed."""

    code: str
    message: str
    level: str
    default: str
    fixed: bool


class ChecksOut(Struct, frozen=True, kw_only=True):
    """The catalogue, and the revision of what was chosen of it."""

    revision: int
    checks: list[CheckOut]


@get("/checks", sync_to_thread=True)
def get_checks(request: ApiRequest) -> ChecksOut:
    """Return each check with its level."""
    desk, actor = enter(request)
    require(actor, "query")
    return desk.db.read(actor.merchant_id, _show)


@post("/checks", sync_to_thread=True, status_code=200)
def post_checks(request: ApiRequest, *, data: JSONBody[LevelsIn], body: RawBody) -> Response[ChecksOut]:
    """Choose levels; orders are judged by them from their next check on."""
    del data
    given = read_body(body, LevelsIn)

    def run(tx: Tx, actor: Actor) -> ChecksOut:
        require(actor, "shop_settings")
        present = read_preference(tx, CheckPreference, box=BOX)
        chosen = replace(present, levels={**present.levels, **given.levels})
        choose_checks(tx, actor, chosen=chosen, revision=given.revision)
        return _show(tx)

    return change_once(request, body, run, status=200)


def _show(tx: Tx) -> ChecksOut:
    chosen = read_preference(tx, CheckPreference, box=BOX).levels
    return ChecksOut(
        revision=preference_revision(tx, box=BOX),
        checks=[
            CheckOut(
                code=code, message=check.message, level=level_in(chosen, check),
                default=check.level, fixed=code in FIXED_CODES,
            )
            for code, check in loaded_checks().items()
        ],
    )  # fmt: skip


CHECKS = [get_checks, post_checks]
