"""What is recognised in any language: figures, issue keys, technical choices. For folded text but for KEY."""

import re

FIGURE = re.compile(
    r"\d[\d.,]{0,12} ?(?:%|€|\$|(?:ms|s|sec|seconds?|secondes?|minutes?|min|hours?|heures?|h|days?|jours?|weeks?|"
    r"semaines?|[kmg][bo]|eur|usd|characters|caracteres|rows?|lignes?|lines?|items?|elements?|users?|utilisateurs?|pages?|"
    r"results?|resultats?|digits|chiffres|times|fois)\b)|"
    r"(?:at (?:most|least)|within|maximum|max|minimum|min|(?:less|more|fewer) than|under|over|up to|"
    r"au (?:plus|moins)|(?:plus|moins) de|jusqu'a) \d"
)
"""A number with its unit or bound: what makes a statement measurable."""

_STANDARDS = "UTF|ISO|IEC|SHA|AES|RSA|RFC|HTTP|CVE|TLS|UTC|GMT|MP|ES|HS|RS|EN|COVID|WCAG|PDF|X|H"
KEY = re.compile(rf"\b(?!(?:{_STANDARDS})-)[A-Z][A-Z0-9]{{1,9}}-\d{{1,6}}\b")
"""The key of another issue; names of standards look alike."""

SOLUTION = re.compile(
    r"\b(?:sql|stored procedures?|endpoints?|microservices?|react|angular|vue\.?js|postgres(?:ql)?|mysql|mongodb|redis|"
    r"kafka|docker|kubernetes|css|javascript|typescript|spring boot|\d{1,4} ?px|drop-?downs?|radio buttons?|"
    r"foreign keys?|cron ?jobs?|lambda)(?!\w)"
)
"""A decision on how something is built."""

BRACKETS = re.compile(r"\(([^()\n]{3,120})\)")
WORD = re.compile(r"[^\W_]+")
SENTENCE_END = re.compile(r"(?<=[.!?])[ \t]")
