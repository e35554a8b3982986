"""Who may come in, what they may do there, and how much, as routes see it."""

from typing import Protocol

from addon.policy.access import Access
from addon.policy.budgets import Budgets
from addon.policy.tenants import Tenants


class Admission(Protocol):
    """A part of the house."""

    @property
    def tenants(self) -> Tenants: ...
    @property
    def access(self) -> Access: ...
    @property
    def budgets(self) -> Budgets: ...
