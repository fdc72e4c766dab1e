"""Who commits an import, one at a time; how far it has come, in the transaction of the orders themselves; and their names.

The claim is the instant of the last sign of life. What died is taken up by the next where it stands.
"""

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import asdict, replace

from tocsin.core.actor import Actor
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.orders.importer import ParsedOrder
from tocsin.orders.table import import_batch, import_progress

# A commit shows life at each few orders; one that has shown none for so long is dead.
STALE_US = MINUTE_US


class ImportUnderWay(Refusal):
    """This import is being taken in at this moment: look again in a few minutes"""

    kind, code = "conflict", "import_under_way"


class Progress(Struct, frozen=True):
    """How far a commit has come: its last sign of life, and what became of the first `taken` orders."""

    alive_us: int
    taken: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    conflicts: int = 0
    bad_rows: int = 0


_FIELDS = tuple(Progress.__struct_fields__)
_COUNT_OF = {"new": "created", "changed": "changed", "moved": "changed", "conflict": "conflicts"}
_has_progress = sa.exists().where(
    own(import_progress),
    import_progress.c.import_id == import_batch.c.id,
)
_BEGIN = Statement[None](
    sa.update(import_batch).where(
        own(import_batch),
        import_batch.c.id == bind("b_id"),
        sa.or_(
            import_batch.c.status == "previewed",
            sa.and_(
                import_batch.c.status == "committing", ~_has_progress
            ),  # of an earlier version of the desk
        ),
    ),
    sets=("status", "done_at_us"),
)
_ADD = insert_into(import_progress)
_one = sa.and_(own(import_progress), import_progress.c.import_id == bind("b_id"))
_TAKE_UP = Statement[None](
    sa.update(import_progress).where(_one, import_progress.c.alive_us < bind("b_stale")), sets=("alive_us",)
)
_KEEP = Statement[None](
    sa.update(import_progress).where(_one, import_progress.c.alive_us == bind("b_seen")), sets=_FIELDS
)
_END = Statement[None](sa.delete(import_progress).where(_one))
_FREE = Statement[None](sa.update(import_progress).where(own(import_progress)), sets=("alive_us",))
_GET = Statement(
    sa.select(*(import_progress.c[name] for name in _FIELDS)).where(
        own(import_progress), import_progress.c.import_id == bind("id")
    ),
    Progress,
)


class Dead(Struct, frozen=True):
    """An import whose commit has died: which, and who had asked for it."""

    import_id: int
    actor_id: int
    actor_name: str


_DEAD = Statement(
    sa.select(import_progress.c.import_id, import_progress.c.actor_id, import_progress.c.actor_name)
    .where(own(import_progress), import_progress.c.alive_us < bind("stale")).order_by(import_progress.c.import_id),
    Dead,
)  # fmt: skip


def claim_import(tx: Tx, actor: Actor, *, import_id: int) -> tuple[Progress, bool] | None:
    """Claim an import that nobody commits.

    Returns:
        How far it is and whether this is its first commit; None when it was committed, or is being.
    """
    if tx.run(_BEGIN, b_id=import_id, status="committing", done_at_us=None):
        begun = Progress(alive_us=tx.now_us)
        tx.run(_ADD, import_id=import_id, actor_id=actor.id, actor_name=actor.name, **asdict(begun))
        return begun, True
    if not tx.run(_TAKE_UP, b_id=import_id, b_stale=tx.now_us - STALE_US, alive_us=tx.now_us):
        return None
    found = get_progress(tx, import_id=import_id)
    return None if found is None else (found, False)


def get_progress(tx: Tx, *, import_id: int) -> Progress | None:
    """Return how far the commit of an import is; None for one that is none, or is whole."""
    return tx.one(_GET, id=import_id)


def keep_claim(
    tx: Tx, *, import_id: int, seen: Progress, results: Sequence[str] = (), bad: int = 0
) -> Progress:
    """Record what became of the next orders, and that the commit lives.

    Raises:
        ImportUnderWay: it was taken for dead, and another has the claim.
    """
    counted = Counter(_COUNT_OF.get(result, "unchanged") for result in results)
    kept = Progress(
        alive_us=max(tx.now_us, seen.alive_us + 1), taken=seen.taken + len(results) + bad,
        created=seen.created + counted["created"], changed=seen.changed + counted["changed"],
        unchanged=seen.unchanged + counted["unchanged"], conflicts=seen.conflicts + counted["conflicts"],
        bad_rows=seen.bad_rows + bad,
    )  # fmt: skip
    if tx.run(_KEEP, b_id=import_id, b_seen=seen.alive_us, **asdict(kept)):
        return kept
    raise ImportUnderWay


def give_claim_back(tx: Tx, *, import_id: int, seen: Progress) -> None:
    """Let the next commit begin at once, where this one stands."""
    tx.run(_KEEP, b_id=import_id, b_seen=seen.alive_us, **asdict(replace(seen, alive_us=0)))


def end_claim(tx: Tx, *, import_id: int) -> None:
    """Forget how far an import was: it is whole."""
    tx.run(_END, b_id=import_id)


def free_claims(tx: Tx) -> int:
    """Free each claim, return how many; for a start when no other process can be at work."""
    return tx.run(_FREE, alive_us=0)


def dead_imports(tx: Tx) -> list[Dead]:
    """Return the imports whose commits have shown no life for a minute."""
    return tx.rows(_DEAD, stale=tx.now_us - STALE_US)


def name_orders(orders: Sequence[ParsedOrder], import_id: int) -> list[ParsedOrder]:
    """Return the orders, each with a number of its source: one that has none gets `#<import>-<row>`."""
    seen, named = Counter[int](), list[ParsedOrder]()
    for each in orders:
        if not each.draft.external_id:
            seen[each.row] += 1  # several orders may stand in one line of JSON
            twin = f".{seen[each.row]}" if seen[each.row] > 1 else ""
            name = f"#{import_id}-{each.row}{twin}"
            named.append(ParsedOrder(each.row, replace(each.draft, external_id=name)))
        else:
            named.append(each)
    return named
