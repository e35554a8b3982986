"""Which features and targets there are: the only place where a new one is added."""

from addon.analysis.drafts import Drafts
from addon.analysis.run import AnalysisFeature
from addon.i18n.catalog import Texts
from addon.runs.desk import Desk
from addon.runs.lanes import Size
from addon.runs.office import Office, furnish
from addon.settings import Settings
from addon.targets.comment import CommentTarget
from addon.targets.field import FieldTarget
from addon.targets.subtasks import SubtasksTarget


def furnished(desk: Desk, settings: Settings, *, texts: Texts) -> Office:
    analysis = AnalysisFeature(Drafts(texts, settings.addon_key))
    targets = (CommentTarget(), SubtasksTarget(desk.projects, texts), FieldTarget())
    return furnish(
        desk,
        features={"analysis": analysis},
        targets={target.name: target for target in targets},
        addon_key=settings.addon_key,
        size=Size(settings.ai_slots),
    )
