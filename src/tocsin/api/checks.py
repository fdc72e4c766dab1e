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
    """Levels by code (E, W, I or off), what two persons must acknowledge, and the revision that was seen; what is left out stays."""

    revision: int
    levels: dict[str, Setting] = {}
    two_persons: tuple[str, ...] | None = None


class CheckOut(Struct, frozen=True, kw_only=True):
    """A check: its code, what it says, its level here and by default, and whether that can be changed."""

    code: str
    message: str
    level: str
    default: str
    fixed: bool


class ChecksOut(Struct, frozen=True, kw_only=True):
    """The catalogue, what two persons must acknowledge, and the revision of what was chosen."""

    revision: int
    two_persons: tuple[str, ...]
    checks: list[CheckOut]


@get("/checks", sync_to_thread=True)
def get_checks(request: ApiRequest) -> ChecksOut:
    """Return each check with its level, and what two persons must acknowledge."""
    desk, actor = enter(request)
    require(actor, "query")
    return desk.db.read(actor.merchant_id, _show)


@post("/checks", sync_to_thread=True, status_code=200)
def post_checks(request: ApiRequest, *, data: JSONBody[LevelsIn], body: RawBody) -> Response[ChecksOut]:
    """Choose levels, and what two persons must acknowledge; orders are judged by them from their next check on."""
    del data
    given = read_body(body, LevelsIn)

    def run(tx: Tx, actor: Actor) -> ChecksOut:
        require(actor, "shop_settings")
        present = read_preference(tx, CheckPreference, box=BOX)
        two = present.two_persons if given.two_persons is None else given.two_persons
        chosen = replace(present, levels={**present.levels, **given.levels}, two_persons=two)
        choose_checks(tx, actor, chosen=chosen, revision=given.revision)
        return _show(tx)

    return change_once(request, body, run, status=200)


def _show(tx: Tx) -> ChecksOut:
    preference = read_preference(tx, CheckPreference, box=BOX)
    chosen = preference.levels
    return ChecksOut(
        revision=preference_revision(tx, box=BOX), two_persons=preference.two_persons,
        checks=[
            CheckOut(
                code=code, message=check.message, level=level_in(chosen, check),
                default=check.level, fixed=code in FIXED_CODES,
            )
            for code, check in loaded_checks().items()
        ],
    )  # fmt: skip


CHECKS = [get_checks, post_checks]
