"""Tables as Markdown: pipes when every cell is one line, a list per row when not."""

Cell = tuple[str, bool, bool]
"""Text, whether it is a header, whether it fits one line."""

_WIDEST = 60  # rows are filled up to here only: a table of one wide row and thousands of short ones must stay small


def grid(rows: list[list[Cell]]) -> str:
    rows = [row for row in rows if row]
    if not rows:
        return ""
    # Atlassian marks header cells, not rows; only a row made of them alone names the columns.
    header = [text for text, _, _ in rows[0]] if all(is_header for _, is_header, _ in rows[0]) else []
    body = rows[1:] if header else rows
    if all(simple for row in rows for _, _, simple in row):
        return _pipes(header, [[text for text, _, _ in row] for row in body])
    return "\n".join(_points([_flat(name) for name in header], [text for text, _, _ in row]) for row in body)


def _flat(text: str) -> str:
    return "<br>".join(line.strip() for line in text.replace("|", "\\|").split("\n"))


def _pipes(header: list[str], body: list[list[str]]) -> str:
    width = max(len(row) for row in [header, *body])
    ruler = "|" + " --- |" * width
    lines = [_line(header, width), ruler, *(_line(row, width) for row in body)]
    return "\n".join(lines)


def _line(cells: list[str], width: int) -> str:
    filled = [*cells, *([""] * (min(width, _WIDEST) - len(cells)))]
    return "| " + " | ".join(_flat(cell) for cell in filled) + " |"


def _points(header: list[str], cells: list[str]) -> str:
    """One row as a list; the first point opens the row, the others are indented below it."""
    points: list[str] = []
    for number, cell in enumerate(cells):
        name = header[number] if number < len(header) else ""
        # Header texts are usually bold already, and every row repeats them.
        name = name.replace("**", "")
        label = f"{name}: " if name else ""
        margin = "- " if number == 0 else "  - "
        points.append(margin + label + cell.replace("\n", "\n" + " " * len(margin)))
    return "\n".join(points)
