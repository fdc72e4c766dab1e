"""Where an order came from, and what that source said last: how the same order is known when it comes again."""

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.db import Tx
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.orders.draft import Draft
from tocsin.orders.table import order_head, order_revision, order_source
from tocsin.orders.waiting import Place

_LONGEST_PUT = 12


class KnownSource(Struct, frozen=True):
    """What an order's source said last, and where the order stands; `news` is of single axes."""

    order_id: int
    content_digest: str
    axes: str
    version_us: int | None
    source_revision: int
    number: str
    revision: int
    desk_state: str
    news: str


_found = (
    sa.select(
        order_source.c.order_id, order_source.c.content_digest, order_source.c.axes, order_source.c.version_us,
        order_source.c.source_revision, order_head.c.number, order_head.c.revision, order_head.c.desk_state, order_source.c.news,
    ).join(order_head, sa.and_(order_head.c.merchant_id == order_source.c.merchant_id, order_head.c.id == order_source.c.order_id))
    .where(
        own(order_source), order_source.c.channel == bind("channel", str), order_source.c.shop_id == bind("shop_id"),
        order_source.c.external_id == bind("external_id", str),
    )
)  # fmt: skip
FIND = Statement(_found, KnownSource)
# Two that bring the same order again wait for each other, and for an amendment under way.
FIND_LOCKED = Statement(_found.with_for_update(), KnownSource)
ADD = insert_into(order_source)
_MOVE_SOURCE = Statement[None](
    sa.update(order_source).where(
        own(order_source), order_source.c.channel == bind("b_channel", str), order_source.c.shop_id == bind("b_shop"),
        order_source.c.external_id == bind("b_external", str),
    ),
    sets=("content_digest", "axes", "version_us", "source_revision", "news"),
)  # fmt: skip
_CONTENTS = Statement[tuple[int]](
    sa.select(sa.func.count(order_revision.c.content_hash.distinct())).where(
        own(order_revision), order_revision.c.order_id == bind("order_id"),
        sa.or_(order_revision.c.revision == bind("head"), order_revision.c.revision == bind("brought")),
    )
)  # fmt: skip


def as_brought(tx: Tx, known: KnownSource) -> bool:
    """Tell whether the head is what the source brought last: its own revision, or one that went back to that."""
    return known.revision == known.source_revision or (
        tx.value(_CONTENTS, order_id=known.order_id, head=known.revision, brought=known.source_revision) == 1
    )


def keep_source(tx: Tx, place: Place, kept: KnownSource) -> None:
    """Store what a source said last."""
    channel, shop_id, external_id = place
    tx.add(
        _MOVE_SOURCE, b_channel=channel, b_shop=shop_id, b_external=external_id, content_digest=kept.content_digest,
        axes=kept.axes, version_us=kept.version_us, source_revision=kept.source_revision, news=kept.news,
    )  # fmt: skip


def content_digest(tx: Tx, draft: Draft, *, known: str = "") -> str:
    """Return what tells the same content of an order again, whatever its axes are.

    Args:
        known: what was told before; it counts where only the receiver's name was put together otherwise. An earlier
            version put a Chinese name given name first, with a space: that is no news of its source.
    """
    digest, name = _digest(tx, draft), draft.receiver.name
    if not known or digest == known or name.isascii() or " " in name or len(name) > _LONGEST_PUT:
        return digest
    for at in range(1, len(name)):
        before = replace(draft.receiver, name=f"{name[at:]} {name[:at]}")
        if _digest(tx, replace(draft, receiver=before)) == known:
            return known
    return digest


def _digest(tx: Tx, draft: Draft) -> str:
    # The order is found by its shop already: whether the source names it is no change.
    content = replace(
        draft, shop="", payment="unpaid", fulfilment="unfulfilled", cancelled=False, paid_at_us=None, source_version_us=None,
        external_status="", status_known=True, totals=replace(draft.totals, paid_minor=None),
    )  # fmt: skip
    return tx.vault.keys(tx).digest("content", msgspec.json.encode(content, order="deterministic").decode())
