"""Finds every text that is marked for translation: in the scripts, in the page shells and in the Python code."""

import ast
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
STRING = r'"((?:[^"\\]|\\.)*)"'
SIMPLE = re.compile(rf"\b(?:t|N_)\(\s*{STRING}")
COUNTED = re.compile(rf"\bplural\(\s*[^\"();]*(?:\([^\"()]*\))?[^\"();]*,\s*{STRING},\s*{STRING}")
SHELL = re.compile(r'data-i18n(?:-label)?="([^"]*)"')

Key = str | tuple[str, str]
"""A text, or the two forms of one that counts."""


def _read(literal: str) -> str:
    return str(json.loads(f'"{literal}"'))


def of_script(source: str) -> set[Key]:
    return {_read(text) for text in SIMPLE.findall(source)} | {(_read(a), _read(b)) for a, b in COUNTED.findall(source)}


def of_shell(source: str) -> set[Key]:
    return set(SHELL.findall(source))


def of_python(source: str) -> set[Key]:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    marked = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "N_"]
    return {node.value for node in marked if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def everything() -> dict[Key, str]:
    """Each marked text with the file that has it."""
    found: dict[Key, str] = {}
    for folder, pattern, extract in (
        ("static", "*.js", of_script),
        ("templates", "*.html", of_shell),
        ("addon", "*.py", of_python),
    ):
        for path in sorted((ROOT / folder).rglob(pattern)):
            found |= dict.fromkeys(extract(path.read_text("utf-8")), str(path.relative_to(ROOT)))
    return found
