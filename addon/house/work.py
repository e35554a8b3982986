"""Which features and targets there are: the only place where a new one is added."""

from addon.analysis.drafts import Drafts
from addon.analysis.run import AnalysisFeature
from addon.criteria.maker import CriteriaMaker
from addon.criteria.run import CriteriaFeature
from addon.generation.criteria_drafts import CriteriaDrafts
from addon.generation.scenario_drafts import ScenarioDrafts
from addon.i18n.catalog import Texts
from addon.pipeline.drafts import PipelineDrafts
from addon.pipeline.halves import Halves
from addon.pipeline.run import PipelineFeature
from addon.policy.places import Places
from addon.runs.desk import Desk
from addon.runs.feature import Feature
from addon.runs.lanes import Size
from addon.runs.office import Office, furnish
from addon.scenarios.maker import ScenariosMaker
from addon.scenarios.run import ScenariosFeature
from addon.settings import Settings
from addon.summary.run import SummaryFeature
from addon.targets.comment import CommentTarget
from addon.targets.description import DescriptionTarget
from addon.targets.field import FieldTarget
from addon.targets.questions import QuestionsTarget
from addon.targets.subtasks import SubtasksTarget
from addon.targets.xray import XrayTarget
from addon.targets.zephyr import ZephyrTarget


def furnished(desk: Desk, settings: Settings, *, texts: Texts, places: Places) -> Office:
    targets = (
        CommentTarget(),
        DescriptionTarget(texts),
        SubtasksTarget(desk.projects, texts, now=desk.db.now),
        FieldTarget(),
        XrayTarget(places, now=desk.db.now),
        ZephyrTarget(places, now=desk.db.now),
        QuestionsTarget(texts),
    )
    return furnish(
        desk,
        features={feature.kind: feature for feature in features(settings, texts)},
        targets={target.name: target for target in targets},
        addon_key=settings.addon_key,
        size=Size(
            settings.ai_slots,
            site_slots=settings.site_slots,
            site_starts_per_minute=settings.site_starts_per_minute,
        ),
    )


def features(settings: Settings, texts: Texts) -> tuple[Feature, ...]:
    """One for each kind of run."""
    criteria, scenarios = CriteriaMaker(texts), ScenariosMaker()
    return (
        AnalysisFeature(Drafts(texts, settings.addon_key)),
        CriteriaFeature(criteria, CriteriaDrafts(texts)),
        ScenariosFeature(scenarios, criteria, drafts=ScenarioDrafts(texts)),
        PipelineFeature(Halves(criteria, scenarios), PipelineDrafts(texts)),
        SummaryFeature(texts),
    )
