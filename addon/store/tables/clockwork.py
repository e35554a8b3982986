"""Which processes there are, which of them leads, and what is due when."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, text

from addon.store.tables.base import Document, Id, metadata

processes = Table(
    "processes",
    metadata,
    Column("name", String(64), primary_key=True),  # one that no other process ever had
    Column("kind", String(16), nullable=False),  # serve | worker | scheduler
    Column("host", String(64), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", String(32), nullable=False),
    Column("started_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),  # its last sign of life
    Column("slots", Document, nullable=False),  # {"ai": 50, …}: rows of a queue it works at a time
    Column("busy", Document, nullable=False),  # {"ai": 3, …}: rows it works now
    Column("draining", Boolean, nullable=False, server_default=text("false")),
    Index("ix_processes_seen_at", "seen_at"),
)

leaders = Table(
    "leaders",
    metadata,
    Column("name", String(32), primary_key=True),  # of the office
    Column("holder", String(64), nullable=False),  # the name of a process
    Column("until", Float, nullable=False),  # after that anybody may take it
    Column("since", Float, nullable=False),
)

schedules = Table(
    "schedules",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),  # whose business it is
    Column("cron", String(64), nullable=False),
    Column("zone", String(64), nullable=False),  # IANA
    Column("next_at", Float, nullable=False),  # the slot that comes
    Column("last_at", Float),  # the slot that was taken last
    Column("tenant_id", Id, ForeignKey("tenants.id", ondelete="CASCADE")),  # null: the deployment's own
    Column("payload", Document, nullable=False),
    Index("ix_schedules_next_at", "next_at"),
    Index("ix_schedules_tenant", "tenant_id"),
)
