"""The raw engine's tables and texts: those of the desk's lists, searches and files, and nothing for anything else.

Every key begins with the merchant, as the desk's do; the index that serves the screen is the desk's, covering too; a
search on PostgreSQL looks among the newest first, as the desk's does, before it asks the index of tokens.
"""

from msgspec.structs import fields

from tocsin.orders.download_rows import COLUMNS
from tocsin.orders.listing import HeadRow

HEAD = ", ".join(HeadRow.__struct_fields__)
_KINDS = ", ".join(f"{f.name} {'bigint' if f.type is int else 'text'}" for f in fields(HeadRow))
WHOLE = f"{HEAD}, province, city, district, address, postcode, note"
LINE = "order_id, place, line, sku, title, spec, quantity, price, discount, total"
LOOK = "at, who, who_name, door, kind, asked, count, hits"
INSERT_ORDER = f"INSERT INTO o (m, {WHOLE}) VALUES (1{',?' * (WHOLE.count(',') + 1)})"
INSERT_LINE = f"INSERT INTO l (m, {LINE}) VALUES (1{',?' * (LINE.count(',') + 1)})"
TABLES = f"""
CREATE TABLE o (m bigint, {_KINDS}, province text, city text, district text, address text, postcode text, note text, PRIMARY KEY (m, id));
CREATE UNIQUE INDEX o_number ON o (m, number);
CREATE INDEX o_screen ON o (m, payment, id DESC, desk_state, fulfilment, holds_open);
CREATE TABLE l (m bigint, order_id bigint, place int, line text, sku text, title text, spec text, quantity bigint,
  price bigint, discount bigint, total bigint, PRIMARY KEY (m, order_id, place));
CREATE INDEX o_held ON o (m, id DESC) WHERE holds_open > 0;
CREATE INDEX o_state ON o (m, desk_state, id DESC, fulfilment, holds_open);
CREATE TABLE past (m bigint, {_KINDS}, province text, city text, district text, address text, postcode text, note text,
  at bigint, who bigint, who_name text, reason text, PRIMARY KEY (m, id, revision));
CREATE TABLE past_l (m bigint, order_id bigint, revision int, place int, line text, sku text, title text, spec text,
  quantity bigint, price bigint, discount bigint, total bigint, PRIMARY KEY (m, order_id, revision, place));
CREATE TABLE c (m bigint, day text, last bigint, PRIMARY KEY (m, day));
CREATE TABLE look (id {{serial}}, m bigint, at bigint, who bigint, who_name text, door text, kind text, asked text,
  count bigint, hits text);
CREATE INDEX look_who ON look (m, who, id DESC);
CREATE TABLE seen (m bigint, order_id bigint, look_id bigint, PRIMARY KEY (m, order_id, look_id));
"""
SEARCH = {
    "sqlite": "CREATE VIRTUAL TABLE s USING fts5(tokens, content='', contentless_delete=1, detail=none, tokenize='ascii')",
    "postgresql": "CREATE TABLE s (m bigint, id bigint, tokens tsvector, PRIMARY KEY (m, id)); CREATE INDEX s_i ON s USING gin (tokens) WITH (fastupdate = off)",
}
FIND = """
CREATE FUNCTION find(asked text, most bigint) RETURNS SETOF bigint LANGUAGE plpgsql STABLE AS $$
DECLARE wanted tsquery := asked::tsquery; looked bigint := 200; hits bigint[];
BEGIN
  LOOP
    hits := ARRAY(SELECT id FROM (SELECT id, tokens FROM s WHERE m = 1 ORDER BY id DESC LIMIT looked) newest
      WHERE tokens @@ wanted ORDER BY id DESC LIMIT most);
    EXIT WHEN cardinality(hits) = most OR cardinality(hits) < 2 OR looked > 200;
    looked := 400 * most / cardinality(hits);
  END LOOP;
  IF cardinality(hits) = most THEN RETURN QUERY SELECT unnest(hits);
  ELSE RETURN QUERY SELECT id FROM (SELECT m, id FROM s WHERE tokens @@ wanted OFFSET 0) h WHERE m = 1
    ORDER BY id DESC LIMIT most;
  END IF;
END $$
"""
_STORED = {
    "placed": "placed_at_us", "state": "desk_state", "payable": "payable_minor", "name": "receiver_name",
    "phone": "receiver_phone", "buyer_note": "note", "unit_price": "price", "line_discount": "discount", "line_total": "total",
}  # fmt: skip
FILE = f"""
SELECT {", ".join(_STORED.get(name, name) for name in COLUMNS)}
FROM o JOIN l ON l.m = o.m AND l.order_id = o.id WHERE o.m = 1 ORDER BY o.id DESC, l.place
"""
