"""Search that is engine-neutral: an order becomes keyed tokens, once, at produce.

The same tokens go to SQLite's FTS5 and to a PostgreSQL tsvector. Every token is a keyed digest
of its merchant, so the index holds no personal text and one merchant's tokens are not another's.
"""

import re
from collections.abc import Iterable

import sqlalchemy as sa

from tocsin.core.db import Tx
from tocsin.core.party import Party, plain_phone
from tocsin.core.statement import Statement, bind
from tocsin.core.vault import MerchantKeys
from tocsin.orders.draft import Draft

SEARCH_SCHEMA: dict[str, list[str]] = {
    "sqlite": [
        "CREATE VIRTUAL TABLE order_search USING fts5(tokens, content='', contentless_delete=1, detail=none, "
        "tokenize='ascii')"
    ],
    "postgresql": [
        "CREATE TABLE order_search (merchant_id bigint NOT NULL, order_id bigint NOT NULL, "
        "tokens tsvector NOT NULL, PRIMARY KEY (merchant_id, order_id))",
        "CREATE INDEX ix_order_search_tokens ON order_search USING gin (tokens) WITH (fastupdate = off)",
    ],
}
_WORD = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*", re.IGNORECASE)
_HAN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003ffff]+")
