"""What of the house serves those who ask for something now and not for a run."""

from typing import Protocol

from addon.i18n.catalog import Texts
from addon.llm.asker import Askers
from addon.similar.finding import Similar


class Offers(Protocol):
    """A part of `state.House`."""

    @property
    def askers(self) -> Askers: ...
    @property
    def similar(self) -> Similar: ...
    @property
    def texts(self) -> Texts: ...
