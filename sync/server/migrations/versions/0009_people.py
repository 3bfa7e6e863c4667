"""Accounts, sessions, keys of the interface, what was done."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    pass
