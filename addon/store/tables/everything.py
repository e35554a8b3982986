"""All tables on one `metadata`, for whoever builds or compares the whole schema."""

from addon.store.tables import audit, base, clockwork, money, people, places, projects, reruns, runs, tenants

metadata = base.metadata
TABLES = (audit, clockwork, money, people, places, projects, reruns, runs, tenants)
"""Importing a module puts its tables on the metadata."""
