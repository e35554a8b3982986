"""What the full pipeline stores: the results of its stages, side by side."""

from addon.results.criteria import CriteriaResult
from addon.results.part import Part
from addon.results.scenarios import ScenariosResult


class PipelineResult(Part):
    """targets: where the person who asked wanted it written."""

    criteria: CriteriaResult
    scenarios: ScenariosResult
    targets: list[str]
