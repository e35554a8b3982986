"""How `top` and `failures` write times and names."""

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def span(seconds: float) -> str:
    """A length of time in its largest unit: 45 s, 3 min, 2 h, 5 d."""
    whole = max(0, round(seconds))
    for size, unit in _UNITS:
        if whole >= size:
            return f"{whole // size} {unit}"
    return "0 s"


def plain(text: str) -> str:
    """Without anything a terminal would obey: names of hosts and sites come from outside."""
    return "".join(character if character.isprintable() else "?" for character in text)
