"""A process of the release before goes on serving on the schema of the next one: so a migration only ever adds."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from alembic.migration import MigrationContext
from alembic.operations import AbstractOperations, MigrateOperation, Operations, ops
from sqlalchemy import Column, Integer

from addon.store.migrations import versions

SINCE = "0006"
"""What came before went out with nobody serving on it."""
STEPS = sorted(
    path.stem for path in Path(str(versions.__file__)).parent.glob("[0-9]*.py") if path.stem[: len(SINCE)] >= SINCE
)
WHY = "the release before would fail on it: add first, take away in the release after the next"


def operations(upgrade: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> list[MigrateOperation]:
    """What the step would do, in order; nothing is done."""
    found: list[MigrateOperation] = []

    def note(_: Any, operation: MigrateOperation) -> None:
        found.append(operation)

    monkeypatch.setattr(AbstractOperations, "invoke", note)
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True})
    with Operations.context(context):
        upgrade()
    return found


def taken_amiss(found: list[MigrateOperation]) -> list[str]:
    """What a process that does not know of the step would fail on."""
    new = {operation.table_name for operation in found if isinstance(operation, ops.CreateTableOp)}
    wrong = []
    for operation in found:
        said = type(operation).__name__
        match operation:
            case ops.CreateTableOp():
                continue
            case ops.AddColumnOp(table_name=table, column=column):
                # Its inserts do not name the column.
                if table in new or column.nullable or column.server_default is not None:
                    continue
                said = f"column {table}.{column.name} must be nullable or have a server default"
            case ops.CreateIndexOp(table_name=table, index_name=name, unique=unique):
                # What it inserts may not be unique.
                if table in new or not unique:
                    continue
                said = f"unique index {name} on a table that is there already"
            case ops.DropIndexOp(index_name=name):
                # Without one it is slower and not wrong; a unique one it may rely on.
                if str(name).startswith("ix_"):
                    continue
                said = f"{name} goes, which may be relied on"
        wrong.append(said)
    return wrong


@pytest.mark.parametrize("step", STEPS)
def test_a_migration_only_adds(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module(f"addon.store.migrations.versions.{step}")
    wrong = taken_amiss(operations(module.upgrade, monkeypatch))
    assert wrong == [], f"{step}: {'; '.join(wrong)}: {WHY}"


def test_what_takes_away_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def upgrade() -> None:
        op.drop_column("runs", "stage")
        op.add_column("runs", Column("more", Integer, nullable=False))
        op.create_index("uq_more", "runs", ["more"], unique=True)
        op.execute("update runs set stage = ''")
        op.add_column("runs", Column("fine", Integer))

    assert len(taken_amiss(operations(upgrade, monkeypatch))) == 4


@pytest.mark.parametrize("step", STEPS)
def test_a_table_is_taken_from_its_readers_last(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the step is over nobody reads it, and an index of another large table takes minutes."""
    module = import_module(f"addon.store.migrations.versions.{step}")
    found = operations(module.upgrade, monkeypatch)
    new = {operation.table_name for operation in found if isinstance(operation, ops.CreateTableOp)}
    taken = [isinstance(each, ops.DropIndexOp | ops.AddColumnOp) and each.table_name not in new for each in found]
    after = found[taken.index(True) :] if True in taken else []
    slow = [each for each in after if isinstance(each, ops.CreateIndexOp) and each.table_name not in new]
    assert slow == [], f"{step} builds an index while it keeps the readers of another table waiting"
