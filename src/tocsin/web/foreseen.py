"""What a sheet would change of the orders that are here, as its preview shows it: recorded before it is shown."""

from tocsin.core.actor import Actor
from tocsin.desk import Desk
from tocsin.orders.compare import compare_orders
from tocsin.orders.importing import Previewed
from tocsin.orders.intake import foresee_changes
from tocsin.orders.lookup import record_lookup
from tocsin.web.change import ShownChange, show_changes
from tocsin.web.words import Words

DOOR = "page"
SHOWN_ORDERS = 200


def read_changes(
    desk: Desk, actor: Actor, *, previewed: Previewed, words: Words
) -> dict[int, list[ShownChange]]:
    """Return what the shown orders would change of those that are here, by their row; recorded as a look-up."""
    pairs = list(zip(previewed.foreseen, previewed.parsed.orders, strict=True))[:SHOWN_ORDERS]
    wanted = [(one.row, read.draft) for one, read in pairs if one.taken.result in ("changed", "conflict")]
    if not wanted or not actor.may("query"):
        return {}
    found = desk.db.read(
        actor.merchant_id, lambda tx: {row: foresee_changes(tx, actor, draft) for row, draft in wanted}
    )
    both = {row: pair for row, pair in found.items() if pair}
    seen = [(before.id, before.revision) for before, _ in both.values()]
    desk.db.write(actor.merchant_id, lambda tx: record_lookup(
        tx, actor, door=DOOR, kind="import", query=str(previewed.import_id), pairs=seen
    ))  # fmt: skip
    return {
        row: show_changes(compare_orders(before, after), before=before, after=after, locale=words.locale)
        for row, (before, after) in both.items()
    }
