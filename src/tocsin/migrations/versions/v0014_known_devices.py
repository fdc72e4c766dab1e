"""What is known of a person's devices is found without walking to all devices; frozen as text."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the index."""
    op.execute("CREATE INDEX ix_known_device_merchant_id_operator_id ON known_device (merchant_id, operator_id)")
