"""Search that is engine-neutral: an order becomes keyed tokens, once, at produce.

The same tokens go to SQLite's FTS5 and to a PostgreSQL tsvector (migrations/versions). Every token is a keyed digest
of its merchant, so the index holds no personal text and one merchant's tokens are not another's.
"""

import re
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from tocsin.core.db import Tx
from tocsin.core.party import Party, plain_phone
from tocsin.core.statement import Statement
from tocsin.core.text import strip_control
from tocsin.core.vault import MerchantKeys
from tocsin.orders.draft import Draft, Order
from tocsin.orders.store import load_orders

_WORD = re.compile(r"[a-z0-9]+(?:[-_./][a-z0-9]+)*", re.IGNORECASE)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_SPACED_PHONE = re.compile(r"\s*\+?[\d\s()-]+", re.ASCII)
_TERMS_MOST, _TEXT_CHARACTERS, _PHONE_DIGITS = 6, 200, 11

_PUT = {
    "sqlite": Statement[None](
        sa.text("INSERT OR REPLACE INTO order_search (rowid, tokens) VALUES (:order_id, :tokens)")
    ),
    "postgresql": Statement[None](
        sa.text(
            "INSERT INTO order_search (merchant_id, order_id, tokens) "
            "VALUES (:merchant_id, :order_id, array_to_tsvector(string_to_array(:tokens, ' '))) "
            "ON CONFLICT (merchant_id, order_id) DO UPDATE SET tokens = excluded.tokens"
        )
    ),
}
_MERGE = {
    "sqlite": Statement[None](sa.text("INSERT INTO order_search (order_search) VALUES ('optimize')")),
    "postgresql": Statement[None](sa.text("SELECT 1")),
}
_FIND = {
    "sqlite": Statement[tuple[int]](
        sa.text(
            "SELECT rowid FROM order_search WHERE order_search MATCH :query AND rowid < :before "
            "ORDER BY rowid DESC LIMIT :limit"
        )
    ),
    "postgresql": Statement[tuple[int]](sa.text("SELECT find_orders(:query, :before, :limit)")),
}


def index_order(tx: Tx, *, order_id: int, number: str, draft: Draft | Order) -> None:
    """Put an order's tokens into the index, in place of its earlier ones."""
    keys = tx.vault.keys(tx)
    tokens = {keys.digest("search", token) for token in order_tokens(number, draft)}
    tx.add(_PUT[tx.dialect], order_id=order_id, tokens=" ".join(sorted(tokens)))


def merge_index(tx: Tx) -> None:
    """Write the index anew without the tokens that it only marked as gone; PostgreSQL's is with its table.

    Source: SQLite FTS5, 6.9 (a deleted row's tokens stay in older segments until these are merged).
    """
    tx.rows(_MERGE[tx.dialect])


def find_order_ids(tx: Tx, *, text: str, before: int, limit: int) -> list[int]:
    """Return ids of the orders that have every term of a text, newest first."""
    query = _build_query(tx.vault.keys(tx), text, tx.dialect)
    return ask_index(tx, query=query, before=before, limit=limit) if query else []


def ask_index(tx: Tx, *, query: str, before: int, limit: int) -> list[int]:
    """Return ids of the orders that an index's query finds, newest first."""
    return [row[0] for row in tx.rows(_FIND[tx.dialect], query=query, before=before, limit=limit)]


def order_tokens(number: str, draft: Draft | Order) -> set[str]:
    """Return an order's plain tokens, each led by its kind: n number, p phone, m name, s SKU, t title."""
    tokens = _code_tokens("n", number) | _code_tokens("n", draft.external_id) | _phone_tokens(draft.receiver)
    tokens |= {f"m{token}" for token in _text_tokens(draft.receiver.name, unigrams=True)}
    for line in draft.lines:
        if line.sku:
            tokens.add(f"s{line.sku.lower()}")
        tokens |= {f"t{token}" for token in _text_tokens(line.title)}
    return tokens


def split_terms(text: str) -> list[str]:
    """Return the terms of a search text, lower case, at most six."""
    plain = strip_control(text[:_TEXT_CHARACTERS]).replace("#", " ").lower()
    if _SPACED_PHONE.fullmatch(plain) and sum(map(str.isdigit, plain)) >= _PHONE_DIGITS:
        plain = re.sub(r"[\s()-]", "", plain)
    return plain.split()[:_TERMS_MOST]


def must_recheck(term: str) -> bool:
    """Tell whether a hit can be false: three or more Chinese characters match by their pairs only."""
    return any(len(run) > 2 for run in _HAN.findall(term))


def _code_tokens(kind: str, code: str) -> set[str]:
    plain = code.lower().strip()
    digits = re.sub(r"\D", "", plain)
    tails = {digits[-length:] for length in (4, 6, 8) if len(digits) >= length}
    return {f"{kind}{token}" for token in tails | {plain} if token}


def _phone_tokens(party: Party) -> set[str]:
    digits = re.sub(r"\D", "", plain_phone(party.phone))
    return {f"p{digits[-length:]}" for length in (4, 8) if len(digits) >= length} | (
        {f"p{digits}"} if digits else set()
    )


def _text_tokens(text: str, *, unigrams: bool = False) -> set[str]:
    tokens = {word.lower() for word in _WORD.findall(text)}
    for run in _HAN.findall(text):
        tokens |= {run[i : i + 2] for i in range(len(run) - 1)}
        tokens |= set(run) if unigrams or len(run) == 1 else set()
    return tokens


def recheck(tx: Tx, ids: list[int], terms: list[str]) -> list[int]:
    """Return those of some hits in whose real text each term stands whole."""
    kept = []
    for order in load_orders(tx, order_ids=ids, real=True):
        texts = [order.receiver.name, order.number, order.external_id]
        texts += [text for line in order.lines for text in (line.title, line.sku)]
        if all(any(term in text.lower() for text in texts) for term in terms):
            kept.append(order.id)
    return kept


def name_tokens(text: str) -> set[str]:
    """Return the tokens that a name must have to be found by a text."""
    return {f"m{token}" for token in _text_tokens(text, unigrams=len(text) == 1)}


def title_tokens(text: str) -> set[str]:
    """Return the tokens that goods must have to be found by a text."""
    return {f"t{token}" for token in _text_tokens(text)}


def phone_tokens(text: str) -> set[str]:
    """Return the token of a phone's last four or eight digits, or of all of them; nothing for fewer."""
    digits = re.sub(r"\D", "", plain_phone(text))
    return {f"p{digits}"} if len(digits) == 4 or len(digits) >= 7 else set()


def _build_query(keys: MerchantKeys, text: str, dialect: str) -> str:
    return join_queries([readings(term) for term in split_terms(text)], keys, dialect)


def join_queries(terms: Sequence[Iterable[Iterable[str]]], keys: MerchantKeys, dialect: str) -> str:
    """Return an index's query: of each term one group of tokens must be there whole."""
    both, either = (" AND ", " OR ") if dialect == "sqlite" else (" & ", " | ")

    def every(tokens: Iterable[str]) -> str:
        return "(" + both.join(keys.digest("search", token) for token in sorted(tokens)) + ")"

    return both.join("(" + either.join(every(group) for group in groups) + ")" for groups in terms)


def readings(term: str) -> list[set[str]]:
    """Return what a term may mean; each reading is a set of tokens that must all be there."""
    found = [{f"n{term}"}, {f"s{term}"}]
    digits = re.sub(r"\D", "", plain_phone(term))
    if digits and len(digits) >= 4 and not re.search(r"[a-z]", term):
        found += [{f"p{digits}"}, {f"n{digits}"}]
    return found + [tokens for tokens in (name_tokens(term), title_tokens(term)) if tokens]
