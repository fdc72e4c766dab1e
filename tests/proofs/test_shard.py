"""What the proof of a distributed database can tell without one: which statements it runs, and how it reads a plan."""

from tests.proofs.shard import distribution, kind_of
from tocsin.migrations.tables import all_tables


def test_the_statements_are_the_documentation_s() -> None:
    shown = "".join(distribution())
    assert len(distribution()) == 5
    assert "create_distributed_table(one, 'merchant_id'" in shown and "propagate_set_commands" in shown
    assert "passkey" in all_tables().tables


def test_a_plan_says_where_it_looks() -> None:
    assert kind_of("Index Scan using pk_session on session") == "coordinator"
    assert kind_of("Custom Scan (Citus Adaptive)\n  Task Count: 1") == "one_shard"
    assert kind_of("Custom Scan (Citus Adaptive)\n  Task Count: 8") == "several_shards"
