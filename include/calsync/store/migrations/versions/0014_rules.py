"""Each row of a plan says which rule decided it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Rows of before have none."""
    comment = "the rule that decided it; none: no rule did"
    op.add_column("plan_row", sa.Column("rule", sa.String(120), comment=comment))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("plan_row", "rule")
