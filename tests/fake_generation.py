"""What the pretend model says when it is asked for criteria or scenarios, and how that can go wrong."""

import re
from typing import Any, Protocol

KINDS = ("happy", "negative", "boundary", "permission", "non_functional")
_ID = re.compile(r"(?m)^(AC-\d+) \(")
_ANEW = re.compile(r'with the id "((?:AC|TS)-\d+)"')
_COUNT = re.compile(r"Write exactly (\d+)")
_WANTED = re.compile(r"only of these kinds: ([a-z_, ]+)")


class Issue(Protocol):
    """As much of fake_answers.Issue as is needed here."""

    @property
    def title(self) -> str: ...
    @property
    def passages(self) -> tuple[str, ...]: ...
    @property
    def french(self) -> bool: ...


def criteria(issue: Issue, system: str) -> dict[str, Any]:
    """A good answer: quotes stand in the issue, one rests on an assumption."""
    say = _say(issue)
    anew = _ANEW.search(system)
    quotes = [words for passage in issue.passages if (words := " ".join(passage.split()[:6]))]
    made = [
        {
            "id": f"AC-{number}",
            "quote": quotes[number % len(quotes)] if quotes and kind != "boundary" else "",
            "assumption": "" if quotes and kind != "boundary" else say("One is the least.", "Un est le minimum."),
            "kind": kind,
            "title": say(f"Case {number} is shown", f"Le cas {number} est visible"),
            "given": [say("a signed-in reader", "un lecteur connecté")],
            "when": say(f"they ask for case {number}", f"il demande le cas {number}"),
            "then": [
                say(f"the list shows {number} entries", f"la liste montre {number} lignes"),
                say("the date is shown", "la date est visible"),
            ],
        }
        for number, kind in enumerate(("happy", "negative", "boundary"), 1)
    ]
    if anew:
        made = [made[0] | {"id": anew[1], "title": say("Written anew", "Écrit à nouveau"), "when": say("x", "y")}]
    return {
        "language": say("en", "fr"),
        "feature": issue.title,
        "narrative": say("A reader wants the list.", "Un lecteur veut la liste."),
        "criteria": made,
        "questions": [] if anew else [say("Who may do this?", "Qui peut le faire ?")],
    }


def scenarios(issue: Issue, system: str, user: str) -> dict[str, Any]:
    """A good answer: one scenario for each criterion of the message, or as many and of such kinds as are wanted."""
    say = _say(issue)
    ids = list(dict.fromkeys(_ID.findall(user))) or ["AC-1"]
    count, wanted, anew = _COUNT.search(system), _WANTED.search(system), _ANEW.search(system)
    kinds = wanted[1].split(", ") if wanted else KINDS
    total = 1 if anew else int(count[1]) if count else len(ids)
    return {
        "language": say("en", "fr"),
        "scenarios": [
            {
                "id": anew[1] if anew else f"TS-{number + 1}",
                "title": say("Written anew", "Écrit à nouveau") if anew else f"{say('Check', 'Vérifier')} {number + 1}",
                "kind": kinds[number % len(kinds)],
                "priority": "high",
                "covers": [ids[number % len(ids)]] if number < total - 1 else ids[number % len(ids) :],
                "preconditions": [say("a reader is signed in", "un lecteur est connecté")],
                "steps": [
                    {
                        "action": say("Open the list", "Ouvrir la liste"),
                        "data": "",
                        "expected": say("It shows", "Elle est là"),
                    },
                    {
                        "action": say(f"Count entry {number}", f"Compter la ligne {number}"),
                        "data": str(number),
                        "expected": say(f"{number} entries are listed", f"{number} lignes sont là"),
                    },
                ],
            }
            for number in range(total)
        ],
    }


def spoiled(name: str, answer: dict[str, Any]) -> dict[str, Any] | None:
    """The answer gone wrong in the named way; None for ways that are the same for every answer."""
    part = "criteria" if "criteria" in answer else "scenarios"
    items = answer[part]
    match name:
        case "bad_schema":
            return {key: value for key, value in answer.items() if key != part}
        case "invented_quote":
            return answer | {part: [item | {"quote": "words nobody ever wrote here"} for item in items]}
        case "linted":
            return answer | {part: [item | {"when": "they click the button", "then": ["it works"]} for item in items]}
        case "uncovered":
            return answer | {part: items[:1]}
        case "hostile":
            # No more than fits into an answer, or it would be refused for its size alone.
            return answer | {part: ([_hostile(item) for item in items] * 4)[:8]}
    return None


def _hostile(item: dict[str, Any]) -> dict[str, Any]:
    bad = '# language: xx\n@tag\n| a |\n"""\nScenario: y\n@all [~accountid:7:1] ![x](https://evil.example/p) OTHER-1'
    steps = [{"action": bad, "data": bad, "expected": bad}]
    texts = {"title": bad, "given": [bad] * 20, "when": bad, "then": [bad] * 20, "assumption": bad, "quote": ""}
    texts |= {"preconditions": [bad] * 10, "steps": steps * 18, "covers": ["AC-99", "AC-1", "AC-1"]}
    return item | {name: text for name, text in texts.items() if name in item}


def _say(issue: Issue) -> Any:
    return (lambda en, fr: fr) if issue.french else (lambda en, fr: en)
