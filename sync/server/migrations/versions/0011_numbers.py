"""What was made, scrapped, stopped and used, by day."""

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    pass
