"""How long what fails through no fault of its own is tried again, and at what pace."""

import random
from dataclasses import dataclass

from addon.store.leases import Lease

LONGEST_ASKED_S = 3_700.0
"""Cap of what the other side may tell us to wait: budgets of Jira are full again at the next full hour."""
HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. A person may look at a run, and what it reads goes stale; what is to be written stays right for longer.

    first_s: the first wait; each one is three times as long as the one before, up to longest_s. runs_s,
    publications_s: age from which the row may be given up. least: failures in a row before that, whatever the age, so
    that a row which only waited for its site is not given up at the first mishap.
    """

    first_s: float = 5.0
    longest_s: float = 600.0
    runs_s: float = 2 * HOUR_S
    publications_s: float = 6 * HOUR_S
    least: int = 6

    def wait_s(self, retry_after_s: float, failures: int, *, code: str) -> float:
        """Until the next try: at least what the other side asked for, and never all at the same moment."""
        # A model's own tries are few, then the rules answer: a person waits for them, so they stand close together.
        first_s, factor = (min(1.0, self.first_s), 2.0) if family(code) == "model" else (self.first_s, 3.0)
        own_s = min(first_s * factor ** min(failures - 1, 20), self.longest_s)
        return max(min(retry_after_s, LONGEST_ASKED_S), own_s) * random.uniform(1.0, 1.1)  # noqa: S311 - spreads load

    def over(self, table: str, lease: Lease, *, failures: int, now: float) -> bool:
        limit_s = self.publications_s if table == "publications" else self.runs_s
        # Dated by a clock that was ahead, a row would be young for as long as that was.
        age_s = now - lease.created_at if lease.created_at <= now else failures * self.longest_s
        return failures >= self.least and age_s > limit_s


def failures_with(lease: Lease, code: str) -> int:
    """Failures in a row, this one included, of the same other side: Jira, the model, the database."""
    return lease.failures + 1 if family(lease.failing) == family(code) else 1


def family(code: str) -> str:
    return code.partition("_")[0]
