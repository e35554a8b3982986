"""The source tree as the house's checks read it: modules, lines, functions and who imports whom."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("addon", "descriptor", "sandbox")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file. name: dotted, without `.__init__`."""

    path: Path

    @property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All of the tree."""
        return list(ast.walk(self.tree))

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    @property
    def solid(self) -> int:
        """Lines that are not blank."""
        return sum(bool(line.strip()) for line in self.text.splitlines())

    @property
    def comments(self) -> int:
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return len({token.start[0] for token in tokens if token.type == tokenize.COMMENT})

    @property
    def docstrings(self) -> int:
        """Lines of docstrings, attribute docstrings included."""
        strings = (n for n in self.nodes if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
        return sum(n.end_lineno - n.lineno + 1 for n in strings if isinstance(n.value.value, str) and n.end_lineno)

    def functions(self) -> Iterator[Function]:
        return (node for node in self.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in self.nodes if isinstance(node, ast.ClassDef))

    def imports(self) -> Iterator[tuple[int, str, bool]]:
        """(line, dotted module, at top level?) of every first-party import."""
        top = set(map(id, self.tree.body))
        for node in self.nodes:
            names: list[str] = []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                if name.split(".")[0] in ROOMS:
                    yield node.lineno, name, id(node) in top


def span(node: ast.AST) -> int:
    """Lines from the first to the last of a definition, its decorators left out."""
    return (getattr(node, "end_lineno", 0) or 0) - getattr(node, "lineno", 0) + 1


def modules(*folders: str) -> list[Module]:
    """The modules below the folders, migrations left out: those are written once and kept."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [_module(path) for path in found if not {"versions", "node_modules"} & set(path.parts)]


@cache
def _module(path: Path) -> Module:
    # The same for everybody: each file is read and parsed once.
    return Module(path)
