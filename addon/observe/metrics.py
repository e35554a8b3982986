"""What this process counts, in Prometheus' terms. One registry of our own, so that importing twice cannot collide.

Labels come from closed sets or route templates only: never a tenant, an issue, a person or a raw path.
"""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

RUN_KINDS = ("analysis", "criteria", "scenarios", "pipeline", "summary")
RUN_STATES = ("succeeded", "failed", "cancelled")
TARGETS = ("comment", "description", "subtasks", "field", "xray", "zephyr", "questions")
PROVIDERS = ("rules", "openai", "ollama", "anthropic", "gemini")
OUTCOMES = ("ok", "failed")
AUTHORS = ("rules", "model")
WEBHOOK_OUTCOMES = ("started", "duplicate", "ignored", "unavailable", "invalid")
QUEUES = ("runs", "publications")
BUDGET_OWNERS = ("operator", "site")
BUDGETS = ("tokens_per_day", "tokens_per_month", "usd_per_day", "usd_per_month")
BUDGET_LEVELS = ("80", "100")
JIRA_WAIT_CAUSES = ("pause", "spacing", "points")
API_LIMITS = ("person_calls", "site_calls", "person_streams", "site_streams")
JIRA_OPERATIONS = (
    "comment.create", "comment.delete", "comment.list", "comment.properties", "comment.update", "createmeta.fields",
    "createmeta.types", "field.list", "issue.bulkfetch", "issue.create", "issue.delete", "issue.edit",
    "issue.editmeta", "issue.get", "link.create", "link.types", "myself", "permissions.check", "project.get",
    "user.names",
    "jql.names", "jql.parse", "project.search", "search.count", "search.jql",
)  # fmt: skip

TESTMGMT_OPERATIONS = {
    "xray": ("authenticate", "test.create", "test.delete", "test.find", "test.steps", "test.update", "types.list"),
    "zephyr": (
        "case.create", "case.find", "case.get", "case.link", "case.links", "case.script", "case.script.get",
        "case.steps", "case.steps.get", "case.update", "priority.list", "project.get",
    ),
}  # fmt: skip

# Seconds: one row is for our own work, the other for models, which think for minutes.
_FAST = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)

HTTP_REQUESTS = Counter(
    "http_requests_total", "Requests answered, by route template.", ["method", "route", "status"], registry=REGISTRY
)
HTTP_SECONDS = Histogram(
    "http_request_duration_seconds",
    "Time until the last byte was handed over.",
    ["route"],
    buckets=_FAST,
    registry=REGISTRY,
)
HTTP_STREAMS = Gauge("http_event_streams", "Event streams open now.", registry=REGISTRY)
WEBHOOKS = Counter("webhooks_total", "Webhook deliveries, by what became of them.", ["outcome"], registry=REGISTRY)
WEBHOOK_SECONDS = Histogram(
    "webhook_duration_seconds", "Time to verify and commit one delivery.", buckets=_FAST, registry=REGISTRY
)
JIRA_REQUESTS = Counter("jira_requests_total", "Calls to Jira.", ["operation", "outcome"], registry=REGISTRY)
JIRA_SECONDS = Histogram(
    "jira_request_duration_seconds", "Time of one call to Jira.", ["operation"], buckets=_FAST, registry=REGISTRY
)
JIRA_WAITS = Counter(
    "jira_waits_total", "Calls to Jira that were held back by limits, by which.", ["cause"], registry=REGISTRY
)
JIRA_POINTS = Gauge(
    "jira_points_used", "Points used in this hour over all sites, as far as this process knows.", registry=REGISTRY
)
JIRA_POINTS_LIMIT = Gauge("jira_points_limit", "Points granted an hour; 0 without a limit.", registry=REGISTRY)
API_REFUSALS = Counter(
    "api_refusals_total", "Calls and event streams refused with 429, by whose limit.", ["limit"], registry=REGISTRY
)
TESTMGMT_REQUESTS = Counter(
    "testmgmt_requests_total",
    "Calls to test management tools.",
    ["tool", "operation", "outcome"],
    registry=REGISTRY,
)
TESTMGMT_SECONDS = Histogram(
    "testmgmt_request_duration_seconds",
    "Time of one call to a test management tool.",
    ["tool"],
    buckets=_FAST,
    registry=REGISTRY,
)
LLM_REQUESTS = Counter("llm_requests_total", "Calls to a model.", ["provider", "outcome"], registry=REGISTRY)
LLM_SECONDS = Histogram(
    "llm_request_duration_seconds", "Time of one model call.", ["provider"], buckets=_SLOW, registry=REGISTRY
)
LLM_TOKENS = Counter("llm_tokens_used_total", "Tokens spent.", ["provider", "direction"], registry=REGISTRY)
LLM_COST = Counter(
    "llm_cost_usd_total", "US dollars spent, as far as prices are known.", ["provider"], registry=REGISTRY
)
BUDGET_ALERTS = Counter(
    "budget_alerts_total", "Limits that were reached, once per period.", ["owner", "budget", "level"], registry=REGISTRY
)
BUDGET_REFUSALS = Counter(
    "budget_refusals_total", "Asks refused because a limit has no room.", ["owner", "budget"], registry=REGISTRY
)
PUBLISHED = Counter("jira_publish_success_total", "Results written into Jira.", ["target"], registry=REGISTRY)
PUBLISH_FAILED = Counter("jira_publish_failure_total", "Results given up on.", ["target"], registry=REGISTRY)
UNDONE = Counter("jira_publish_undone_total", "Results taken back.", ["target"], registry=REGISTRY)
RUNS = Counter("runs_total", "Runs that ended, by kind and last state.", ["kind", "state"], registry=REGISTRY)
RUN_SECONDS = Histogram(
    "run_duration_seconds", "Time from creation to end of a run.", ["kind"], buckets=_SLOW, registry=REGISTRY
)
CRITERIA_MADE = Counter(
    "acceptance_criteria_generated_total",
    "Acceptance criteria written, by who wrote them.",
    ["author"],
    registry=REGISTRY,
)
SCENARIOS_MADE = Counter(
    "test_scenarios_generated_total", "Test scenarios written, by who wrote them.", ["author"], registry=REGISTRY
)
PIPELINE_SECONDS = Histogram(
    "full_pipeline_duration_seconds",
    "Time from asking for a full pipeline to its result.",
    buckets=_SLOW,
    registry=REGISTRY,
)
QUEUE_DEPTH = Gauge("queue_depth", "Rows waiting for a worker.", ["queue"], registry=REGISTRY)
QUEUE_OLDEST = Gauge("queue_oldest_age_seconds", "Age of the oldest waiting row.", ["queue"], registry=REGISTRY)
BUILD = Gauge("build_info", "Always 1; the version is the label.", ["version"], registry=REGISTRY)


@cache
def app_version() -> str:
    """The version of the installed distribution, "0" in a tree that was never installed."""
    try:
        return version("jiravision")
    except PackageNotFoundError:
        return "0"


def exposition() -> bytes:
    """Everything counted so far, in the text format of CONTENT_TYPE."""
    return generate_latest(REGISTRY)


def _touch_known_labels() -> None:
    # A counter that appears with its first event makes rate() miss that event: show the zero from the start.
    for provider in PROVIDERS:
        LLM_SECONDS.labels(provider)
        LLM_COST.labels(provider)
        for outcome in OUTCOMES:
            LLM_REQUESTS.labels(provider, outcome)
        for direction in ("input", "output"):
            LLM_TOKENS.labels(provider, direction)
    for owner in BUDGET_OWNERS:
        for budget in BUDGETS:
            BUDGET_REFUSALS.labels(owner, budget)
            for level in BUDGET_LEVELS:
                BUDGET_ALERTS.labels(owner, budget, level)
    for author in AUTHORS:
        CRITERIA_MADE.labels(author)
        SCENARIOS_MADE.labels(author)
    for target in TARGETS:
        PUBLISHED.labels(target)
        PUBLISH_FAILED.labels(target)
        UNDONE.labels(target)
    for kind in RUN_KINDS:
        RUN_SECONDS.labels(kind)
        for state in RUN_STATES:
            RUNS.labels(kind, state)
    for outcome in WEBHOOK_OUTCOMES:
        WEBHOOKS.labels(outcome)
    for queue in QUEUES:
        QUEUE_DEPTH.labels(queue)
        QUEUE_OLDEST.labels(queue)
    for cause in JIRA_WAIT_CAUSES:
        JIRA_WAITS.labels(cause)
    for limit in API_LIMITS:
        API_REFUSALS.labels(limit)
    for operation in JIRA_OPERATIONS:
        JIRA_REQUESTS.labels(operation, "ok")
    for tool, operations in TESTMGMT_OPERATIONS.items():
        TESTMGMT_SECONDS.labels(tool)
        for operation in operations:
            TESTMGMT_REQUESTS.labels(tool, operation, "ok")
    HTTP_REQUESTS.labels("GET", "unmatched", "404")
    HTTP_SECONDS.labels("unmatched")


# Memory, descriptors and CPU of this process, which a registry of our own does not bring along.
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
BUILD.labels(app_version()).set(1)
_touch_known_labels()
