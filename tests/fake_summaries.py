"""What the pretend model says about many issues at once, and the queries it writes."""

import re
from typing import Any

_ISSUE = re.compile(r"^\S{8,} issue (\S+)$", re.M)
_KEY = re.compile(r'"([A-Z][A-Z0-9_]*-\d+)"')
_TITLE = re.compile(r"^title: (.+)$", re.M)
_PROJECT = re.compile(r"Stay in the project (\S+)")
FORGED = ["OTHER-1", "SECRET-9"]


def keys(user: str) -> list[str]:
    """Keys of the issues in a question, or of those its parts name."""
    return list(dict.fromkeys(_ISSUE.findall(user) or _KEY.findall(user)))


def summary(system: str, user: str) -> dict[str, Any]:
    """A good answer: every key stands in the question."""
    found = keys(user)
    titles = _TITLE.findall(user)
    asked = "answer to this question" in system.replace("\n", " ")
    half = max(1, len(found) // 2)
    return {
        "language": "en",
        "overview": f"The set is about {titles[0][:60] if titles else 'several topics'}. Most of it is under way.",
        "themes": [
            {"title": "The first half", "text": "These belong together.", "issues": found[:half][:12]},
            {"title": "The second half", "text": "So do these.", "issues": (found[half:] or found)[:12]},
        ],
        "progress": [{"text": "One thing moved.", "issues": found[:1]}],
        "blockers": [{"text": "One thing waits for a decision.", "issues": found[-1:]}],
        "risks": [{"text": "The scope may grow.", "issues": []}],
        "stale": [],
        "answer": [{"text": "Nobody has decided it yet.", "issues": found[:2]}] if asked else [],
    }


def forged(answer: dict[str, Any], *, all_of_it: bool) -> dict[str, Any]:
    """The answer with issues nobody found. all_of_it: no entry keeps a true one."""

    def spoil(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**item, "issues": FORGED if all_of_it else (item["issues"] and item["issues"] + FORGED)} for item in items
        ]

    return {name: spoil(value) if isinstance(value, list) else value for name, value in answer.items()}


def hostile(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer as an injected model would give it."""
    bad = "@all [~admin] =cmd() | x ![p](https://evil.example/?d=1) <script>alert(1)</script> see OTHER-1"
    themes = [{"title": bad, "text": f"# {bad}\n\n- {bad}", "issues": theme["issues"]} for theme in answer["themes"]]
    risks = [{"text": bad, "issues": FORGED}] * 50
    return {**answer, "overview": f"1. {bad}", "themes": themes * 20, "risks": risks}


def jql(system: str) -> dict[str, Any]:
    """A query in the project of the question; words that ask for nonsense get some."""
    project = _PROJECT.search(system)
    scope = f"project = {project[1]}" if project and project[1].isupper() else "created >= -30d"
    words = system.partition("THE PERSON SAYS")[2]
    if "nonsense" in words:
        return {"jql": "colour = red", "explanation": "Issues that are red."}
    if "break out" in words:
        return {"jql": '") OR project = B --', "explanation": "Everything."}
    return {"jql": f"{scope} AND statusCategory != Done", "explanation": "What is not done yet."}
