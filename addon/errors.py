"""The tree of errors that a person or a program outside may see.

AddonError
├── Unauthenticated   401  who are you
├── Forbidden         403  you may not
├── NotFound          404  there is none, or you may not see it
├── Conflict          409  somebody was faster
├── TooLarge          413  more than we take
├── Invalid           422  the request does not hold together
├── TooMany           429  slow down
├── Upstream          502  Jira, a model or another service failed us
├── Unavailable       503  we cannot do it now; come back
└── Misconfigured     500  the operator has to mend a setting

A room derives its own errors from these and gives each a `code`; `web/errors.py` turns them into
`{"error": code, "detail": text}` and `runs/execute.py` into the error of a run. An error is worth another try only
when it carries `retry_after_s`.
"""


class AddonError(Exception):
    """Base of everything we raise on purpose.

    detail: one sentence for a person, saying what to do next where that helps; never a secret or a foreign body.
    retry_after_s: seconds after which the same request may succeed; None means that repeating is pointless.
    """

    code = "internal"
    status = 500

    def __init__(self, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s

    @property
    def for_operator(self) -> str:
        """What a command says on the operator's terminal: as detail, or with what is nobody else's business."""
        return self.detail


class Unauthenticated(AddonError):
    code = "unauthenticated"
    status = 401


class Forbidden(AddonError):
    code = "forbidden"
    status = 403


class NotFound(AddonError):
    code = "not_found"
    status = 404


class Conflict(AddonError):
    code = "conflict"
    status = 409


class NothingToDo(Conflict):
    """What stands there already must stay as it is: no failure, and nothing to try again."""

    code = "nothing_to_do"


class TooLarge(AddonError):
    code = "too_large"
    status = 413


class Invalid(AddonError):
    code = "invalid"
    status = 422


class TooMany(AddonError):
    code = "too_many_requests"
    status = 429


class Upstream(AddonError):
    code = "upstream_failed"
    status = 502


class Unavailable(AddonError):
    code = "unavailable"
    status = 503


class Misconfigured(AddonError):
    code = "misconfigured"
    status = 500
