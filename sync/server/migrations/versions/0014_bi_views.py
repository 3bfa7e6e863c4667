"""Views for reading programs: `schema.migrate` makes them anew after every migration."""

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    pass
