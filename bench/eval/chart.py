"""The figures of an evaluation as a picture: one bar per metric, a mark where it stood before. Plain SVG of our own."""

from collections.abc import Iterator, Mapping
from html import escape

from bench.eval.metrics import METRICS, Figures, shown

WIDTH, LABEL, BAR, ROW = 860, 330, 440, 22
TOP = 34
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#172b4d}.kind{font-weight:600;font-size:14px}.now{fill:#1868db}"
    ".low{fill:#c9372c}.rest{fill:#e9ebee}.before{stroke:#172b4d;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#c7d1db}.rest{fill:#38414a}.before{stroke:#c7d1db}.now{fill:#579dff}}"
)


def chart(title: str, now: Figures, *, before: Figures | None = None) -> str:
    """An SVG document of all metrics that are shares."""
    rows = list(_rows(now, before or {}))
    height = TOP + ROW * len(rows) + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        f' role="img" aria-label="{escape(title)}"><style>{STYLE}</style>',
        f'<text x="8" y="20" class="kind">{escape(title)}</text>',
        *(line.format(y=TOP + ROW * number, middle=TOP + ROW * number + 15) for number, line in enumerate(rows)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _rows(now: Figures, before: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    for kind, values in now.items():
        yield f'<text x="8" y="{{middle}}" class="kind">{escape(kind)}</text>'
        for name, value in values.items():
            metric = METRICS[name]
            if metric.unit == "%":
                yield _bar(name, value, before=before.get(kind, {}).get(name))


def _bar(name: str, value: float, *, before: float | None) -> str:
    metric = METRICS[name]
    filled = BAR * min(value, 100) / 100
    tone = "now" if metric.higher_is_better else "low"
    mark = ""
    if before is not None:
        at = LABEL + BAR * min(before, 100) / 100
        mark = f'<line class="before" x1="{at:.1f}" x2="{at:.1f}" y1="{{y}}" y2="{{middle}}"/>'
    better = "" if metric.higher_is_better else " (less is better)"
    return (
        f'<text x="16" y="{{middle}}">{escape(metric.title + better)}</text>'
        f'<rect class="rest" x="{LABEL}" y="{{y}}" width="{BAR}" height="16" rx="3"/>'
        f'<rect class="{tone}" x="{LABEL}" y="{{y}}" width="{filled:.1f}" height="16" rx="3"/>{mark}'
        f'<text x="{LABEL + BAR + 10}" y="{{middle}}">{shown(name, value)}</text>'
    )
