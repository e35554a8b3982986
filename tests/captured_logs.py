"""What the process would have logged, with its logging set up as in production."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

from addon.observe import logs


class Lines:
    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@contextmanager
def captured_logs(level: str = "INFO", fmt: logs.Format = "json") -> Iterator[Lines]:
    """Puts everything back afterwards, so that other tests keep the logging they started with."""
    root, before = logging.getLogger(), replace(logs.output)
    handlers, root_level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(level, fmt, stream=stream)
    try:
        yield Lines(stream)
    finally:
        logs.unbind_all()
        for field in fields(before):
            setattr(logs.output, field.name, getattr(before, field.name))
        root.handlers[:] = handlers
        root.setLevel(root_level)
