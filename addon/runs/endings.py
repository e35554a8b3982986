"""How rows end that no feature and no target ends, in words."""

from collections.abc import Mapping

from addon.queue.lane import End
from addon.store.leases import Ending

ENDINGS: Mapping[End, Ending] = {
    "cancelled": Ending("cancelled"),
    "timed_out": Ending("failed", {"error": "timed_out", "detail": "The work took too long and was stopped."}),
    "crashed": Ending(
        "failed",
        {"error": "internal", "detail": "Something broke on our side; the operator finds it in the log."},
    ),
}
"""What the worker ends by itself."""
UNKNOWN_KIND = Ending("failed", {"error": "unknown_kind", "detail": "This release does not know this kind of run."})
UNKNOWN_TARGET = Ending("failed", {"error": "unknown_target", "detail": "This release cannot write there."})
