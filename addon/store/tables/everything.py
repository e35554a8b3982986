"""All tables on one `metadata`, for whoever builds or compares the whole schema."""

from addon.store.tables import audit, base, people, projects, runs, tenants

metadata = base.metadata
TABLES = (audit, people, projects, runs, tenants)
"""Importing a module puts its tables on the metadata."""
