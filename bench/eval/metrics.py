"""The metrics of an evaluation: what each says, which way is better, and how much of a fall is chance."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from bench.eval.cases import Case
from bench.eval.observe import Observed
from bench.eval.scores import Share, scored
from bench.report import quantile

KINDS = ("analysis", "criteria", "scenarios")


@dataclass(frozen=True)
class Metric:
    """unit: "%" of what is possible, or a unit of the mean. margin: a change up to this, in the unit, is none."""

    title: str
    unit: str = "%"
    higher_is_better: bool = True
    margin: float = 2.0
    judged: bool = True


METRICS: Mapping[str, Metric] = {
    "answered": Metric("ended with a result", margin=0.0),
    "valid": Metric("the model's answer was usable in the end", margin=1.0),
    "valid_first": Metric("first answer has the right form"),
    "unrepaired": Metric("first answer was taken as it is"),
    "quotes_first": Metric("quotes of first answers stand in the issue"),
    "quotes": Metric("shown quotes stand in the issue", margin=0.0),
    "language": Metric("texts in the issue's language", margin=1.0),
    "unmoved": Metric("injections without effect", margin=0.0),
    "twins": Metric("points between an issue and its like", "points", higher_is_better=False, margin=1.5),
    "nature": Metric("story or bug, as it is", margin=0.0),
    "scored": Metric("issues that could be scored", margin=1.0),
    "band": Metric("overall score within the expected band"),
    "aspects": Metric("expected bounds of single aspects kept"),
    "finds": Metric("missing information that was asked for"),
    "words": Metric("vague words that were named"),
    "topics": Metric("points only the meaning shows that were seen"),
    "false_alarms": Metric("asked for although it is there", higher_is_better=False),
    "gherkin": Metric("Gherkin the official parser takes", margin=0.0),
    "count": Metric("as many criteria as the text supports"),
    "kinds": Metric("expected kinds (happy, negative, …) present"),
    "about": Metric("facts of the issue that are covered"),
    "grounded": Metric("criteria with a quote behind them"),
    "lint": Metric("style remarks on a hundred criteria", "of 100", higher_is_better=False, margin=5.0),
    "coverage": Metric("criteria covered by a scenario"),
    "steps": Metric("scenarios that act in every step and end in a result"),
    "spread": Metric("points between repeated runs", "points", higher_is_better=False, margin=3.0),
    "input_tokens": Metric("tokens read for an issue", "tokens", higher_is_better=False, margin=200.0),
    "output_tokens": Metric("tokens written for an issue", "tokens", higher_is_better=False, margin=200.0),
    "cost_usd": Metric("US dollars for 1,000 issues", "$", higher_is_better=False, margin=0.5, judged=False),
    "p50_ms": Metric("median time of a run", "ms", higher_is_better=False, judged=False),
    "p95_ms": Metric("slowest twentieth of the runs", "ms", higher_is_better=False, judged=False),
    "cpu_ms": Metric("CPU of our own for a run", "ms", higher_is_better=False, judged=False),
}
"""judged: time and money depend on the machine and the day; they are shown and never fail anything."""

Figures = dict[str, dict[str, float]]
"""kind -> metric -> value in the metric's unit."""


def figures(cases: Sequence[Case], observations: Sequence[Observed]) -> Figures:
    """All metrics of every kind that was run; a metric nothing was observed for is left out."""
    known = {case.id: case for case in cases}
    found: Figures = {}
    for kind in KINDS:
        seen = [one for one in observations if one.kind == kind and one.case in known]
        if seen:
            found[kind] = _ordered({**_shares(known, seen), **_costs(seen), **_distances(known, seen)})
    return found


def details(case: Case, seen: Observed) -> dict[str, str]:
    """What went wrong in one run, metric -> "reached/possible"; {} when nothing did."""
    wrong = {}
    for name, (reached, possible) in scored(case, seen).items():
        if name in METRICS and reached != (possible if METRICS[name].higher_is_better else 0):
            wrong[name] = f"{reached:g}/{possible:g}"
    return wrong


def _shares(cases: Mapping[str, Case], seen: Sequence[Observed]) -> dict[str, float]:
    sums: dict[str, list[Share]] = defaultdict(list)
    for one in seen:
        for name, share in scored(cases[one.case], one).items():
            sums[name].append(share)
    totals = {name: (sum(r for r, _ in shares), sum(p for _, p in shares)) for name, shares in sums.items()}
    return {name: 100 * reached / possible for name, (reached, possible) in totals.items() if possible}


def _costs(seen: Sequence[Observed]) -> dict[str, float]:
    times = [one.seconds for one in seen]
    found = {
        "p50_ms": median(times) * 1000,
        "p95_ms": quantile(times, 0.95) * 1000,
        "cpu_ms": mean(one.cpu_s for one in seen) * 1000,
    }
    asked = [one.asked for one in seen if one.asked]
    if asked:
        found["input_tokens"] = mean(sum(each.input_tokens for each in one) for one in asked)
        found["output_tokens"] = mean(sum(each.output_tokens for each in one) for one in asked)
    prices = [each.cost_usd for one in asked for each in one if each.cost_usd is not None]
    if prices:
        found["cost_usd"] = 1000 * sum(prices) / len(asked)
    return found


def _distances(cases: Mapping[str, Case], seen: Sequence[Observed]) -> dict[str, float]:
    """How far the overall scores lie apart where they should not: repeated runs, and issues that are alike."""
    scores: dict[str, list[int]] = defaultdict(list)
    for one in seen:
        if one.kind == "analysis" and one.result.get("analysis", {}).get("scores"):
            scores[one.case].append(one.result["overall"])
    found = {}
    repeated = [max(values) - min(values) for values in scores.values() if len(values) > 1]
    if repeated:
        found["spread"] = mean(repeated)
    pairs = [(name, cases[name].twin) for name in scores if cases[name].twin in scores]
    if pairs:
        found["twins"] = mean(abs(mean(scores[one]) - mean(scores[other])) for one, other in pairs)
    return found


def _ordered(found: Mapping[str, float]) -> dict[str, float]:
    return {name: found[name] for name in METRICS if name in found}


def change(name: str, before: float, now: float) -> str:
    """better | worse | same, beyond the metric's margin; "" for a metric that is not judged."""
    metric = METRICS[name]
    if not metric.judged:
        return ""
    gain = (now - before) * (1 if metric.higher_is_better else -1)
    return "same" if abs(gain) <= metric.margin else "better" if gain > 0 else "worse"


def fallen(before: Figures, now: Figures) -> list[str]:
    """What is worse than before or was not measured any more, one line each."""
    found = []
    for kind, values in before.items():
        for name, value in values.items():
            is_now = now.get(kind, {}).get(name)
            if is_now is None or change(name, value, is_now) == "worse":
                found.append(f"{kind}: {METRICS[name].title} ({name}): {shown(name, value)} -> {shown(name, is_now)}")
    return found


def shown(name: str, value: float | None) -> str:
    """The value as people read it."""
    if value is None:
        return "–"
    unit = METRICS[name].unit
    if unit == "%":
        return f"{value:.1f} %" if value < 100 else "100 %"
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"
