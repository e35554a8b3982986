"""The kinds of run that can be evaluated: the product's own features, without a house around them."""

from collections.abc import Mapping

from addon.house import work
from addon.i18n.catalog import Texts
from addon.runs.feature import Feature
from addon.settings import Settings
from bench.eval.metrics import KINDS


def features() -> Mapping[str, Feature]:
    """By kind, in the order of KINDS."""
    # Nothing of the environment: its settings choose the model, and nothing else of them makes a difference here.
    made = {feature.kind: feature for feature in work.features(Settings(_env_file=None), Texts())}
    return {kind: made[kind] for kind in KINDS}
