"""Every revision of master data."""

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    pass
