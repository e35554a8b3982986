"""How asking a model can fail. Every failed ask ends in exactly one of these.

ModelError (Upstream, 502)
├── ModelUnauthorized   401 or 403: the key is wrong, repeating is pointless
├── ModelRejected       another 4xx: unknown model, request not understood
├── ModelBusy           429: come back after `retry_after_s`
├── ModelDown           5xx, reset, TLS, unreachable, after the last try
├── ModelTimeout        no whole answer before the deadline
├── ModelRefused        the model declined, or a content filter did
├── ModelTooLong        the answer hit a length limit, the model's or ours
├── ModelNonsense       no valid answer, not even after the repair round
└── BudgetSpent         nobody was asked: the budget of the site, or of the person for this minute, is used up
"""

from addon.errors import Upstream
from addon.llm.answer import Usage


class ModelError(Upstream):
    """usage: what the failed ask cost all the same, None when nothing was answered."""

    code = "model_failed"
    usage: Usage | None = None


class ModelUnauthorized(ModelError):
    code = "model_unauthorized"


class ModelRejected(ModelError):
    code = "model_rejected"


class ModelBusy(ModelError):
    code = "model_busy"
    status = 503

    def __init__(self, detail: str, *, retry_after_s: float) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)


class ModelDown(ModelError):
    code = "model_down"


class ModelTimeout(ModelError):
    code = "model_timeout"
    status = 504


class ModelRefused(ModelError):
    code = "model_refused"


class ModelTooLong(ModelError):
    code = "model_too_long"


class ModelNonsense(ModelError):
    code = "model_nonsense"


class BudgetSpent(ModelError):
    """Nobody was asked. `detail` says whose limit it is and when it frees up; retrying before that is pointless."""

    code = "budget_spent"
    status = 429
