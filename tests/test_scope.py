"""Every statement of a merchant's tables carries the merchant, and every key of such a table begins with him."""

import re
from collections.abc import Iterator

import sqlalchemy as sa

from docs.make import import_everything
from tests.telling import assert_none
from tocsin.core.statement import Statement
from tocsin.migrations.tables import all_tables, is_directory

OWN = {table.name: table for table in all_tables().sorted_tables if not is_directory(table)}
_NAMED = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO|,)\s+(\w+)\b(?!\s*=)(?:\s+(?:AS\s+)?(\w+))?", re.IGNORECASE)
_WORDS = {"where", "on", "set", "join", "left", "order", "group", "limit", "values", "using", "as", "default", "for", "returning", "union", "cross"}  # fmt: skip


def unscoped(sql: str) -> list[str]:
    """Return the merchant's tables that a statement names without saying of which merchant."""
    if sql.lstrip().startswith("INSERT"):
        into = re.match(r"\s*INSERT INTO (\w+)\s*\(([^)]*)\)", sql)
        if into and into[1] in OWN and "merchant_id" not in into[2]:
            return [into[1]]
        sql = sql[into.end() :] if into else sql
    named = named_in(sql)
    if not named:
        return []
    if "%(merchant_id)s" not in sql:
        return sorted(named.values())
    bare = len(named) == 1 and re.search(r"(?<!\.)\bmerchant_id\b(?!\)s)", sql)
    return [
        table
        for alias, table in named.items()
        if not bare and not re.search(rf"\b{alias}\.merchant_id\b", sql)
    ]


def named_in(sql: str) -> dict[str, str]:
    """Return the merchant's tables that a statement reads, by the names that it has for them."""
    return {
        alias if alias and alias.lower() not in _WORDS else table: table
        for table, alias in _NAMED.findall(sql)
        if table in OWN
    }


def all_statements() -> Iterator[tuple[str, Statement[object]]]:
    """Yield each statement that a module of the product holds, by its name."""
    for module in import_everything():
        for name, value in vars(module).items():
            if isinstance(value, Statement):
                yield f"{module.__name__}.{name}", value
            elif isinstance(value, dict) and isinstance(value.get("postgresql"), Statement):
                yield f"{module.__name__}.{name}", value["postgresql"]


def test_each_statement_says_whose_rows_it_means() -> None:
    statements = dict(all_statements())
    assert len(statements) > 700
    wrong = [
        f"{name}: {', '.join(tables)}"
        for name, one in statements.items()
        if (tables := unscoped(one.compiled("postgresql")[0]))
    ]
    assert_none(wrong)


def test_a_statement_that_forgets_is_seen() -> None:
    shop = OWN["shop"]
    assert unscoped(Statement(sa.select(shop.c.name)).compiled("postgresql")[0]) == ["shop"]
    assert unscoped("UPDATE shop SET name = 'x'") == ["shop"]
    assert unscoped(
        "SELECT a.id FROM order_head AS a JOIN hold AS b ON b.order_id = a.id WHERE a.merchant_id = %(merchant_id)s"
    ) == ["hold"]
    assert unscoped("INSERT INTO shop (id, name) VALUES (1, 'x')") == ["shop"]


def test_the_merchant_leads_every_key_of_his_tables() -> None:
    wrong = [
        table.name for table in OWN.values() if next(iter(table.primary_key.columns)).name != "merchant_id"
    ]
    wrong += [
        f"{table.name}.{index.name}"
        for table in OWN.values()
        for index in table.indexes
        if getattr(next(iter(index.expressions)), "name", "") != "merchant_id"
    ]
    assert len(OWN) > 60
    assert_none(wrong)
