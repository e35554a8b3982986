"""Moments as the API shows them."""

from datetime import UTC, datetime


def iso(moment: float | None) -> str | None:
    """UTC seconds as 2026-01-31T12:00:00.000Z."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
