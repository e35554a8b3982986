"""Which language a result is in."""

_NAMES = {"french": "fr", "français": "fr", "german": "de", "deutsch": "de", "spanish": "es", "español": "es"}


def code_of(wanted: str, answered: str) -> str:
    """What the project asked for ("auto" or ISO 639-1), else what the model says, as an ISO 639-1 code."""
    code = (wanted if wanted != "auto" else answered).strip().replace("_", "-").split("-")[0].lower()
    code = _NAMES.get(code, code)
    return code if len(code) == 2 and code.isascii() and code.isalpha() else "en"
