from collections.abc import Callable

import pytest

from tests.unit.adf.conftest import documents


def test_atlassians_schema_is_at_hand_and_accepts_the_samples(
    official: Callable[[object], object] | None, sample: dict[str, object]
) -> None:
    if official is None:
        pytest.skip("JIRAVISION_SCHEMAS does not name the folder of adf.schema.json: only our own subset was checked")
    for document in documents(sample):
        official(document)
