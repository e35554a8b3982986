"""What every table is made of. Times are UTC seconds since 1970 as floats: SQLite and PostgreSQL compare them alike."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Integer, MetaData, String, text
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)
Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Id = String(36)


def tenant_id(*, primary_key: bool = False) -> Column[str]:
    return Column(
        "tenant_id", Id, ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False, primary_key=primary_key
    )


def lease_columns() -> list[Column[object]]:
    """What a row needs to be claimed, renewed, retried and finished (store/leases.py)."""
    return [
        Column("state", String(16), nullable=False),
        Column("queue", String(16), nullable=False),
        Column("priority", Integer, nullable=False, server_default="0"),  # higher runs first
        Column("attempts", Integer, nullable=False, server_default="0"),  # the fencing token
        Column("crashes", Integer, nullable=False, server_default="0"),  # attempts whose worker fell silent
        Column("failures", Integer, nullable=False, server_default="0"),  # in a row, of the other side's making
        Column("run_at", Float, nullable=False),
        Column("worker", String(64)),
        Column("lease_until", Float),
        Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
        Column("created_at", Float, nullable=False),
        Column("started_at", Float),
        Column("finished_at", Float),
        Column("error", Document),  # {"error": code, "detail": text}; while queued, what the last attempt met
    ]
