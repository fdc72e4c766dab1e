"""The orders that should be paper and are not yet have an index of their own; frozen as text."""

from alembic import op

revision = "0010"
down_revision = "0009"
_INDEX = """CREATE INDEX ix_order_head_no_paper ON order_head (merchant_id, desk_state, id, revision, payment, produced_at_us)
WHERE desk_state != 'printed' AND (fulfilment = 'unfulfilled' OR fulfilment = 'partial') AND holds_open <= 0"""


def upgrade() -> None:
    """Make the index."""
    op.get_bind().exec_driver_sql(_INDEX)
