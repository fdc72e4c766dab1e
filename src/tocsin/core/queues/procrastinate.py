"""The queue on PostgreSQL: Procrastinate."""

QUEUE_SCHEMA: list[str] = []
PLUGIN = None
