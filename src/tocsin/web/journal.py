"""The journal as a page: who did what, by act and by whom; those without the right see their own acts."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response, get

from tocsin.core.actor import Actor, NotAllowed, require
from tocsin.core.clock import now_us
from tocsin.core.db import Tx
from tocsin.core.journal import NEWEST, JournalEntry, read_journal
from tocsin.core.seal import UNSEALED_MOST, Lag, newest_checkpoint, seal_lag
from tocsin.orders.listing import list_heads
from tocsin.web.figures import Figures
from tocsin.web.guard import PageRequest, enter
from tocsin.web.journal_words import ABOUT, NAMES, VERBS
from tocsin.web.shell import show, show_actor, words_of
from tocsin.web.words import Words

_PAGE_ROWS = 50
_READ_ROWS = 200
_READS_MOST = 10
_ORDER = re.compile(r"order:(\d{1,19})")
_ID = re.compile(r"\d{10,19}")


@get("/journal", sync_to_thread=True)
def get_journal(request: PageRequest) -> Response[str]:
    """Show the acts, newest first."""
    desk, actor = enter(request)
    if not (actor.may("journal") or actor.may("journal_own")):
        raise NotAllowed(right="journal")
    words = words_of(request, actor)
    asked = {name: request.query_params.get(name, "").strip()[:80] for name in ("verb", "by")}
    before = request.query_params.get("before", "")
    start = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else NEWEST

    def read(tx: Tx) -> dict[str, Any]:
        rows, following = _find(tx, actor, verbs=_meant(asked["verb"], words), by=asked["by"], before=start)
        numbers = _numbers(tx, rows)
        lag = seal_lag(tx) if actor.may("journal") else None
        return {"rows": [_show(row, numbers, words) for row in rows], "following": following, "lag": lag}

    found = desk.db.read(actor.merchant_id, read)
    query = "".join(f"&{name}={quote(text)}" for name, text in asked.items() if text)
    following = found["following"]
    page = {
        "count_text": "", "previous_url": "/journal?" + query[1:] if before else "",
        "next_url": f"/journal?before={following}{query}" if following else "",
    }  # fmt: skip
    verbs = sorted({row["act"] for row in found["rows"]})
    return show(
        request, "settings/journal.html", actor=actor, section="journal", rows=found["rows"], page=page, filter=asked, verbs=verbs,
        seal=_show_lag(found["lag"]),
    )  # fmt: skip


def _meant(asked: str, words: Words) -> Callable[[str], bool]:
    """Return what tells whether a verb is asked for: by its word, or by its code."""
    wanted = asked.casefold()
    return lambda verb: wanted in verb or wanted in words.translate(VERBS.get(verb, verb)).casefold()


def _find(
    tx: Tx, actor: Actor, *, verbs: Callable[[str], bool], by: str, before: int
) -> tuple[list[JournalEntry], int]:
    """Return a page's entries and where the next begins; a filter looks back over some two thousand."""
    found: list[JournalEntry] = []
    own = 0 if actor.may("journal") else actor.id
    for _ in range(_READS_MOST):
        rows = read_journal(tx, actor_id=own, before=before, limit=_READ_ROWS)
        for row in rows:
            before = row.id
            if verbs(row.verb) and by.lower() in row.actor_name.lower():
                found.append(row)
                if len(found) == _PAGE_ROWS:
                    return found, before
        if len(rows) < _READ_ROWS:
            return found, 0
    return found, before


def _numbers(tx: Tx, rows: list[JournalEntry]) -> dict[str, str]:
    ids = {int(named[1]) for row in rows if (named := _ORDER.fullmatch(row.subject))}
    return {f"order:{head.id}": head.number for head in list_heads(tx, order_ids=sorted(ids))} if ids else {}


def _show(row: JournalEntry, numbers: dict[str, str], words: Words) -> dict[str, Any]:
    number, (kind, _, rest) = numbers.get(row.subject, ""), row.subject.partition(":")
    about = f"{words.translate(ABOUT.get(kind, kind))}{'' if not rest or _ID.fullmatch(rest) else f' {rest}'}"
    return {
        "id": row.id, "at_us": row.at_us, "by": show_actor(row.actor_name or row.actor_kind, words), "by_kind": row.actor_kind,
        "verb": row.verb, "act": words.translate(VERBS.get(row.verb, row.verb)), "subject": number or about, "subject_id": rest,
        "subject_url": f"/orders/{number}" if number else "",
        "details": [_detail(name, value, words) for name, value in row.fields().items()],
    }  # fmt: skip


def _detail(name: str, value: Any, words: Words) -> dict[str, Any]:
    """Return a detail's name in words, its values, and the ids among them, which nobody reads."""
    parts = [str(part) for one in (value if isinstance(value, list) else [value]) for part in (one if isinstance(one, list) else [one])]  # fmt: skip
    ids = [part for part in parts if _ID.fullmatch(part)]
    return {
        "name": name, "word": words.translate(NAMES.get(name, name)), "ids": Figures(words).listed(ids),
        "values": [part for part in parts if part not in ids],
    }  # fmt: skip


@get("/journal/checkpoint", sync_to_thread=True)
def get_checkpoint(request: PageRequest) -> Response[bytes]:
    """Give the newest checkpoint, signed, to be kept elsewhere; empty where nothing is sealed yet."""
    desk, actor = enter(request)
    require(actor, "journal")
    found = desk.db.read(actor.merchant_id, newest_checkpoint)
    name = f"checkpoint-{actor.merchant_id}-{found.size if found else 0}.json"
    return Response(
        msgspec.json.encode(found) if found else b"", media_type="application/json",
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"},
    )  # fmt: skip


def _show_lag(lag: Lag | None) -> dict[str, Any] | None:
    """Return how far the seal has come, for those who see the whole journal."""
    if lag is None:
        return None
    return {
        "size": lag.size, "sealed_us": lag.sealed_at_us or None, "unsealed": min(lag.unsealed, UNSEALED_MOST),
        "more": lag.unsealed > UNSEALED_MOST, "seconds": max(0, now_us() - lag.oldest_us) // 1_000_000 if lag.unsealed else 0,
    }  # fmt: skip


JOURNAL = [get_journal, get_checkpoint]
