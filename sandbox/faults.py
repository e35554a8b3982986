"""Trouble on order: the next answers of an operation fail, are late, or are lost after the write was made."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.site import Site


@dataclass(slots=True)
class Fault:
    """operation: its name, or "*". times: how many calls are still to suffer. skip: how many pass unharmed first.

    status 0 with a delay only slows the call down; reply_after_s runs the operation at once and answers late;
    cut_after_write runs the operation, then drops the connection.
    """

    operation: str
    times: int = 1
    skip: int = 0
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    delay_s: float = 0.0
    reply_after_s: float = 0.0
    cut_after_write: bool = False


def order(site: Site, wanted: Mapping[str, Any]) -> Fault:
    """Adds a fault. Raises TypeError for a name Fault does not have."""
    fault = Fault(**wanted)
    site.faults.append(fault)
    return fault


def due(site: Site, operation: str) -> Fault | None:
    """The fault this call suffers, counted down; None for a call that goes well."""
    ordered: list[Fault] = site.faults
    for fault in ordered:
        if fault.operation not in (operation, "*") or fault.times <= 0:
            continue
        # Lets a test fail the second write of a run and not the first.
        if fault.skip > 0:
            fault.skip -= 1
            continue
        fault.times -= 1
        return fault
    return None


def listed(site: Site) -> list[dict[str, Any]]:
    return [asdict(fault) for fault in site.faults]
