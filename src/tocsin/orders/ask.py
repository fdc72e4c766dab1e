"""The search box: words alone are looked up, anything else is a query that screens."""

from tocsin.core.actor import Actor
from tocsin.core.db import Database
from tocsin.orders.listing import Page
from tocsin.orders.query import search_orders
from tocsin.orders.screen import Filter, screen_orders
from tocsin.orders.syntax import parse_query, plain_words

PAGE_ROWS = 50


def ask_orders(
    db: Database, actor: Actor, *, text: str, door: str, after: str = "", limit: int = PAGE_ROWS
) -> Page:
    """Return the orders that a text asks for, newest first or as it sorts; recorded as a look-up.

    Raises:
        NotAllowed: the actor may not query.
        QueryUnreadable, QueryTooLong, FieldUnknown, ValueUnknown, ValueUnreadable, DateUnreadable, SortMisplaced, ShopMissing
    """
    words = plain_words(parse_query(text))
    if words:
        return search_orders(db, actor, text=words, door=door, after=after, limit=limit)
    return screen_orders(db, actor, wanted=Filter(query=text), door=door, after=after, limit=limit)
