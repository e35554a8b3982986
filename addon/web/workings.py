"""What of the life of runs routes reach."""

from typing import Protocol

from addon.runs.events import Events
from addon.runs.failures import Failures
from addon.runs.load import Loads
from addon.runs.publish import Publisher
from addon.runs.start import Starts
from addon.runs.view import Runs


class Workings(Protocol):
    """Who starts runs, shows them, tells of them, takes what is to be written and knows what failed."""

    @property
    def starts(self) -> Starts: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def events(self) -> Events: ...
    @property
    def publisher(self) -> Publisher: ...
    @property
    def failures(self) -> Failures: ...
    @property
    def loads(self) -> Loads: ...
