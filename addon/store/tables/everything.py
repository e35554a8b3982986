"""All tables on one `metadata`, for whoever builds or compares the whole schema."""

from addon.store.tables import audit, base, projects, runs, tenants

metadata = base.metadata
TABLES = (audit, projects, runs, tenants)
"""Importing a module puts its tables on the metadata."""
