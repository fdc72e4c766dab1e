"""Settings → Masking as a page: how long a text stays open, how many an hour, and which channels' receivers come masked."""

from typing import Any

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect
from msgspec.structs import replace

from tocsin.core.actor import require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.preference import PreferenceMoved, preference_revision, read_preference
from tocsin.orders.platform import PLATFORMS
from tocsin.orders.reveal import RevealRules, RevealRulesWrong, change_reveal_rules, read_reveal_rules
from tocsin.tickets.check_choice import BOX, CheckPreference, choose_checks
from tocsin.web.form import Form, FormStale, read_number, read_typed
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of

HERE = "/settings/masking"
_NUMBERS = RevealRules.__struct_fields__


@get(HERE, sync_to_thread=True)
def get_masking(request: PageRequest) -> Response[str]:
    """Show what was chosen."""
    desk, actor = enter(request)
    require(actor, "query")
    return _page(request, form=desk.db.read(actor.merchant_id, _form))


@post(HERE, sync_to_thread=True, status_code=303)
def post_masking(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Choose anew, against the revisions that were seen."""
    desk, actor = enter(request)
    form, stale = read_typed(request, body)
    require(actor, "shop_settings")
    rules = RevealRules(**{name: _number(form.get(name, "")) for name in _NUMBERS})
    channels = tuple(sorted(name for name in PLATFORMS if form.get(f"channel.{name}")))

    def change(tx: Tx) -> None:
        change_reveal_rules(tx, actor, rules, revision=read_number(form.get("revision", "")))
        present = read_preference(tx, CheckPreference, box=BOX)
        foreign = tuple(name for name in present.masking_channels if name not in PLATFORMS)
        chosen = replace(present, masking_channels=(*channels, *foreign))
        choose_checks(tx, actor, chosen=chosen, revision=read_number(form.get("check_revision", "")))

    try:
        if stale:
            raise stale
        desk.db.write(actor.merchant_id, change)
    except (PreferenceMoved, FormStale, RevealRulesWrong) as refusal:
        return _page(request, form=form, refusal=refusal)
    return go(HERE, done="saved")


def _number(text: str) -> int:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 9 else -1


def _form(tx: Tx) -> dict[str, str]:
    rules, revision = read_reveal_rules(tx)
    check = read_preference(tx, CheckPreference, box=BOX)
    return {
        **{name: str(getattr(rules, name)) for name in _NUMBERS}, "revision": str(revision),
        **{f"channel.{name}": "1" for name in check.masking_channels}, "check_revision": str(preference_revision(tx, box=BOX)),
    }  # fmt: skip


def _page(request: PageRequest, *, form: Form, refusal: Refusal | None = None) -> Response[str]:
    actor = enter(request)[1]
    errors: dict[str, Any] = {}
    if refusal:
        errors[str(refusal.data.get("field", "form"))] = told(refusal, words_of(request, actor))
    return show(
        request, "settings/masking.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        form=form, errors=errors, channels=sorted(PLATFORMS),
    )  # fmt: skip


MASKING = [get_masking, post_masking]
