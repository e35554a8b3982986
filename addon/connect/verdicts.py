"""Why a caller was turned away: one code per reason, stable, safe to show."""

from enum import StrEnum

from addon.errors import Forbidden, Unauthenticated


class Verdict(StrEnum):
    """Each value stands in the 401 answer and in the log; none of them tells one tenant from another."""

    MISSING_TOKEN = "missing_token"  # noqa: S105
    MISPLACED_TOKEN = "misplaced_token"  # noqa: S105
    TWO_TOKENS = "two_tokens"
    MALFORMED_TOKEN = "malformed_token"  # noqa: S105
    WRONG_ALGORITHM = "wrong_algorithm"
    UNKNOWN_KEY = "unknown_key"
    WRONG_SIGNATURE = "wrong_signature"
    MISSING_CLAIM = "missing_claim"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    LIVES_TOO_LONG = "lives_too_long"
    WRONG_AUDIENCE = "wrong_audience"
    WRONG_QSH = "wrong_qsh"
    CONTEXT_QSH_REFUSED = "context_qsh_refused"
    CONTEXT_QSH_REQUIRED = "context_qsh_required"
    MALFORMED_BODY = "malformed_body"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_APP_KEY = "wrong_app_key"
    WRONG_EVENT = "wrong_event"
    MISSING_SECRET = "missing_secret"  # noqa: S105
    SITE_NOT_ALLOWED = "site_not_allowed"
    REPLAYED = "replayed"


DETAILS = {
    Verdict.MISSING_TOKEN: "The request carries no token of Jira.",
    Verdict.MISPLACED_TOKEN: "The token must come in the Authorization header.",
    Verdict.TWO_TOKENS: "The request carries more than one token.",
    Verdict.MALFORMED_TOKEN: "The token cannot be read.",
    Verdict.WRONG_ALGORITHM: "The token is signed in a way that this address does not accept.",
    Verdict.UNKNOWN_KEY: "The token names a signing key that Atlassian does not know.",
    Verdict.WRONG_SIGNATURE: "The token was not signed by a site on which the add-on is installed.",
    Verdict.MISSING_CLAIM: "The token lacks a required claim.",
    Verdict.EXPIRED: "The token has expired, or a clock is wrong; reload the page.",
    Verdict.NOT_YET_VALID: "The token is not valid yet; a clock may be wrong.",
    Verdict.LIVES_TOO_LONG: "The token is valid for longer than is accepted.",
    Verdict.WRONG_AUDIENCE: "The token was made for another address; compare it with BASE_URL.",
    Verdict.WRONG_QSH: "The token was made for another request.",
    Verdict.CONTEXT_QSH_REFUSED: "A context token does not open this address.",
    Verdict.CONTEXT_QSH_REQUIRED: "This address takes a context token only.",
    Verdict.MALFORMED_BODY: "The body cannot be read.",
    Verdict.WRONG_ISSUER: "The body belongs to another site than the token.",
    Verdict.WRONG_APP_KEY: "The body belongs to another add-on.",
    Verdict.WRONG_EVENT: "The body tells of another event than the address.",
    Verdict.MISSING_SECRET: "The body brings no shared secret.",
    Verdict.SITE_NOT_ALLOWED: "The address of the site is not one this add-on serves; see JIRA_ALLOWED_HOSTS.",
    Verdict.REPLAYED: "The token has been used before.",
}


class Refused(Unauthenticated):
    """The caller did not prove who it is.

    explanation: lines for the operator's log during development; never sent unless debug routes are on.
    """

    def __init__(self, verdict: Verdict, *, explanation: tuple[str, ...] = ()) -> None:
        super().__init__(DETAILS[verdict])
        self.verdict = verdict
        self.explanation = explanation


class Anonymous(Forbidden):
    """Jira vouches for the request, but nobody is logged in there."""

    code = "anonymous"

    def __init__(self) -> None:
        super().__init__("Log in to Jira first.")
